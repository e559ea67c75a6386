"""Scores of one probe on one test part. They equal scikit-learn's, whose checks take longer than such a fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from seme.interp.probes.calibration import expected_calibration_error

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
MEASURES = ("accuracy", "balanced", "f1", "auc", "calibration")


def confusion(found: Codes, right: Codes, classes: int) -> Codes:
    """Return (classes, classes) counts, true by predicted."""
    counts: Codes = np.bincount(right * classes + found, minlength=classes**2).reshape(classes, classes)
    return counts


def measured(p: Floats, right: Codes) -> dict[str, float]:
    """Return every measure of probabilities (n, classes), all classes being among the right ones (n,)."""
    classes = p.shape[1]
    counts = confusion(p.argmax(axis=1), right, classes)
    hits, of, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    f1 = 2 * hits / np.maximum(of + said, 1)
    columns = [1] if classes == 2 else range(classes)
    return {
        "accuracy": float(hits.sum() / len(right)),
        "balanced": float((hits / of).mean()),
        "f1": float(f1[1] if classes == 2 else f1.mean()),
        "auc": float(np.mean([_auc(p[:, one], right == one) for one in columns])),
        "calibration": expected_calibration_error(p, right),
    }


def _auc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Return the share of pairs in which the positive one scores higher, ties counting half (Mann and Whitney)."""
    count = int(positive.sum())
    ranks = rankdata(scores)[positive].sum()
    return float((ranks - count * (count + 1) / 2) / (count * (len(scores) - count)))
