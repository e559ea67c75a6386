"""A report as one page that needs nothing beside it: no script, one stylesheet in the head, drawings inlined."""

from __future__ import annotations

import base64
import hashlib
import shlex
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from seme.report.values import shown

if TYPE_CHECKING:
    from seme.report.comparison import Comparison
    from seme.report.report import Report


def loader() -> PackageLoader:
    """Return the loader of the templates, for the service to put parts of them into its own pages."""
    return PackageLoader("seme.report")


def render(report: Report) -> str:
    """Return the page."""
    drawings = {one.file: Markup(report.drawing(one.file).svg) for one in report.figures}  # noqa: S704  # made inlinable
    environment = {name: value for name, value in report.environment.items() if name != "defaults"}
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            drawings=drawings,
            environment=environment,
            command=command(report),
            stylesheet=Markup(_stylesheet()),  # noqa: S704
        )
    )


def render_comparison(comparison: Comparison) -> str:
    """Return two reports side by side as one page that needs nothing beside it."""
    sides = [_drawings(comparison.a), _drawings(comparison.b)]
    drawings = {name: [side.get(name) for side in sides] for name in dict.fromkeys([*sides[0], *sides[1]])}
    return (
        _environment()
        .get_template("comparison.html")
        .render(
            comparison=comparison,
            drawings=drawings,
            command=command,
            stylesheet=Markup(_stylesheet()),  # noqa: S704
        )
    )


def _drawings(report: Report) -> dict[str, tuple[str, str]]:
    """Return caption and PNG by name: as images, since the same ids in two drawings of a page would be mixed up."""
    return {one.name: (one.caption, base64.b64encode(report.drawing(one.file).png).decode()) for one in report.figures}


def command(report: Report) -> str:
    """Return the command that makes the report."""
    words = ["seme run", report.slug]
    if report.scale == "quick":
        words.append("--quick")
    seed = report.environment.get("seed", 0)
    words += [f"--seed {seed}"] if seed else []
    defaults = report.environment.get("defaults", {})
    for name, value in report.settings.items():
        if value is not None and (name not in defaults or defaults[name] != value):
            words.append(_flag(name, value))
    return " ".join(words)


def policy() -> str:
    """Return the content security policy under which the page is served: nothing but its own stylesheet."""
    digest = base64.b64encode(hashlib.sha256(_stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _flag(name: str, value: Any) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    values = value if isinstance(value, list) else [value]
    return " ".join([f"--{flag}", *(shlex.quote(str(one)) for one in values)])


@cache
def _environment() -> Environment:
    environment = Environment(loader=loader(), autoescape=select_autoescape(default=True), trim_blocks=True)
    environment.filters["shown"] = shown
    return environment


@cache
def _stylesheet() -> str:
    source, _, _ = loader().get_source(_environment(), "report.css")
    return source
