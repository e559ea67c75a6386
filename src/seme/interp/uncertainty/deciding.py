"""From scores to decisions: thresholds with and without labels, and how well scores separate."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score
from sklearn.mixture import GaussianMixture

from seme.errors import InputError
from seme.interp.binary import Flags, Floats, as_labels, as_scores

_FEWEST = 4


def best_threshold(
    scores: npt.ArrayLike, uncertain: npt.ArrayLike, *, measure: Literal["accuracy", "f1"] = "accuracy"
) -> float:
    """Return the threshold that decides best on labelled questions: those above it are uncertain.

    Raises
    ------
    InputError
        If numbers do not fit, a score is not finite, all labels are the same, or the measure is none of the two.
    """
    values, labels = _pair(scores, uncertain)
    if measure not in ("accuracy", "f1"):
        raise InputError(f"measure is {measure!r}, expected 'accuracy' or 'f1'")
    levels = np.unique(values)
    cuts = np.concatenate([[levels[0] - 1], (levels[1:] + levels[:-1]) / 2, [levels[-1]]])
    said = values[None] > cuts[:, None]
    right = (said & labels).sum(axis=1)
    quality = (said == labels).mean(axis=1) if measure == "accuracy" else 2 * right / (said.sum(axis=1) + labels.sum())
    return float(cuts[int(np.argmax(quality))])


def mixture_threshold(scores: npt.ArrayLike) -> float:
    """Return where two Gaussians, fitted to the scores without labels, cross between their means.

    Raises
    ------
    InputError
        If there are fewer than four different scores.
    """
    values = as_scores(scores)
    if len(np.unique(values)) < _FEWEST:
        raise InputError(
            f"there are {len(np.unique(values))} different scores, expected at least {_FEWEST} to fit two Gaussians",
            hint="Score more questions, or choose a threshold with labels: best_threshold(scores, uncertain)",
        )
    centre, scale = values.mean(), values.std()
    mixture = GaussianMixture(2, n_init=5, random_state=0).fit(((values - centre) / scale)[:, None])
    low, high = np.sort(mixture.means_[:, 0])
    # Scores rise from the lower Gaussian to the higher one: where the assignment changes is the crossing.
    places = np.linspace(low, high, 2001)
    upper = int(np.argmax(mixture.means_[:, 0]))
    above = mixture.predict_proba(places[:, None])[:, upper] >= 0.5
    crossing = places[int(np.argmax(above))] if above.any() and not above.all() else (low + high) / 2
    return float(centre + scale * crossing)


def decision_quality(scores: npt.ArrayLike, uncertain: npt.ArrayLike, threshold: float) -> tuple[float, float]:
    """Return the accuracy and the F1 of calling uncertain what scores above a threshold."""
    values, labels = _pair(scores, uncertain, both=False)
    said = values > threshold
    return float((said == labels).mean()), float(f1_score(labels, said, zero_division=0))


def _pair(scores: npt.ArrayLike, uncertain: npt.ArrayLike, *, both: bool = True) -> tuple[Floats, Flags]:
    values = as_scores(scores)
    return values, as_labels(
        uncertain, len(values), "uncertain", both=both, hint="Both uncertain and certain ones are needed"
    )
