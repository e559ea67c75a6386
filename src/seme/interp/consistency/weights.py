"""Weights of the layers, learned on paths whose answers are known to be right or wrong (Xie et al. 2024, sec. 4)."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from seme.errors import InputError
from seme.interp.consistency.confidence import InternalConsistency, agreement
from seme.interp.consistency.paths import Floats, Paths


class LayerWeights:
    """Weights w >= 0 that sum to 1, such that w · agreement tells right answers from wrong ones by logistic regression.

    Parameters
    ----------
    penalty
        On squares of the weights' logarithms: large ones keep the weights equal.

    Attributes
    ----------
    weights_
        (layers - 2,), for `InternalConsistency(weights=...)`.
    """

    def __init__(self, penalty: float = 1e-2) -> None:
        if not 0 <= penalty < float("inf"):
            raise InputError(f"penalty is {penalty}, expected a number >= 0")
        self.penalty = penalty

    def fit(self, paths: Paths, correct: npt.ArrayLike, consistency: InternalConsistency | None = None) -> Self:
        """Learn from paths and whether each one's answer is right (paths,).

        Raises
        ------
        InputError
            If numbers do not fit, or all answers are right, or all wrong.
        """
        right = np.asarray(correct).astype(np.float64)
        if right.shape != (len(paths.probs),) or not np.isin(right, (0, 1)).all():
            raise InputError(
                f"correct has the shape {right.shape}, expected true or false for {len(paths.probs)} paths"
            )
        if len(np.unique(right)) < 2:
            raise InputError(
                f"all {len(right)} answers are {'right' if right[0] else 'wrong'}, and weights need both",
                hint="Fit on more paths, or on other questions",
            )
        predictions = (consistency or InternalConsistency()).predictions(paths)
        agreed = agreement(predictions)[:, 1:-1].astype(np.float64)
        start = np.concatenate([np.zeros(agreed.shape[1]), [1.0, 0.0]])
        found = minimize(_loss, start, (agreed, 2 * right - 1, self.penalty), jac=True, method="L-BFGS-B")
        self.weights_: Floats = _softmax(found.x[:-2])
        return self


def _softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum(), dtype=np.float64)


def _loss(x: Floats, agreed: Floats, signs: Floats, penalty: float) -> tuple[float, Floats]:
    """Return the logistic loss and its gradient; x is the weights' logarithms, slope (its logarithm) and intercept."""
    weights, slope = _softmax(x[:-2]), np.exp(np.clip(x[-2], -5, 5))
    mean = agreed @ weights
    margins = signs * (slope * mean + x[-1])
    loss = np.logaddexp(0, -margins).mean() + penalty * np.square(x[:-2]).mean()
    pull = -signs / (1 + np.exp(np.clip(margins, -500, 500))) / len(signs)  # of the loss by slope * mean + intercept
    by_weights = slope * (agreed.T @ pull)
    by_logs = weights * (by_weights - by_weights @ weights) + 2 * penalty * x[:-2] / len(weights)
    return float(loss), np.concatenate([by_logs, [slope * (mean @ pull) if abs(x[-2]) < 5 else 0.0, pull.sum()]])
