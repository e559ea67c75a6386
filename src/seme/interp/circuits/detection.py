"""How well scores find the heads of a circuit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve, roc_auc_score

from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class Detection:
    """Figures of a ranking of heads against the true circuit.

    Attributes
    ----------
    auc
        Area under the ROC curve; 0.5 is chance.
    f1, precision, recall, threshold
        The best F1 over all thresholds, and what it is made of.
    """

    auc: float
    f1: float
    precision: float
    recall: float
    threshold: float


def detection(scores: npt.ArrayLike, truth: npt.ArrayLike) -> Detection:
    """Compare scores with the true circuit; a head counts as found if its score is the threshold or more.

    Parameters
    ----------
    scores
        Of any shape, finite.
    truth
        Bool, of the same shape.

    Raises
    ------
    InputError
        If shapes differ, a score is not finite, or all heads or none are in the circuit.
    """
    given, true = np.asarray(scores, dtype=np.float64), np.asarray(truth)
    if given.shape != true.shape or true.dtype != np.bool_:
        raise InputError(
            f"scores have shape {given.shape} and truth {true.shape} of {true.dtype}; truth must be bool of that shape"
        )
    if not np.isfinite(given).all():
        raise InputError("scores hold NaN or infinity")
    if true.all() or not true.any():
        raise InputError(f"truth has {int(true.sum())} of {true.size} heads; a circuit is some of them, not all")
    precision, recall, thresholds = precision_recall_curve(true.ravel(), given.ravel())
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-12)
    best = int(f1.argmax())
    return Detection(
        float(roc_auc_score(true.ravel(), given.ravel())),
        float(f1[best]),
        float(precision[best]),
        float(recall[best]),
        float(thresholds[best]),
    )
