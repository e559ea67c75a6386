"""From scores to decisions: thresholds with and without labels, and how well scores separate."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.mixture import GaussianMixture

from seme.errors import InputError
from seme.interp.uncertainty.samples import Floats

_FEWEST = 4


def auroc(scores: npt.ArrayLike, uncertain: npt.ArrayLike) -> float:
    """Return the probability that an uncertain question scores above a certain one, ties counting half.

    Raises
    ------
    InputError
        If numbers do not fit, a score is not finite, or all labels are the same.
    """
    values, labels = _pair(scores, uncertain)
    return float(roc_auc_score(labels, values))


def best_threshold(
    scores: npt.ArrayLike, uncertain: npt.ArrayLike, *, measure: Literal["accuracy", "f1"] = "accuracy"
) -> float:
    """Return the threshold that decides best on labelled questions: those above it are uncertain.

    Raises
    ------
    InputError
        As `auroc`, or if the measure is none of the two.
    """
    values, labels = _pair(scores, uncertain)
    if measure not in ("accuracy", "f1"):
        raise InputError(f"measure is {measure!r}, expected 'accuracy' or 'f1'")
    levels = np.unique(values)
    cuts = np.concatenate([[levels[0] - 1], (levels[1:] + levels[:-1]) / 2, [levels[-1]]])
    said = values[None] > cuts[:, None]
    right = (said & (labels == 1)).sum(axis=1)
    quality = (said == labels).mean(axis=1) if measure == "accuracy" else 2 * right / (said.sum(axis=1) + labels.sum())
    return float(cuts[int(np.argmax(quality))])


def mixture_threshold(scores: npt.ArrayLike) -> float:
    """Return where two Gaussians, fitted to the scores without labels, cross between their means.

    Raises
    ------
    InputError
        If there are fewer than four different scores.
    """
    values = _finite(scores)
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


def _pair(scores: npt.ArrayLike, uncertain: npt.ArrayLike, *, both: bool = True) -> tuple[Floats, Floats]:
    values, labels = _finite(scores), np.asarray(uncertain).astype(np.float64)
    if labels.shape != values.shape or not np.isin(labels, (0, 1)).all():
        raise InputError(f"uncertain has the shape {labels.shape}, expected {values.shape} of true and false")
    if both and len(np.unique(labels)) < 2:
        raise InputError(
            f"all {len(labels)} questions have the same label", hint="Both uncertain and certain ones are needed"
        )
    return values, labels


def _finite(scores: npt.ArrayLike) -> Floats:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise InputError(f"scores has the shape {values.shape}, expected finite numbers (questions,)")
    return values
