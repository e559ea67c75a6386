"""The fits themselves, by scikit-learn, each as a stack of linear layers with ReLU between."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neural_network import MLPClassifier

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights (in, out) and biases (out,) of each linear layer; the last one's outputs are logits of the classes."""

    weights: list[Array]
    biases: list[Array]
    converged: bool


def fit_logistic(x: Array, y: npt.NDArray[np.int64], *, penalty: float, most: int) -> Fitted:
    """Fit logistic regression, multinomial where there are more than two classes: C = 1 / penalty."""
    model = LogisticRegression(C=1 / penalty, max_iter=most)
    converged = _fit(model, x, y)
    return _linear(model.coef_, model.intercept_, converged=converged, low=0.0)


def fit_ridge(x: Array, y: npt.NDArray[np.int64], *, penalty: float) -> Fitted:
    """Fit least squares to labels of -1 and 1; the outputs count as logits."""
    model = RidgeClassifier(alpha=penalty).fit(x, y)
    return _linear(np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_), converged=True, low=-1.0)


def fit_mlp(
    x: Array, y: npt.NDArray[np.int64], *, penalty: float, hidden: int, most: int, seed: int, stop_early: bool
) -> Fitted:
    """Fit one hidden layer of ReLU units with Adam; with `stop_early`, a tenth of the texts says when it is enough."""
    model = MLPClassifier(
        (hidden,),
        alpha=penalty,
        max_iter=most,
        random_state=seed,
        early_stopping=stop_early,
        n_iter_no_change=5,
        batch_size=min(128, len(x)),
    )
    converged = _fit(model, x, y)
    last = _linear(model.coefs_[1].T, model.intercepts_[1], converged=converged, low=0.0)
    return Fitted([model.coefs_[0], *last.weights], [model.intercepts_[0], *last.biases], converged)


def _fit(model: LogisticRegression | MLPClassifier, x: Array, y: npt.NDArray[np.int64]) -> bool:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        model.fit(x, y)
    return not any(issubclass(one.category, ConvergenceWarning) for one in raised)


def _linear(coefficients: Array, intercept: Array, *, converged: bool, low: float) -> Fitted:
    """Return one column a class; of two, scikit-learn gives the second's alone, and the first is `low` of it."""
    weights, biases = np.asarray(coefficients, dtype=np.float64).T, np.asarray(intercept, dtype=np.float64)
    if weights.shape[1] == 1:
        weights, biases = np.hstack([low * weights, weights]), np.concatenate([low * biases, biases])
    return Fitted([weights], [biases], converged)
