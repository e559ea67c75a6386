"""`seme compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from seme.cli.opening import open_settings
from seme.cli.output import AsJson, emit
from seme.cli.reporting import NAME
from seme.report import compare, find_report
from seme.report.terminal import show_comparison


def run(
    a: Annotated[str, typer.Argument(metavar="A", help=NAME)],
    b: Annotated[str, typer.Argument(metavar="B", help="The same, for the other report")],
    as_json: AsJson = False,
) -> None:
    """Set two reports side by side: their claims, their figures, and the conditions that differ."""
    home = open_settings().home
    comparison = compare(find_report(a, home).read(), find_report(b, home).read())
    if as_json:
        emit(comparison.to_dict())
    else:
        show_comparison(comparison)
