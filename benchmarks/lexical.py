"""BM25 beside bm25s (numba) and SQLite FTS5: the same terms, the same queries."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import bm25s
import numpy as np
from bm25s.tokenization import Tokenized

from benchmarks import THREADS
from benchmarks.corpus import Texts, queries, texts
from benchmarks.timing import folder_bytes, interleaved, once
from seme.retrieval import BM25Index

K = 10
_CHUNK = 50_000


def run(n: int, folder: Path, *, count: int, repeats: int) -> dict[str, float]:
    """Measure a corpus of n documents; return the figures by name."""
    corpus = texts(n)
    asked = queries(corpus, count)
    figures: dict[str, float] = {}
    path = folder / f"bm25-{n}"
    figures["build_s"] = once(lambda: build(corpus, path))
    figures["index_mb"] = folder_bytes(path) / 1e6
    opened: list[BM25Index] = []
    figures["open_ms"] = 1e3 * once(lambda: opened.append(BM25Index.open(path)))
    ours = opened[0]
    peer = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend="numba")
    figures["bm25s_build_s"] = once(lambda: peer.index(_numbered(corpus), show_progress=False))
    database = sqlite3.connect(folder / f"fts-{n}.sqlite3")
    figures["fts5_build_s"] = once(lambda: _fill(database, corpus))

    def bm25s_search() -> tuple[np.ndarray, np.ndarray]:
        return peer.retrieve(asked, k=K, n_threads=THREADS if THREADS > 1 else 0, show_progress=False)

    def fts5_search() -> None:
        for terms in asked[:fts]:
            database.execute(
                "SELECT rowid FROM papers WHERE papers MATCH ? ORDER BY bm25(papers) LIMIT ?", (" OR ".join(terms), K)
            ).fetchall()

    fts = max(5, count // 20)
    figures["largest_difference"] = _difference(ours, asked, bm25s_search()[1])
    systems = {
        "seme": lambda: [ours.search_terms(terms, K) for terms in asked],
        "bm25s": bm25s_search,
        "fts5": fts5_search,
    }
    seconds = interleaved(systems, repeats=repeats)
    figures |= {
        "qps": count / seconds["seme"],
        "bm25s_qps": count / seconds["bm25s"],
        "fts5_qps": fts / seconds["fts5"],
    }
    database.close()
    return figures


def build(corpus: Texts, path: Path) -> None:
    """Index a corpus in chunks, saved after each, as a harvest does."""
    index = BM25Index()
    for first in range(0, len(corpus), _CHUNK):
        last = min(first + _CHUNK, len(corpus))
        index.add(corpus.ids(first, last), [corpus.document(i) for i in range(first, last)])
        index.save(path)


def _difference(ours: BM25Index, asked: list[list[str]], theirs: np.ndarray) -> float:
    worst = 0.0
    for terms, scores in zip(asked, theirs, strict=True):
        found = ours.search_terms(terms, K).scores
        worst = max(worst, float(np.abs(found - np.sort(scores)[::-1][: len(found)]).max(initial=0)))
    return worst


def _numbered(corpus: Texts) -> Tokenized:
    used = np.unique(corpus.terms)
    shared = list(range(len(used)))  # one int object for each term, not for each occurrence
    numbers = np.searchsorted(used, corpus.terms)
    ids = [[shared[t] for t in numbers[corpus.starts[i] : corpus.starts[i + 1]].tolist()] for i in range(len(corpus))]
    return Tokenized(ids=ids, vocab={corpus.words[t]: i for i, t in enumerate(used.tolist())})


def _fill(database: sqlite3.Connection, corpus: Texts) -> None:
    database.execute("CREATE VIRTUAL TABLE papers USING fts5(body, content='')")
    rows = ((i, " ".join(corpus.document(i))) for i in range(len(corpus)))
    with database:
        database.executemany("INSERT INTO papers(rowid, body) VALUES (?, ?)", rows)
