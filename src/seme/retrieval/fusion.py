"""Making one ranking of several (Cormack et al. 2009; Bruch et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seme.errors import InputError
from seme.retrieval.hits import Hits


def reciprocal_rank(rankings: Sequence[Hits], *, k: int = 60, weights: Sequence[float] | None = None) -> Hits:
    """Fuse by ranks: the sum of `weight / (k + rank)` over the rankings that have the document.

    Parameters
    ----------
    rankings
        Each the best first.
    k
        Damping of the first ranks (Cormack et al. 2009 use 60).
    weights
        One for each ranking; all 1 if not given.

    Raises
    ------
    InputError
        If there are not as many weights as rankings.
    """
    scores: dict[str, float] = {}
    for weight, hits in zip(_checked(rankings, weights), rankings, strict=True):
        for rank, document_id in enumerate(hits.ids, 1):
            scores[document_id] = scores.get(document_id, 0.0) + weight / (k + rank)
    return ordered(scores)


def convex(rankings: Sequence[Hits], *, weights: Sequence[float] | None = None) -> Hits:
    """Fuse by scores: the weighted sum of scores scaled from 0 (a ranking's last) to 1 (its first).

    Raises
    ------
    InputError
        If there are not as many weights as rankings.
    """
    scores: dict[str, float] = {}
    for weight, hits in zip(_checked(rankings, weights), rankings, strict=True):
        if not len(hits):
            continue
        low, high = float(hits.scores.min()), float(hits.scores.max())
        for document_id, score in hits:
            scaled = (score - low) / (high - low) if high > low else 1.0
            scores[document_id] = scores.get(document_id, 0.0) + weight * scaled
    return ordered(scores)


def ordered(scores: dict[str, float]) -> Hits:
    """Return scored documents, the best first, equals in the order of their ids."""
    ids = sorted(scores, key=lambda document_id: (-scores[document_id], document_id))
    return Hits(tuple(ids), np.array([scores[document_id] for document_id in ids], dtype=np.float32))


def _checked(rankings: Sequence[Hits], weights: Sequence[float] | None) -> Sequence[float]:
    if weights is None:
        return [1.0] * len(rankings)
    if len(weights) != len(rankings):
        raise InputError(f"there are {len(weights)} weights for {len(rankings)} rankings")
    return weights
