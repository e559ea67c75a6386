"""`seme compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seme.cli.opening import open_settings
from seme.cli.output import AsJson, emit, note
from seme.cli.reporting import NAME
from seme.report import compare, find_report
from seme.report.files import write_atomically
from seme.report.page import render_comparison
from seme.report.terminal import show_comparison


def run(
    a: Annotated[str, typer.Argument(metavar="A", help=NAME)],
    b: Annotated[str, typer.Argument(metavar="B", help="The same, for the other report")],
    html: Annotated[Path | None, typer.Option(help="Write both, with their drawings, as one page to this file")] = None,
    as_json: AsJson = False,
) -> None:
    """Set two reports side by side: their claims, their figures, and the conditions that differ."""
    home = open_settings().home
    comparison = compare(find_report(a, home).read(), find_report(b, home).read())
    if html is not None:
        write_atomically(html.absolute(), render_comparison(comparison).encode())
        note(f"The page is {html}")
    if as_json:
        emit(comparison.to_dict())
    elif html is None:
        show_comparison(comparison)
