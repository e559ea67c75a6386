"""What a day's work costs at 100,000 papers: a thousand new ones, and a search by words and meaning together."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks import THREADS
from benchmarks.corpus import Texts, embeddings, queries, texts
from benchmarks.lexical import build
from benchmarks.timing import once
from seme.retrieval import BM25Index, DenseIndex, HybridIndex
from seme.settings import Settings

_NEW = 1_000


def run(n: int, folder: Path, *, count: int, repeats: int) -> dict[str, float]:
    """Measure at n documents; return the figures by name."""
    corpus = texts(n + _NEW * repeats)
    vectors, asked = embeddings(n + _NEW * repeats, count)
    lexical_path, dense_path = folder / "fresh-lexical", folder / "fresh-dense"
    build(Texts(corpus.terms, corpus.starts[: n + 1], corpus.words), lexical_path)
    dense = DenseIndex(vectors.shape[1], encoder="synthetic", precision=Settings().vector_scan)
    dense.add(corpus.ids(0, n), vectors[:n])
    dense.save(dense_path)
    taken = []
    for turn in range(repeats):
        first = n + turn * _NEW
        ids = corpus.ids(first, first + _NEW)
        documents = [" ".join(corpus.document(i)) for i in range(first, first + _NEW)]

        def add(ids: list[str] = ids, documents: list[str] = documents, first: int = first) -> None:
            words = BM25Index.open(lexical_path, writable=True)
            words.add(ids, documents)
            words.save(lexical_path)
            meaning = DenseIndex.open(dense_path, writable=True)
            meaning.add(ids, vectors[first : first + _NEW])
            meaning.save(dense_path)

        taken.append(once(add))
    hybrid = HybridIndex(BM25Index.open(lexical_path), DenseIndex.open(dense_path, threads=THREADS))
    texts_asked = [" ".join(terms) for terms in queries(corpus, count)]
    hybrid.search(texts_asked[0], asked[0], 10, feedback=1)
    pairs = zip(texts_asked, asked, strict=True)
    searches = [once(lambda q=q, v=v: hybrid.search(q, v, 10, feedback=1)) for q, v in pairs]
    cuts = statistics.quantiles(searches, n=100)
    return {
        "add_1000_s": statistics.median(taken),
        "add_1000_worst_s": max(taken),
        "hybrid_p50_ms": 1e3 * cuts[49],
        "hybrid_p95_ms": 1e3 * cuts[94],
    }
