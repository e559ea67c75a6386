"""A small collection, searched by words and by vectors that follow from the words."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from seme.retrieval import BM25Index, DenseIndex
from seme.retrieval.pipelines import Dense, Lexical

TEXTS = {
    "a": "the cat sat on a warm mat",
    "b": "a dog chased the cat",
    "c": "sparse atoms of meaning in a model",
    "d": "dense vectors carry meaning",
    "e": "a model of cats and dogs, with meaning",
    "f": "feedback moves a query to its documents",
}


def encode(texts):
    """Return hashed bags of words of unit norm."""
    vectors = np.zeros((len(texts), 16), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().replace(",", "").split():
            vectors[row, zlib.crc32(word.encode()) % 16] += 1
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@pytest.fixture(scope="session")
def words():
    index = BM25Index()
    index.add(list(TEXTS), list(TEXTS.values()))
    return Lexical(index, k=5)


@pytest.fixture(scope="session")
def meaning():
    index = DenseIndex(16, encoder="bag")
    index.add(list(TEXTS), encode(list(TEXTS.values())))
    return Dense(index, encode, k=5)
