"""What short prefixes save in time, by our index and by faiss where it is installed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from seme.experiment import Context
from seme.experiments.matryoshka.retrieving import Vectorised, plans
from seme.report import Claim, Report
from seme.retrieval.funnel import FunnelIndex, Stage

if TYPE_CHECKING:
    from seme.experiments.p08_matryoshka import MatryoshkaSettings

_DEPTH = 10
_LINKS = 32
"""Of a node of the graph, as the paper's HNSW32."""
_EFFORT = 200
"""efSearch of a search at full size."""

Search = Callable[[Any], list[tuple[str, ...]]]


def add(report: Report, given: Vectorised, settings: MatryoshkaSettings, context: Context) -> None:
    """Time single queries by every index in turn, round after round, so that what else runs falls on all of them."""
    systems, exact, short = _own(given, settings)
    if find_spec("faiss"):
        context.say("Building faiss's indexes")
        systems |= _faiss(given, short)
        exact = "faiss flat, full"
    queries = given.queries[: settings.timed]
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    answers: dict[str, list[tuple[str, ...]]] = {}
    for turn in context.progress(range(settings.rounds + 1), "Timing"):
        for name in sorted(systems, reverse=bool(turn % 2)):
            began = time.perf_counter()
            answers[name] = [systems[name](query[None])[0] for query in queries]
            if turn:  # the first warms up
                seconds[name].append((time.perf_counter() - began) / len(queries))
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    _report(report, medians, seconds, _same(answers, exact), exact, len(given.ids))


def _own(given: Vectorised, settings: MatryoshkaSettings) -> tuple[dict[str, Search], str, FunnelIndex]:
    full = given.dims[-1]
    indexes = {"Seme, full": FunnelIndex(given.ids, given.glosses, (Stage(full, _DEPTH),))}
    for name, stages in plans(given.dims, shortlist=settings.shortlist, widest=settings.widest).items():
        indexes[f"Seme, {name}"] = FunnelIndex(given.ids, given.glosses, stages)
    systems: dict[str, Search] = {
        name: (lambda query, index=index: [one.ids for one in index.search(query, _DEPTH)])  # type: ignore[misc]
        for name, index in indexes.items()
    }
    return systems, "Seme, full", indexes[f"Seme, AR, {full // 16}"]


def _faiss(given: Vectorised, short: FunnelIndex) -> dict[str, Search]:
    import faiss  # noqa: PLC0415  # a peer that the base install does not have

    faiss.omp_set_num_threads(1)
    size = short.stages[0].dim
    systems: dict[str, Search] = {}
    for kind in ("flat", "HNSW"):
        for dim in (given.dims[-1], size):
            units, asked = _unit(given.glosses[:, :dim]), given.queries
            index: Any = (
                faiss.IndexFlatIP(dim)
                if kind == "flat"
                else faiss.IndexHNSWFlat(dim, _LINKS, faiss.METRIC_INNER_PRODUCT)
            )
            index.add(units)
            if kind == "HNSW":
                # A short search has to find the whole list; the full one ten.
                index.hnsw.efSearch = short.stages[0].keep if dim == size else _EFFORT
            if dim == asked.shape[1]:
                systems[f"faiss {kind}, full"] = lambda query, index=index: [  # type: ignore[misc]
                    tuple(given.ids[row] for row in own if row >= 0) for own in index.search(_unit(query), _DEPTH)[1]
                ]
            else:
                systems[f"faiss {kind}, AR, {dim}"] = (
                    lambda query, index=index, dim=dim: [  # type: ignore[misc]
                        one.ids
                        for one in short.rerank(
                            query, index.search(_unit(query[:, :dim]), short.stages[0].keep)[1], _DEPTH
                        )
                    ]
                )
    return systems


def _unit(vectors: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.ascontiguousarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _same(answers: dict[str, list[tuple[str, ...]]], exact: str) -> dict[str, float]:
    """Return the share of the exact ten that each system finds."""
    wanted = [set(own) for own in answers[exact]]
    return {
        name: statistics.mean(
            len(right.intersection(own)) / len(right) for own, right in zip(found, wanted, strict=True)
        )
        for name, found in answers.items()
    }


def _report(
    report: Report,
    medians: dict[str, float],
    seconds: dict[str, list[float]],
    same: dict[str, float],
    exact: str,
    glosses: int,
) -> None:
    for kind, paper in (("faiss flat", ""), ("faiss HNSW", "14 times (HNSW32)"), ("Seme", "")):
        names = [name for name in medians if name.startswith(f"{kind}, AR")][:1]
        for name in [*names, *(["Seme, funnel"] if kind == "Seme" else [])]:
            slow = exact if kind != "Seme" else "Seme, full"
            way = "A funnel" if name.endswith("funnel") else "Adaptive retrieval"
            report.claim(
                Claim.ratio_at_least(
                    f"{way} is faster than the exact search, time of one query ({kind})",
                    measured=1000 * medians[slow],
                    baseline=1000 * medians[name],
                    factor=3.0,
                    paper_value=paper,
                    note=f"Milliseconds of {slow} and {name} over {glosses} glosses, one thread; "
                    f"{100 * same[name]:.0f} % of the exact ten are found.",
                )
            )
    if "faiss flat, full" not in medians:
        report.note("faiss is not installed (the extra `dev` has it): the clock stands for Seme's own index alone.")
    _tabulate(report, medians, seconds, same, exact)


def _tabulate(
    report: Report, medians: dict[str, float], seconds: dict[str, list[float]], same: dict[str, float], exact: str
) -> None:
    rows = [
        [
            name,
            1000 * medians[name],
            1000 * min(seconds[name]),
            1000 * max(seconds[name]),
            medians[exact] / medians[name],
            same[name],
        ]
        for name in sorted(medians)
    ]
    report.table(
        "Time of one query",
        [
            "search",
            "ms",
            "ms, least",
            "ms, most",
            f"times faster than {exact}",
            "share of the exact ten, by the clock's queries",
        ],
        rows,
    )
