"""`seme methods`."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seme.cli.output import AsJson, emit, note
from seme.experiments.listing import method_rows


def run(as_json: AsJson = False) -> None:
    """List the papers that can be run, and what each of them needs."""
    rows = method_rows()
    if as_json:
        emit(rows)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("Paper", "Name", "What it does", "Room", "Needs"):
        table.add_column(name, justify="right" if name == "Paper" else "left", no_wrap=name == "Name")
    for row in rows:
        needs = ", ".join(f"[yellow]{escape(one)}[/]" if row["missing"] else escape(one) for one in row["needs"])
        table.add_row(
            str(row["paper"]),
            row["slug"],
            f"{escape(row['summary'])}\n[dim]{escape(row['title'])}[/]",
            row["room"],
            needs,
        )
    Console().print(table)
    if any(row["missing"] for row in rows):
        note("What is yellow is not installed in full. Run: make methods")
