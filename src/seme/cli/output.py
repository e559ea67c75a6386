"""What commands print: results on standard output, all else on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from seme.papers.library import Harvest
from seme.papers.sources.base import Batch

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output")]


def emit(data: Any) -> None:
    """Print data as JSON."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def say(text: str) -> None:
    """Print a line of the result."""
    Console().print(escape(text), highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """Print a line that is not part of the result."""
    Console(stderr=True).print(escape(text), highlight=False, soft_wrap=True)


def show_papers(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows of `result_rows` as a table."""
    table = Table(box=None, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column("Score", justify="right")
    table.add_column("Paper")
    table.add_column("Why")
    for row in rows:
        score = "" if row["score"] is None else f"{row['score']:.3f}"
        paper = f"{escape(row['title'])}\n[dim]{escape(row['id'])}[/]"
        table.add_row(str(row["rank"]), score, paper, escape(_reason(row["why"])))
    Console().print(table)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error; yields a function of (done, total) that moves it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def harvest_bar(label: str) -> Iterator[Callable[[Harvest, Batch], None]]:
    """Show a bar for `run_harvest`, and a line for each record that could not be read."""
    with progress_bar(label) as advance:
        seen = 0

        def show(_: Harvest, batch: Batch) -> None:
            nonlocal seen
            seen += len(batch.papers)
            advance(seen, max(seen, batch.total or 0))
            for line in batch.skipped:
                note(f"Skipped {line}")

        yield show


def _reason(why: dict[str, Any]) -> str:
    parts = []
    if matched := why.get("matched"):
        parts.append("words: " + ", ".join(list(matched)[:6]))
    for name, label in (("lexical_rank", "by words"), ("dense_rank", "by meaning")):
        if why.get(name) is not None:
            parts.append(f"{label}: {why[name]}")
    if "cosine" in why:
        parts.append(f"cosine: {why['cosine']}")
    return "; ".join(parts)
