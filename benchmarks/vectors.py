"""Exact and cheaper scans of vectors beside numpy (BLAS), faiss and the memory's bandwidth."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np

from benchmarks import THREADS
from benchmarks.timing import interleaved
from seme.retrieval import DenseIndex

K = 10


def run(
    make: Callable[[int, int], tuple[np.ndarray, np.ndarray]], n: int, folder: Path, *, count: int, repeats: int
) -> dict[str, float]:
    """Measure n vectors of one kind; return the figures by name."""
    faiss.omp_set_num_threads(THREADS)
    vectors, asked = make(n, count)
    indexes = {
        name: _saved(vectors, name, folder / f"{make.__name__}-{n}-{name}") for name in ("float32", "int8", "binary")
    }
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    systems = {name: _one_by_one(index, asked) for name, index in indexes.items()}
    turns = itertools.cycle(asked)

    def blas() -> np.ndarray:
        scores = vectors @ next(turns)
        return np.argpartition(scores, len(scores) - K)[-K:]

    systems |= {"numpy": blas, "faiss": lambda: flat.search(next(turns)[None, :], K), "stream": _reader(vectors)}
    seconds = interleaved(systems, repeats=repeats)
    gigabytes = vectors.nbytes / 1e9
    figures = {f"{name}_ms": 1e3 * taken for name, taken in seconds.items() if name != "stream"}
    figures["stream_gb_s"] = gigabytes / seconds["stream"]
    figures["float32_gb_s"] = gigabytes / seconds["float32"]
    for name, queries in (("binary", asked), ("int8", asked[:20])):
        figures[f"{name}_recall"] = _recall(indexes[name], indexes["float32"], queries)
    figures["exact_equals_faiss"] = _agreement(indexes["float32"], flat, asked[:20])
    return figures


def _saved(vectors: np.ndarray, precision: str, path: Path) -> DenseIndex:
    index = DenseIndex(vectors.shape[1], encoder="synthetic", precision=precision)
    index.add([f"d{i:07d}" for i in range(len(vectors))], vectors)
    index.save(path)
    return DenseIndex.open(path, threads=THREADS)


def _one_by_one(index: DenseIndex, asked: np.ndarray) -> Callable[[], object]:
    turns = itertools.cycle(asked)
    return lambda: index.search(next(turns)[None, :], K)


def _reader(vectors: np.ndarray) -> Callable[[], object]:
    """Return a plain read of every byte, with as many threads: the bandwidth that a scan can have at most."""
    words = vectors.reshape(-1).view(np.uint64)
    edges = [len(words) * i // THREADS for i in range(THREADS + 1)]
    pool = ThreadPoolExecutor(THREADS)

    def read() -> list[object]:
        parts = (words[edges[i] : edges[i + 1]] for i in range(THREADS))
        return list(pool.map(np.bitwise_or.reduce, parts))

    return read


def _recall(index: DenseIndex, exact: DenseIndex, asked: np.ndarray) -> float:
    pairs = zip(index.search(asked, K), exact.search(asked, K), strict=True)
    return float(np.mean([len(set(a.ids) & set(b.ids)) / K for a, b in pairs]))


def _agreement(index: DenseIndex, flat: faiss.IndexFlatIP, asked: np.ndarray) -> float:
    rows = flat.search(asked, K)[1]
    pairs = zip(index.search(asked, K), rows.tolist(), strict=True)
    return float(np.mean([len(set(a.ids) & {f"d{i:07d}" for i in b}) / K for a, b in pairs]))
