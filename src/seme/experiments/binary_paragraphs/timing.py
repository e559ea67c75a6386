"""The clock: search by code and by real vectors, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from seme.experiment import Context
from seme.report import Claim, Report
from seme.retrieval import DenseIndex
from seme.retrieval.binary import BinaryIndex

if TYPE_CHECKING:
    from seme.experiments.p19_binary_paragraphs import BinaryParagraphsSettings

_DIM, _ROUNDS, _QUERIES, _K, _FACTOR = 300, 7, 10, 10, 5


def add(report: Report, settings: BinaryParagraphsSettings, context: Context) -> None:
    """Search by codes of both lengths, and by float32 vectors of 300 dimensions."""
    rng, ids = context.rng("clock"), [str(number) for number in range(settings.rows)]
    vectors = rng.standard_normal((settings.rows, _DIM), dtype=np.float32)
    asked = rng.standard_normal((_QUERIES, _DIM), dtype=np.float32)
    dense = DenseIndex(_DIM, encoder="clock")
    dense.add(ids, vectors)
    searches: dict[str, Callable[[], object]] = {"float32, 300 dimensions": lambda: dense.search(asked, _K)}
    for bits in (settings.bits, settings.long_bits):
        width = -(-bits // 8) * 8
        codes = rng.integers(0, 256, (settings.rows + _QUERIES, width // 8), dtype=np.uint8)
        index = BinaryIndex(width, encoder="clock")
        index.add(ids, codes[_QUERIES:])
        searches[f"code, {width} bits"] = _search(index, codes[:_QUERIES])
    times: dict[str, list[float]] = {name: [] for name in searches}
    for _ in context.progress(range(_ROUNDS), "Searching by the clock"):  # in turn, so that all meet the same machine
        for name, search in searches.items():
            start = time.perf_counter()
            search()
            times[name].append((time.perf_counter() - start) / _QUERIES)
    medians = {name: float(np.median(values)) for name, values in times.items()}
    slow, *codes_first = medians
    report.claim(
        Claim.ratio_at_least(
            f"Search by the code is faster than by real vectors, over {settings.rows} documents",
            measured=medians[slow],
            baseline=medians[codes_first[0]],
            factor=_FACTOR,
            note="Seconds of one query on one thread, medians; both by Seme's indexes, ids included.",
        )
    )
    report.table(
        "Seconds of a search",
        ["index", "seconds", "faster"],
        [[name, value, medians[slow] / value] for name, value in medians.items()],
    )


def _search(index: BinaryIndex, codes: np.ndarray) -> Callable[[], object]:
    return lambda: index.search(codes, _K)
