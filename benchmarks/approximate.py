"""Cheap scans of everything beside the graphs and lists of faiss, at equal recall (`python -m benchmarks.approximate`).

The binary funnel scans one bit a number of every vector and scores the best again; HNSW and IVF look at a part of the
vectors. Each is asked the same queries one by one, in turns, on one core; of the approximate ones the least effort
counts that finds as much as the funnel.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks import corpus
from benchmarks.vectors import K
from seme.retrieval import DenseIndex, kernels
from seme.retrieval.approximate import ApproximateIndex, Form

_RESULTS = Path(__file__).parent / "results"
_EFFORTS = {"hnsw": (16, 32, 64, 128, 256, 512, 1024, 2048), "ivf": (4, 8, 16, 32, 64, 128, 256, 512)}
_KINDS = {"embeddings": corpus.embeddings, "gaussian": corpus.gaussian}
Search = Callable[[np.ndarray], list[Any]]


def main() -> None:
    """Measure, print, and store what a whole run gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5,000 vectors, and nothing is written")
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--links", type=int, default=32)
    parser.add_argument("--kinds", nargs="+", choices=tuple(_KINDS), default=list(_KINDS))
    asked = parser.parse_args()
    n, queries = (5_000, 20) if asked.quick else (asked.vectors, asked.queries)
    figures = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "load_before": os.getloadavg()[0],
        "vectors": n,
        "width": corpus.DIM,
        "queries": queries,
        "faiss": faiss.__version__,
        "compiled": kernels.COMPILED,
        "threads": 1,
        "sections": {kind: measure(*_KINDS[kind](n, queries), asked.links) for kind in asked.kinds},
    }
    text = page(figures)
    print(text)
    if not asked.quick:
        (_RESULTS / "approximate.json").write_text(json.dumps(figures, indent=1) + "\n")
        (_RESULTS / "approximate.md").write_text(text)


def measure(vectors: np.ndarray, queries: np.ndarray, links: int) -> dict[str, dict[str, float]]:
    """Build every index over the same vectors, then ask them in turns."""
    faiss.omp_set_num_threads(1)
    ids = [f"d{i:07d}" for i in range(len(vectors))]
    exact = DenseIndex(corpus.DIM, encoder="synthetic", precision="int8")
    exact.add(ids, vectors)
    truth = [set(hits.ids) for hits in exact.search(queries, K)]
    del exact
    rows, systems = {}, dict[str, Search]()
    began = time.process_time()
    funnel = DenseIndex(corpus.DIM, encoder="synthetic", precision="binary")
    funnel.add(ids, vectors)
    rows["binary funnel"] = {"build_s": time.process_time() - began, "bytes": corpus.DIM / 8 + 8}
    systems["binary funnel"] = lambda asked: funnel.search(asked, K)
    wanted = _recall(systems["binary funnel"], queries, truth)
    for form in (Form("hnsw", links=links), Form("ivf")):
        name, index = f"faiss {form.method.upper()}", ApproximateIndex(corpus.DIM, encoder="synthetic", form=form)
        began = time.process_time()
        index.add(ids, vectors)
        links_bytes = 4 * 2 * form.links if form.method == "hnsw" else 8
        rows[name] = {"build_s": time.process_time() - began, "bytes": 4 * corpus.DIM + links_bytes}
        systems[name], rows[name]["effort"] = _least(index, form.method, queries, truth, wanted)
    for name, search in systems.items():
        rows[name]["recall"] = _recall(search, queries, truth)
    for name, seconds in _timed(systems, queries).items():
        rows[name] |= {"p50_ms": 1e3 * float(np.median(seconds)), "p95_ms": 1e3 * float(np.quantile(seconds, 0.95))}
    return rows


def _least(
    index: ApproximateIndex, method: str, queries: np.ndarray, truth: list[set[str]], wanted: float
) -> tuple[Search, int]:
    """Return the search with the least effort that finds as much as is wanted, or else with the most that is tried."""
    for effort in _EFFORTS[method]:

        def search(asked: np.ndarray, effort: int = effort) -> list[Any]:
            return index.search(asked, K, effort=effort)

        if _recall(search, queries, truth) >= wanted:
            break
    return search, effort


def _recall(search: Search, queries: np.ndarray, truth: list[set[str]]) -> float:
    return float(np.mean([len(set(hits.ids) & best) / K for hits, best in zip(search(queries), truth, strict=True)]))


def _timed(systems: dict[str, Search], queries: np.ndarray) -> dict[str, list[float]]:
    """Return the seconds of the thread that each query took in each system."""
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for query, (name, search) in itertools.product(queries, systems.items()):
        began = time.thread_time()
        search(query[None])
        seconds[name].append(time.thread_time() - began)
    return seconds


def page(figures: dict[str, Any]) -> str:
    """Return the figures as a page of Markdown."""
    columns = ("recall", "p50_ms", "p95_ms", "build_s", "bytes", "effort")
    lines = [
        "# The binary funnel beside faiss HNSW and IVF",
        "",
        "Made by `python -m benchmarks.approximate`. Times are of the processor, one thread; `bytes` is what a vector",
        "takes in memory; `effort` is efSearch or nprobe, the least of those tried that finds as much as the funnel.",
        "",
    ]
    lines += [f"- {name}: {value}" for name, value in figures.items() if name != "sections"]
    for title, rows in figures["sections"].items():
        lines += ["", f"## {figures['vectors']:,} vectors: {title}", "", f"| system | {' | '.join(columns)} |"]
        lines += ["|---|" + "---:|" * len(columns)]
        for name, row in rows.items():
            cells = (f"{row[one]:,.4g}" if one in row else "" for one in columns)
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
