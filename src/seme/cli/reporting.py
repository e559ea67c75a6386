"""`seme report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from seme.cli.opening import open_settings
from seme.cli.output import AsJson, emit, note
from seme.report import find_report
from seme.report.files import write_atomically
from seme.report.terminal import show

NAME = "An experiment's name (atoms), the newest of one's own runs (atoms@own), what ships (atoms@shipped), or a folder"


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help=NAME)],
    html: Annotated[Path | None, typer.Option(help="Write the report as one page to this file")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a report that was made: of full scale before the quick ones, the newest first."""
    place = find_report(name, open_settings().home)
    report = place.read()
    if html is not None:
        write_atomically(html.absolute(), report.to_html().encode())
        note(f"The report is {html}")
    if as_json:
        emit(json.loads(report.to_json()))
    elif html is None:
        show(report)
        note(f"The report is {place.folder / 'report.html'}")
