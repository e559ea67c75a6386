"""One ranking of several by their scores: scaled or not, with a score for what a ranking lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.fusion import convex, ordered
from seme.retrieval.hits import Hits

Scale = Literal["min-max", "centred", "z-score", "raw"]
Scores = npt.NDArray[np.float64]


def interpolate(rankings: Sequence[Hits], weights: Sequence[float], *, scale: Scale = "min-max") -> Hits:
    """Return the union of rankings by the weighted sum of their scores (Li et al. 2022).

    A document that a ranking lacks has that ranking's lowest score; an empty ranking adds nothing.

    Parameters
    ----------
    rankings
        Each the best first.
    weights
        One for each ranking.
    scale
        What is done to each ranking's scores first:

        `min-max`
            From 0 (the last) to 1 (the first), as `fusion.convex`: equal scores are all 1, what is missing is 0.
        `centred`
            `(s - (min + max) / 2) / (max - min)`, from -0.5 to 0.5; equal scores are all 0.
        `z-score`
            `(s - mean) / standard deviation`; equal scores are all 0.
        `raw`
            Nothing. BM25 (0 to 30) then drowns cosines (0 to 1), unless the weights make up for it.

    Raises
    ------
    InputError
        If there are not as many weights as rankings, or the scale is unknown.
    """
    check_scale(scale)
    if scale == "min-max":
        return convex(rankings, weights=weights)
    if len(weights) != len(rankings):
        raise InputError(f"there are {len(weights)} weights for {len(rankings)} rankings")
    union = list(dict.fromkeys(document for hits in rankings for document in hits.ids))
    scores = dict.fromkeys(union, 0.0)
    for weight, hits in zip(weights, rankings, strict=True):
        if len(hits):
            scaled = _SCALES[scale](hits.scores.astype(np.float64))
            own = dict(zip(hits.ids, scaled.tolist(), strict=True))
            lowest = float(scaled.min())
            for document in union:
                scores[document] += weight * own.get(document, lowest)
    return ordered(scores)


def check_scale(scale: str) -> None:
    """Refuse a scale that is unknown.

    Raises
    ------
    InputError
        It names those there are.
    """
    if scale not in get_args(Scale):
        raise InputError(f"scale is {scale!r}, it must be one of {', '.join(get_args(Scale))}")


def _centred(scores: Scores) -> Scores:
    low, high = scores.min(), scores.max()
    scaled: Scores = (scores - (low + high) / 2) / (high - low) if high > low else np.zeros_like(scores)
    return scaled


def _z_score(scores: Scores) -> Scores:
    deviation = scores.std()
    scaled: Scores = (scores - scores.mean()) / deviation if deviation > 0 else np.zeros_like(scores)
    return scaled


def _raw(scores: Scores) -> Scores:
    return scores


_SCALES: Mapping[str, Callable[[Scores], Scores]] = MappingProxyType(
    {
        "centred": _centred,
        "z-score": _z_score,
        "raw": _raw,
    }
)
