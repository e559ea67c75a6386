"""The engine of `seme.retrieval` over the papers of a library: words and meaning, filtered, fused and explained."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import SemeError
from seme.papers.indexing import Position, encoder_or_none, read_position
from seme.papers.library import Library
from seme.papers.query import Query
from seme.retrieval import BM25Index, DenseIndex, HybridIndex
from seme.retrieval.hybrid import Allowed
from seme.settings import Settings

_EXPLAINED = 50
"""Hits whose matched words are worked out: what a page shows."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A paper that was found, with its score and why."""

    id: str
    score: float
    why: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    position: Position
    lexical: BM25Index
    dense: DenseIndex
    hybrid: HybridIndex
    keys: Mapping[str, list[npt.NDArray[np.int64]]]
    """For each index and segment, the paper's number in the library for each row; -1 where it has none."""

    @property
    def last_key(self) -> int:
        """The largest number of a row."""
        return max((int(rows.max(initial=0)) for parts in self.keys.values() for rows in parts), default=0)


class SearchEngine:
    """Search over a library's index; follows the index when another process renews it.

    Without an index every answer is empty; without the encoder the search goes by words alone.
    """

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings
        self._lock = Lock()
        self._opened: _Opened | None = None
        # Many searches run at once; more threads for each would only be in each other's way, as a query is short.
        lone = settings.model_copy(update={"threads": 1})
        self._encoder = lru_cache(maxsize=1)(lambda: encoder_or_none(lone))
        self._allowed = lru_cache(maxsize=64)(self._allow)
        self._neighbours = lru_cache(maxsize=10_000)(self._find_neighbours)

    def search(self, query: Query, *, k: int) -> list[SearchHit]:
        """Return the k best papers for a query's text among those that meet its conditions."""
        opened = self._current()
        if opened is None:
            return []
        allowed = self._allowed_by(query, opened)
        encoder = self._encoder()
        if encoder is None:
            hits = opened.lexical.search(query.text, k, allowed=None if allowed is None else allowed.lexical)
            rows = zip(hits.ids, hits.scores.tolist(), strict=True)
            found = [SearchHit(i, s, {"lexical_rank": rank, "dense_rank": None}) for rank, (i, s) in enumerate(rows, 1)]
        else:
            weight = self._settings.lexical_weight
            vector = encoder.encode_query(query.text)
            hybrid = opened.hybrid.search(
                query.text,
                vector,
                k,
                allowed=allowed,
                weights=(weight, 1 - weight),
                feedback=self._settings.feedback_hits,
            )
            found = [
                SearchHit(h.id, h.score, {"lexical_rank": h.lexical_rank, "dense_rank": h.dense_rank}) for h in hybrid
            ]
        return [*_explained(opened, query.text, found[:_EXPLAINED]), *found[_EXPLAINED:]]

    def similar(self, paper_id: str, query: Query, *, k: int) -> list[tuple[str, float]]:
        """Return the k papers nearest in meaning to one (cosine), that one left out."""
        opened = self._current()
        if opened is None:
            return []
        if query.filtered:
            return self._find_neighbours(opened, paper_id, k, self._allowed_by(query, opened))
        return self._neighbours(opened, paper_id, k)

    def nearest(self, vector: npt.NDArray[np.float32], *, k: int) -> list[tuple[str, float]]:
        """Return the k papers with the largest inner product with a vector."""
        opened = self._current()
        return [] if opened is None or k < 1 else _best(opened, vector, k, None)

    def vectors(self, ids: Sequence[str]) -> tuple[list[str], npt.NDArray[np.float32]]:
        """Return those of the ids that are indexed, and their vectors (n, d)."""
        opened = self._current()
        known = [paper_id for paper_id in ids if opened and paper_id in opened.dense]
        if opened is None or not known:
            return [], np.empty((0, 0), dtype=np.float32)
        return known, opened.dense.vectors(known)

    def sample(self, size: int, *, without: Collection[str]) -> list[str]:
        """Return about `size` ids spread evenly over the index, the same ones every time."""
        opened = self._current()
        ids = [] if opened is None else [i for i in opened.dense.ids() if i not in without]
        return ids[:: max(1, len(ids) // size)][:size]

    def close(self) -> None:
        """Let go of the index and the encoder."""
        with self._lock:
            self._opened = None
        self._encoder.cache_clear()

    def _current(self) -> _Opened | None:
        folder = self._settings.index_path
        position = read_position(folder)
        with self._lock:
            if self._opened is None or self._opened.position != position:
                try:
                    lexical, dense = BM25Index.open(folder / "lexical"), DenseIndex.open(folder / "dense")
                except SemeError:
                    return None
                numbers = self._library.papers.numbers()
                keys = {"lexical": lexical.numbered(numbers), "dense": dense.numbered(numbers)}
                self._opened = _Opened(position, lexical, dense, HybridIndex(lexical, dense), keys)
                self._allowed.cache_clear()
                self._neighbours.cache_clear()
            return self._opened

    def _allowed_by(self, query: Query, opened: _Opened) -> Allowed | None:
        if not query.filtered:
            return None
        revision, activity = self._library.papers.state()
        votes_seen = activity if query.min_votes else 0
        return self._allowed(opened, replace(query, text="", sort=None), revision, votes_seen)

    def _allow(self, opened: _Opened, query: Query, _revision: int, _activity: int) -> Allowed:
        keys = self._library.papers.keys(query)
        wanted = np.zeros(max(int(keys.max(initial=0)), opened.last_key) + 2, dtype=np.bool_)
        wanted[keys] = True  # the last place stands for rows without a number, and stays False
        return Allowed(*([wanted[rows] for rows in opened.keys[of]] for of in ("lexical", "dense")))

    def _find_neighbours(
        self, opened: _Opened, paper_id: str, k: int, allowed: Allowed | None = None
    ) -> list[tuple[str, float]]:
        if paper_id not in opened.dense or k < 1:
            return []
        hits = _best(opened, opened.dense.vectors([paper_id])[0], k + 1, allowed)
        return [(hit, score) for hit, score in hits if hit != paper_id][:k]


def _explained(opened: _Opened, text: str, hits: Sequence[SearchHit]) -> list[SearchHit]:
    by_words = [hit.id for hit in hits if hit.why.get("lexical_rank") is not None]
    parts = dict(zip(by_words, opened.lexical.explain_all(text, by_words), strict=True))
    matched = {
        hit: {term: round(float(share), 4) for term, share in sorted(shares, key=lambda part: -part[1])}
        for hit, shares in parts.items()
    }
    return [replace(hit, why={"matched": matched.get(hit.id, {}), **hit.why}) for hit in hits]


def _best(opened: _Opened, vector: npt.NDArray[np.float32], k: int, allowed: Allowed | None) -> list[tuple[str, float]]:
    hits = opened.dense.search(vector[None, :], k, allowed=None if allowed is None else allowed.dense)[0]
    return list(zip(hits.ids, map(float, hits.scores), strict=True))
