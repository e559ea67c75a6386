"""Words and meaning in one search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.bm25 import BM25Index
from seme.retrieval.dense import DenseIndex
from seme.retrieval.fusion import convex, reciprocal_rank
from seme.retrieval.hits import Hits

DEPTH = 100
"""Fewest candidates that each system brings."""


@dataclass(frozen=True, slots=True)
class HybridHit:
    """A document with its fused score, and where each system put it (`None`: not among its candidates)."""

    id: str
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    lexical_score: float | None
    dense_score: float | None


class HybridIndex:
    """A lexical and a dense index over the same ids."""

    def __init__(self, lexical: BM25Index, dense: DenseIndex) -> None:
        self.lexical, self.dense = lexical, dense

    def search(
        self,
        text: str,
        vector: npt.NDArray[np.float32],
        k: int,
        *,
        allowed_ids: Collection[str] | None = None,
        weights: Sequence[float] = (0.5, 0.5),
        method: str = "convex",
    ) -> list[HybridHit]:
        """Return the k best documents of both systems.

        Parameters
        ----------
        text, vector
            The query in words, and as a vector (dim,).
        k
            Most hits, >= 1.
        allowed_ids
            Documents that may be found, applied before either system ranks.
        weights
            Of the lexical and of the dense system.
        method
            `convex` (scaled scores) or `rrf` (reciprocal ranks).

        Raises
        ------
        InputError
            If `k` is not positive or the method is unknown.
        """
        if method not in ("convex", "rrf"):
            raise InputError(f"method is {method!r}, it must be convex or rrf")
        depth = max(DEPTH, k)
        lexical_mask = None if allowed_ids is None else self.lexical.mask(allowed_ids)
        dense_mask = None if allowed_ids is None else self.dense.mask(allowed_ids)
        lexical = self.lexical.search(text, depth, allowed=lexical_mask)
        dense = self.dense.search(vector[None, :], depth, allowed=dense_mask)[0]
        fuse = convex if method == "convex" else reciprocal_rank
        fused = fuse([lexical, dense], weights=weights)
        first, second = _places(lexical), _places(dense)
        none = (None, None)
        return [
            HybridHit(
                i, score, first.get(i, none)[0], second.get(i, none)[0], first.get(i, none)[1], second.get(i, none)[1]
            )
            for i, score in list(fused)[:k]
        ]


def _places(hits: Hits) -> dict[str, tuple[int, float]]:
    return {i: (rank, score) for rank, (i, score) in enumerate(hits, 1)}
