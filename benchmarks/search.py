"""`python -m benchmarks.search`: every figure of the search engine, beside its peers, in one run."""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import THREADS, freshness, lexical, vectors
from benchmarks.corpus import embeddings, gaussian
from seme.retrieval import kernels

_CACHE = Path(__file__).parent.parent / ".bench"
_RESULTS = Path(__file__).parent / "results.md"


def main() -> None:
    """Run the sections, write the figures after each, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--quick", action="store_true", help="5,000 documents: shows that the benchmark runs")
    parser.add_argument("--only", choices=("lexical", "vectors", "freshness"), nargs="+")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--markdown", type=Path, help="write the table here (all sections: benchmarks/results.md)")
    given = parser.parse_args()
    sizes = [5_000] if given.quick else given.sizes
    results: dict[str, Any] = {"machine": _machine(), "sections": []}
    _CACHE.mkdir(exist_ok=True)
    for name, title, section in _sections(sizes, quick=given.quick):
        if given.only and name not in given.only:
            continue
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            load = os.getloadavg()[0]
            figures = section(folder=Path(folder))
        results["sections"].append({"title": title, "load_before": load, "figures": figures})
        gc.collect()
        _show(title, figures)
        if given.json:
            given.json.write_text(json.dumps(results, indent=1))
    whole = not given.quick and not given.only
    if table := given.markdown or (_RESULTS if whole else None):
        table.write_text(_markdown(results))


def _sections(sizes: list[int], *, quick: bool) -> list[tuple[str, str, Callable[..., dict[str, float]]]]:
    turns = 3 if quick else 7
    n = min(100_000, sizes[0])
    daily = partial(freshness.run, n=n, count=200, repeats=3)
    listed: list[tuple[str, str, Callable[..., dict[str, float]]]] = [("freshness", f"A day at {n:,} papers", daily)]
    for n in sizes:
        count = 100 if n > 500_000 else 200
        for make in (embeddings, gaussian):
            scans = partial(vectors.run, make=make, n=n, count=count, repeats=2 * turns + 1)
            listed.append(("vectors", f"{n:,} vectors of {make.__name__}, 384 wide", scans))
        words = partial(lexical.run, n=n, count=count, repeats=turns)
        listed.append(("lexical", f"{n:,} documents, BM25, k = {lexical.K}", words))
    return listed


def _machine() -> dict[str, Any]:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "threads": THREADS,
        "kernels": "compiled" if kernels.COMPILED else "numpy",
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "bm25s", "numba", "faiss-cpu")},
    }


def _show(title: str, figures: dict[str, float]) -> None:
    table = Table("figure", "value", title=title)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.4g}")
    Console().print(table)


def _markdown(results: dict[str, Any]) -> str:
    lines = ["# The search engine beside its peers", "", "Made by `python -m benchmarks.search`.", ""]
    lines += [f"- {name}: {value}" for name, value in results["machine"].items()]
    for section in results["sections"]:
        lines += ["", f"## {section['title']}", "", f"Load average before: {section['load_before']:.2f}", ""]
        lines += ["| figure | value |", "|---|---:|"]
        lines += [f"| {name} | {value:,.4g} |" for name, value in section["figures"].items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
