"""Whether probabilities are as right as they are sure, and the one number that mends most of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from seme.errors import InputError

_WIDEST = 5.0  # of the logarithm of a temperature


def fit_temperature(logits: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return what logits are divided by so that their likelihood is highest (Guo et al. 2017, section 4.2).

    Parameters
    ----------
    logits
        (n, classes), of texts that the probe was not fitted on.
    labels
        (n,) numbers of the right classes.

    Raises
    ------
    InputError
        If the shapes do not fit, or a logit is not finite.
    """
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(labels)
    if z.ndim != 2 or y.shape != (len(z),) or not len(z) or not np.isfinite(z).all():
        raise InputError(f"logits is {z.shape} and labels {y.shape}, expected finite (n, classes) and (n,), n > 0")
    rows = np.arange(len(z))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(z / np.exp(log_temperature), axis=1)[rows, y].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-_WIDEST, _WIDEST), method="bounded").x))


def expected_calibration_error(probabilities: npt.ArrayLike, labels: npt.ArrayLike, *, bins: int = 10) -> float:
    """Return the mean gap between how sure and how right a probe is, over bins of confidence (Guo et al. 2017, eq. 3).

    Parameters
    ----------
    probabilities
        (n, classes).
    labels
        (n,) numbers of the right classes.
    bins
        Of equal width, from 0 to 1.

    Raises
    ------
    InputError
        If the shapes do not fit, or a probability lies outside 0 to 1.
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(labels)
    if p.ndim != 2 or y.shape != (len(p),) or not len(p) or not ((p >= 0) & (p <= 1 + 1e-9)).all():
        raise InputError(
            f"probabilities is {p.shape} and labels {y.shape}, expected (n, classes) from 0 to 1 and (n,), n > 0"
        )
    if bins < 1:
        raise InputError(f"bins is {bins}, expected 1 or more")
    sure, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=sure - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(p))
