"""Synthetic papers: words with the statistics of real text, and vectors with those of embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

VOCABULARY = 400_000
TOPICS = 300
_TOPICAL = 0.3
DIM = 384


@dataclass(frozen=True, slots=True)
class Texts:
    """Documents as term numbers: document i is `terms[starts[i]:starts[i + 1]]`."""

    terms: np.ndarray
    starts: np.ndarray
    words: list[str]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def document(self, i: int) -> list[str]:
        """Return the terms of one document."""
        words = self.words
        return [words[t] for t in self.terms[self.starts[i] : self.starts[i + 1]].tolist()]

    def ids(self, start: int, stop: int) -> list[str]:
        """Return the ids of a range of documents."""
        return [f"d{i:07d}" for i in range(start, stop)]


def texts(n: int, *, seed: int = 0) -> Texts:
    """Draw n documents of log-normal length (median 170 terms).

    Seven terms in ten follow Zipf and Mandelbrot's law over the vocabulary, less its first ranks (stop words); three
    in ten follow it from a starting rank that the document's topic decides, so that terms occur together.
    """
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(np.log(170), 0.4, n), 20, 1000).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    cumulative = np.cumsum((np.arange(VOCABULARY) + 30.0) ** -1.07)
    cumulative /= cumulative[-1]
    topic = rng.integers(0, TOPICS, n)
    terms = np.empty(starts[-1], dtype=np.int32)
    for first in range(0, n, 50_000):
        last = min(first + 50_000, n)
        part = slice(starts[first], starts[last])
        drawn = np.searchsorted(cumulative, rng.random(starts[last] - starts[first]))
        shift = 300 + 211 * np.repeat(topic[first:last], lengths[first:last])
        topical = rng.random(len(drawn)) < _TOPICAL
        terms[part] = np.where(topical, (drawn + shift) % VOCABULARY, np.minimum(drawn, VOCABULARY - 1))
    return Texts(terms, starts, [f"t{np.base_repr(i, 36).lower()}" for i in range(VOCABULARY)])


def queries(corpus: Texts, n: int, *, seed: int = 1) -> list[list[str]]:
    """Draw queries of 2 to 8 different terms of one document: half as often as it has them, half the rarer ones."""
    rng = np.random.default_rng(seed)
    drawn = []
    for i in rng.integers(0, len(corpus), n).tolist():
        document = corpus.terms[corpus.starts[i] : corpus.starts[i + 1]]
        wanted = int(rng.integers(2, 9))
        common = rng.choice(document, wanted // 2)
        rare = np.sort(np.unique(document))[-len(document) // 3 :]
        chosen = np.unique(np.concatenate([common, rng.choice(rare, wanted - wanted // 2)]))
        drawn.append([corpus.words[t] for t in chosen.tolist()])
    return drawn


def embeddings(n: int, m: int, *, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Draw n unit vectors and m queries that resemble text embeddings.

    A common mean, 2,000 clusters and noise, both with a spectrum that falls as rank ** -0.35 (anisotropy). A query is
    a document with noise, as a question about a paper lies near it.
    """
    rng = np.random.default_rng(seed)
    spectrum = (np.arange(DIM) + 1.0) ** -0.35
    mean = 0.3 * rng.standard_normal(DIM).astype(np.float32)
    centres = (rng.standard_normal((2000, DIM)) * spectrum).astype(np.float32)
    vectors = np.empty((n, DIM), dtype=np.float32)
    for first in range(0, n, 50_000):
        rows = min(50_000, n - first)
        noise = rng.standard_normal((rows, DIM), dtype=np.float32) * spectrum.astype(np.float32)
        vectors[first : first + rows] = _unit(mean * spectrum + centres[rng.integers(0, 2000, rows)] + noise)
    near = vectors[rng.integers(0, n, m)]
    return vectors, _unit(near + rng.standard_normal(near.shape) * 0.03)


def gaussian(n: int, m: int, *, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Draw unit vectors without any structure: the hardest case for signs."""
    rng = np.random.default_rng(seed)
    vectors = np.empty((n, DIM), dtype=np.float32)
    for first in range(0, n, 50_000):
        rows = min(50_000, n - first)
        vectors[first : first + rows] = _unit(rng.standard_normal((rows, DIM), dtype=np.float32))
    return vectors, _unit(rng.standard_normal((m, DIM)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
