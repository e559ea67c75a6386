"""`seme eval`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from seme.assets.collections import COLLECTIONS, SPLITS
from seme.cli.opening import open_settings
from seme.cli.output import AsJson, emit, note
from seme.errors import InputError
from seme.experiments.evaluating import MEASURES, Evaluation, evaluate_retriever, named_collections
from seme.experiments.retrievers import RETRIEVERS
from seme.retrieval.evaluation import write_run

_KNOWN = ", ".join(RETRIEVERS)


def run(
    retriever: Annotated[str, typer.Argument(help=f"One of {_KNOWN}")],
    on: Annotated[list[str], typer.Option(help=f"all, a folder in BEIR's form, or {', '.join(COLLECTIONS)}")] = ["all"],  # noqa: B006
    against: Annotated[str | None, typer.Option(help="Another retriever, to be compared on the same queries")] = None,
    split: Annotated[str, typer.Option(help="train, validation or test")] = "test",
    documents: Annotated[int, typer.Option(min=0, help="Documents, more where more are right; 0 for all")] = 20_000,
    queries: Annotated[int, typer.Option(min=0, help="Most queries of a collection; 0 for all")] = 1_000,
    trec: Annotated[Path | None, typer.Option(help="Folder for TREC runs, one file a collection")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a retriever on collections with judgements."""
    if split not in SPLITS:
        raise InputError(f"--split is {split!r}, expected {', '.join(SPLITS)}")
    home, rows = open_settings().home, []
    with _bars() as progress:
        for name in named_collections(on):
            rows.append(
                evaluate_retriever(
                    retriever,
                    name,
                    home=home,
                    split=split,
                    documents=documents or None,
                    queries=queries or None,
                    against=against,
                    progress=progress,
                )
            )
            if trec is not None:
                trec.mkdir(parents=True, exist_ok=True)
                write_run(trec / f"{Path(name).name}-{retriever}.trec", rows[-1].run, tag=retriever)
    if as_json:
        emit([_plain(row) for row in rows])
    else:
        _show(rows, against)


@contextmanager
def _bars() -> Iterator[Callable[[Iterable[int], str], Iterator[int]]]:
    """Show a bar for each encoding on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield lambda items, label: iter(progress.track(list(items), description=escape(label)))


def _plain(row: Evaluation) -> dict[str, Any]:
    data = asdict(row)
    del data["run"]
    if row.against is not None:
        means, test = row.against
        data["against"] = {"means": dict(means), "difference": test.difference, "p": test.p}
    return data


def _show(rows: list[Evaluation], against: str | None) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("Collection", "Documents", "Queries", *MEASURES):
        table.add_column(name, justify="left" if name == "Collection" else "right")
    if against is not None:
        first = next(iter(MEASURES))
        table.add_column(f"{first} of {against}", justify="right")
        table.add_column("p", justify="right")
    for row in rows:
        cells = [escape(Path(row.collection).name), f"{row.documents:,}", f"{row.queries:,}"]
        cells += [f"{row.means[name]:.3f}" for name in MEASURES]
        if row.against is not None:
            cells += [f"{row.against[0][first]:.3f}", f"{row.against[1].p:.4f}"]
        table.add_row(*cells)
    Console().print(table)
    note(f"{rows[0].retriever}: {RETRIEVERS[rows[0].retriever].summary}")
