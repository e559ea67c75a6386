"""The bi-granular index beside faiss: codes in memory, vectors on disk, one core (`python -m benchmarks.bigranular`).

Measures recall against the exact search, bytes in memory, pages read and latency of single queries, all in one process,
turn by turn. faiss is given the same rotation, trained once, and a codebook of its own of as many bytes; what its codes
find is scored again from the same mapped file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np

from benchmarks import corpus
from seme.retrieval import DenseIndex, kernels
from seme.retrieval.bigranular import BigranularIndex, ProductQuantiser

K = 10
_RESULTS = Path(__file__).parent / "results"
Found = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 vectors, and nothing is written")
    parser.add_argument("--parts", type=int, default=96, help="parts of a code, four bits each")
    parser.add_argument("--candidates", type=int, default=1000)
    asked = parser.parse_args()
    n, queries, repeats = (20_000, 20, 10) if asked.quick else (1_000_000, 50, 50)
    with tempfile.TemporaryDirectory(prefix="bigranular-") as folder:
        figures = measure(n, queries, repeats, asked.parts, asked.candidates, Path(folder))
    text = page(figures)
    print(text)
    if not asked.quick:
        (_RESULTS / "bigranular.json").write_text(json.dumps(figures, indent=1) + "\n")
        (_RESULTS / "bigranular.md").write_text(text)


def measure(n: int, m: int, repeats: int, parts: int, candidates: int, folder: Path) -> dict:
    """Build everything once, then ask all systems the same queries in turns."""
    faiss.omp_set_num_threads(1)
    vectors, queries = corpus.embeddings(n, m)
    exact = _exact(vectors, queries)
    matrix, pq = _opq(vectors, parts, 10_000 if n > 100_000 else 5_000)
    index, seconds = _saved(vectors, matrix, pq, folder / "index")
    mapped = next((folder / "index").glob("s*/vectors.npy"))
    binary = DenseIndex(corpus.DIM, encoder="synthetic", precision="binary")
    binary.add([f"d{i:07d}" for i in range(n)], vectors)
    peers = {
        "faiss OPQ + PQ, 4 bits, fast scan": (faiss.IndexPQFastScan(corpus.DIM, parts, 4, faiss.METRIC_INNER_PRODUCT)),
        "faiss OPQ + PQ, 8 bits, as many bytes": (faiss.IndexPQ(corpus.DIM, parts // 2, 8, faiss.METRIC_INNER_PRODUCT)),
    }
    systems: dict[str, Found] = {"seme, bi-granular": _ours(index, candidates), "seme, binary": _dense(binary)}
    sample = vectors[np.random.default_rng(0).permutation(n)[:20_000]]
    for name, peer in peers.items():
        turned = faiss.IndexPreTransform(matrix, peer)
        peer.train(matrix.apply(sample))
        peer.is_trained = True
        turned.is_trained = True
        turned.add(vectors)
        systems[name + " + re-rank"] = _peer(turned, np.load(mapped, mmap_mode="r"), candidates)
    memory = {"seme, bi-granular": index.footprint().memory, "seme, binary": n * (corpus.DIM // 8 + 8)}
    del vectors
    rows = _timed(systems, queries, exact, repeats)
    pages = [hits.pages for hits in index.search(queries, K, candidates=candidates, weight=0.0)]
    size = index.footprint()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "vectors": n,
        "width": corpus.DIM,
        "parts": parts,
        "candidates": candidates,
        "compiled": kernels.COMPILED,
        "systems": rows,
        "memory": memory,
        "memory_share": size.memory / size.vectors,
        "disk": size.disk,
        "pages": {"median": float(np.median(pages)), "most": max(pages)},
        "seconds_to_add_and_save": seconds,
    }


def _exact(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    best = np.empty((len(queries), K), dtype=np.int64)
    for row, query in enumerate(queries):
        scores = vectors @ query
        best[row] = np.argpartition(-scores, K)[:K]
    return best


def _opq(vectors: np.ndarray, parts: int, sample: int) -> tuple[faiss.OPQMatrix, faiss.ProductQuantizer]:
    chosen = vectors[np.random.default_rng(1).permutation(len(vectors))[:sample]]
    matrix = faiss.OPQMatrix(corpus.DIM, parts)
    inner = faiss.ProductQuantizer(corpus.DIM, parts, 4)
    matrix.niter, matrix.pq = 10, inner
    matrix.train(chosen)
    pq = faiss.ProductQuantizer(corpus.DIM, parts, 4)
    pq.train(matrix.apply(chosen))
    return matrix, pq


def _saved(
    vectors: np.ndarray, matrix: faiss.OPQMatrix, pq: faiss.ProductQuantizer, path: Path
) -> tuple[BigranularIndex, float]:
    rotation = faiss.vector_to_array(matrix.A).reshape(corpus.DIM, corpus.DIM)
    codebook = faiss.vector_to_array(pq.centroids).reshape(pq.M, pq.ksub, pq.dsub)
    began = time.perf_counter()
    index = BigranularIndex(ProductQuantiser(codebook, rotation), encoder="synthetic")
    index.add([f"d{i:07d}" for i in range(len(vectors))], vectors)
    index.save(path)
    taken = time.perf_counter() - began
    return BigranularIndex.open(path), taken


def _ours(index: BigranularIndex, candidates: int) -> Found:
    def found(query: np.ndarray) -> np.ndarray:
        hits = index.search(query[None], K, candidates=candidates, weight=0.0)[0]
        return np.array([int(one[1:]) for one in hits.ids])

    return found


def _dense(index: DenseIndex) -> Found:
    return lambda query: np.array([int(one[1:]) for one in index.search(query[None], K)[0].ids])


def _peer(index: faiss.Index, vectors: np.ndarray, candidates: int) -> Found:
    def found(query: np.ndarray) -> np.ndarray:
        rows = np.sort(index.search(query[None], candidates)[1][0])
        scores = vectors[rows[rows >= 0]] @ query
        return rows[rows >= 0][np.argsort(-scores)[:K]]

    return found


def _timed(systems: dict[str, Found], queries: np.ndarray, exact: np.ndarray, repeats: int) -> dict[str, dict]:
    rows = {}
    for name, system in systems.items():  # also warms up
        right = [
            len(set(system(query).tolist()) & set(best.tolist())) / K
            for query, best in zip(queries, exact, strict=True)
        ]
        rows[name] = {"recall@10": float(np.mean(right)), "ms": [], "cpu": []}
    for query in itertools.islice(itertools.cycle(queries), repeats):
        for name, system in systems.items():
            began, busy = time.perf_counter(), time.thread_time()
            system(query)
            rows[name]["ms"].append(1e3 * (time.perf_counter() - began))
            rows[name]["cpu"].append(1e3 * (time.thread_time() - busy))
    for row in rows.values():
        taken = row.pop("ms")
        row["cpu_ms"] = float(np.median(row.pop("cpu")))
        row |= {"p50_ms": float(np.median(taken)), "p95_ms": float(np.quantile(taken, 0.95)), "least_ms": min(taken)}
    return rows


def page(figures: dict) -> str:
    """Return the figures as Markdown."""
    ours = figures["systems"]["seme, bi-granular"]
    lines = [
        "# Bi-granular search",
        "",
        (
            f"{figures['vectors']:,} vectors of width {figures['width']} (`benchmarks/corpus.py`), codes of "
            f"{figures['parts']} parts of four bits, {figures['candidates']} candidates, one thread, files in the page "
            f"cache; {figures['date']}."
        ),
        "",
        "| system | recall@10 | p50 ms | p95 ms | least ms | CPU ms | p50 over ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in figures["systems"].items():
        lines.append(
            f"| {name} | {row['recall@10']:.4f} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} | {row['least_ms']:.1f} | "
            f"{row['cpu_ms']:.1f} | "
            f"{row['p50_ms'] / ours['p50_ms']:.2f} |"
        )
    lines += [
        "",
        (
            f"In memory: {figures['memory']['seme, bi-granular'] / 1e6:.1f} MB, {figures['memory_share']:.2%} of the "
            f"float32 vectors; on disk {figures['disk'] / 1e9:.2f} GB. Pages of 4 KiB read by a query: median "
            f"{figures['pages']['median']:.0f}, at most {figures['pages']['most']}. Adding and saving took "
            f"{figures['seconds_to_add_and_save']:.0f} s."
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
