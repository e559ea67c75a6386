"""`seme doctor`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from seme.cli.opening import open_settings
from seme.cli.output import AsJson, emit
from seme.papers.doctor import examine

_SIGNS = {"ok": "[green]ok   [/]", "warn": "[yellow]warn [/]", "error": "[bold red]error[/]"}


def run(
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild or refresh the search index")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong and how to mend it; the exit code is 1 if anything is an error."""
    findings = examine(open_settings(), repair=repair)
    if as_json:
        emit([asdict(finding) for finding in findings])
    else:
        console = Console()
        for finding in findings:
            console.print(f"{_SIGNS[finding.level]} {finding.check}: {escape(finding.message)}", highlight=False)
            if finding.mend:
                console.print(f"      [dim]{escape(finding.mend)}[/]", highlight=False)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)
