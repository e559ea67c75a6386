"""Pruned search over many blocks of rows against the sum of every posting, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seme.retrieval import BM25Index

ROWS = 30_000


def corpus(seed: int, *, alike: bool) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    if alike:  # few different documents: thousands of equal scores at the edge
        kinds = [["common", "rare"], ["common"], ["common", "other", "other"], ["filler"]]
        return [kinds[i] for i in rng.integers(0, len(kinds), ROWS)]
    words = np.array(["common", "often", "other", "some", "rare", "rarest", "filler"])
    shares = np.array([0.35, 0.2, 0.1, 0.03, 0.003, 0.0005, 0.3165])
    return [list(rng.choice(words, n, p=shares)) for n in rng.integers(3, 12, ROWS)]


def indexed(documents, *, parts: int = 1) -> BM25Index:
    index = BM25Index()
    edges = np.linspace(0, len(documents), parts + 1).astype(int).tolist()
    for first, last in pairwise(edges):
        index.add([f"d{(i * 7919) % ROWS:05d}" for i in range(first, last)], documents[first:last])
        index.ids()  # ends a segment
    return index


def everything(index: BM25Index, terms: list[str]) -> list[tuple[str, float]]:
    """Rank all documents: k is so large that nothing can be pruned."""
    return list(index.search_terms(terms, ROWS))


QUERIES = [
    ["rare", "common"],
    ["rarest", "some", "often", "common"],
    ["common"],
    ["other", "often", "common", "filler"],
]


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("k", [1, 10, 500])
def test_the_first_k_are_those_of_the_whole_ranking(alike, parts, k):
    index = indexed(corpus(1, alike=alike), parts=parts)
    for terms in QUERIES:
        assert list(index.search_terms(terms, k)) == everything(index, terms)[:k]


def test_segments_do_not_change_a_score():
    documents = corpus(2, alike=False)
    for terms in QUERIES:
        assert everything(indexed(documents), terms) == everything(indexed(documents, parts=5), terms)


@pytest.mark.parametrize("share", [0.5, 0.01])
def test_a_filter_ranks_as_if_the_others_were_struck_out(share):
    index = indexed(corpus(3, alike=False), parts=2)
    ids = index.ids()
    kept = {ids[i] for i in np.flatnonzero(np.random.default_rng(4).random(ROWS) < share)}
    for query in ("rare common", "some often common"):
        whole = [hit for hit in index.search(query, ROWS) if hit[0] in kept]
        assert list(index.search(query, 10, allowed=index.mask(kept))) == whole[:10]


def test_deleted_documents_leave_no_trace():
    documents = corpus(5, alike=False)
    index = indexed(documents)
    gone = [f"d{(i * 7919) % ROWS:05d}" for i in range(0, ROWS, 3)]
    index.remove(gone)
    fresh = BM25Index()
    left = [i for i in range(ROWS) if i % 3]
    fresh.add([f"d{(i * 7919) % ROWS:05d}" for i in left], [documents[i] for i in left])
    for terms in QUERIES:
        assert list(index.search_terms(terms, 50)) == list(fresh.search_terms(terms, 50))


_RANK = """
import sys; sys.path.insert(0, {here!r})
from test_pruning import QUERIES, corpus, indexed
index = indexed(corpus(6, alike=False), parts=2)
for terms in QUERIES:
    print([(i, float(s).hex()) for i, s in index.search_terms(terms, 200)])
"""


def test_numpy_gives_the_same_bits_as_the_compiled_kernels():
    code = _RANK.format(here=str(Path(__file__).parent))
    ranked = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "SEME_KERNELS": kernels},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for kernels in ("numpy", "")
    ]
    assert ranked[0].count("(") > 400
    assert ranked[0] == ranked[1]
