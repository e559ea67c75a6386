"""Words and meaning in one search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.bm25 import BM25Index
from seme.retrieval.dense import DenseIndex
from seme.retrieval.feedback.vectors import rocchio
from seme.retrieval.fusion import convex, reciprocal_rank
from seme.retrieval.hits import Hits
from seme.retrieval.segmented import Masks

DEPTH = 100
"""Fewest candidates that each system brings."""

_RESCORED = 4
"""Rows that a cheaper scan of the vectors scores again, for each candidate: whoever is to be among the best of both
systems stands far above the last candidates of either, so that these need not be certain."""


@dataclass(frozen=True, slots=True)
class HybridHit:
    """A document with its fused score, and where each system put it (`None`: not among its candidates)."""

    id: str
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    lexical_score: float | None
    dense_score: float | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Documents that may be found, as both systems want to know it; worth keeping where many searches share it."""

    lexical: Masks
    dense: Masks


class HybridIndex:
    """A lexical and a dense index over the same ids."""

    def __init__(self, lexical: BM25Index, dense: DenseIndex) -> None:
        self.lexical, self.dense = lexical, dense

    def allow(self, ids: Collection[str]) -> Allowed:
        """Return what lets a search find these documents only; it holds until either index changes."""
        return Allowed(self.lexical.mask(ids), self.dense.mask(ids))

    def search(
        self,
        text: str,
        vector: npt.NDArray[np.float32],
        k: int,
        *,
        allowed: Allowed | None = None,
        weights: Sequence[float] = (0.5, 0.5),
        method: str = "convex",
        feedback: int = 0,
        moved: float = 0.2,
    ) -> list[HybridHit]:
        """Return the k best documents of both systems.

        With feedback there are two rounds: between them the query's vector moves towards the first hits of both
        systems together, `(1 - moved) · query + moved · mean` (Rocchio; interpolated at both places, Li et al. 2022).

        Parameters
        ----------
        text, vector
            The query in words, and as a vector (dim,).
        k
            Most hits, >= 1.
        allowed
            Documents that may be found (`allow`), applied before either system ranks; `None` for all.
        weights
            Of the lexical and of the dense system.
        method
            `convex` (scaled scores) or `rrf` (reciprocal ranks).
        feedback
            Hits of the first round that move the vector; 0 for one round.
        moved
            How far they move it, 0 to 1.

        Raises
        ------
        InputError
            If `k` is not positive, `feedback` is negative, `moved` is not from 0 to 1, or the method is unknown.
        """
        if method not in ("convex", "rrf"):
            raise InputError(f"method is {method!r}, it must be convex or rrf")
        if feedback < 0 or not 0 <= moved <= 1:
            raise InputError(f"feedback is {feedback} and moved {moved}, expected 0 or more hits, and 0 to 1")
        depth = max(DEPTH, k)
        words, meaning = (None, None) if allowed is None else (allowed.lexical, allowed.dense)
        lexical = self.lexical.search(text, depth, allowed=words)
        fuse = convex if method == "convex" else reciprocal_rank

        def fused_with(query: npt.NDArray[np.float32]) -> tuple[Hits, Hits]:
            dense = self.dense.search(query[None, :], depth, allowed=meaning, rescore=_RESCORED * depth)[0]
            return dense, fuse([lexical, dense], weights=weights)

        dense, fused = fused_with(vector)
        near = [i for i in fused.ids[:feedback] if i in self.dense]
        if near:
            dense, fused = fused_with(rocchio(vector, self.dense.vectors(near), alpha=1 - moved, beta=moved))
        return _explained(fused, lexical, dense)[:k]


def _explained(fused: Hits, lexical: Hits, dense: Hits) -> list[HybridHit]:
    """Return hits with the place and the score that each system gave them."""
    first, second, none = _places(lexical), _places(dense), (None, None)
    return [
        HybridHit(
            i, score, first.get(i, none)[0], second.get(i, none)[0], first.get(i, none)[1], second.get(i, none)[1]
        )
        for i, score in fused
    ]


def _places(hits: Hits) -> dict[str, tuple[int, float]]:
    return {i: (rank, score) for rank, (i, score) in enumerate(hits, 1)}
