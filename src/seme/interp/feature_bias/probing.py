"""What a bias in a layer does to whoever looks at it: flips, principal components, similarities, classifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import LogisticRegression

from seme.errors import InputError

Float = npt.NDArray[np.float64]
Readout = Callable[[Float], Float]
"""From a layer (n, d) to logits (n, k)."""


@dataclass(frozen=True, slots=True)
class Flips:
    """What it takes to flip each feature, (k,).

    Attributes
    ----------
    push
        Length of the smallest push along the difference of the means that flips the feature in half of the samples;
        infinity where the largest tried does not.
    factor
        The same in units of that difference.
    crossed
        Largest share of samples in which another feature flips at this push.
    """

    push: Float
    factor: Float
    crossed: Float


def flip_thresholds(
    readout: Readout, layer: npt.ArrayLike, labels: npt.ArrayLike, *, factors: Sequence[float] | None = None
) -> Flips:
    """Push samples along the difference of a feature's means, and see when the network changes its mind.

    Parameters
    ----------
    readout
        What the rest of the network makes of the layer.
    layer
        (n, d).
    labels
        0 or 1, (n, k): each sample is pushed towards the other value.
    factors
        Pushes to try, rising, in units of the difference; by default 0.02 to 4 in steps of 0.02.

    Raises
    ------
    InputError
        If shapes do not fit or a feature has one value alone.
    """
    x, truth = _layer_and_labels(layer, labels)
    tried = np.arange(0.02, 4.01, 0.02) if factors is None else np.asarray(factors, dtype=np.float64)
    if not len(tried) or (np.diff(tried) <= 0).any() or tried[0] <= 0:
        raise InputError("factors is empty or does not rise from above 0")
    before = readout(x) > 0
    push, factor, crossed = (np.full(truth.shape[1], np.inf) for _ in range(3))
    for feature in range(truth.shape[1]):
        direction = _difference(x, truth[:, feature])
        towards = np.where(before[:, feature], -1.0, 1.0)[:, None] * direction
        for one in tried:
            flipped = (readout(x + one * towards) > 0) != before
            if flipped[:, feature].mean() >= 0.5:
                others = np.delete(flipped.mean(axis=0), feature)
                factor[feature], push[feature] = one, one * np.linalg.norm(direction)
                crossed[feature] = float(others.max()) if len(others) else 0.0
                break
    return Flips(push, factor, crossed)


def component_accuracy(
    fit: tuple[npt.ArrayLike, npt.ArrayLike], test: tuple[npt.ArrayLike, npt.ArrayLike], counts: Sequence[int]
) -> Float:
    """Return how well each feature is read from the first principal components, (counts, k).

    Parameters
    ----------
    fit, test
        A layer (n, d) and labels (n, k): components and classifiers are of the first, accuracies of the second.
    counts
        Numbers of components, each from 1 to d.

    Raises
    ------
    InputError
        If shapes do not fit, or there are not so many components.
    """
    (layer, labels), (other, asked) = _layer_and_labels(*fit), _layer_and_labels(*test)
    width = min(layer.shape)
    if not counts or not all(1 <= count <= width for count in counts):
        raise InputError(f"counts is {list(counts)}, expected numbers from 1 to {width}")
    mean = layer.mean(axis=0)
    axes = np.linalg.svd(layer - mean, full_matrices=False)[2]
    found = np.empty((len(counts), labels.shape[1]))
    for row, count in enumerate(counts):
        seen, unseen = (layer - mean) @ axes[:count].T, (other - mean) @ axes[:count].T
        for feature in range(labels.shape[1]):
            model = LogisticRegression(max_iter=200).fit(seen, labels[:, feature])
            found[row, feature] = model.score(unseen, asked[:, feature])
    return found


def representational_similarity(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    distance: Literal["euclidean", "correlation", "cosine"] = "euclidean",
    compare: Literal["pearson", "spearman"] = "pearson",
) -> float:
    """Return the correlation of two layers' distances between the same samples (RSA; Kriegeskorte et al. 2008).

    Parameters
    ----------
    a, b
        Layers of the same samples, (n, d) and (n, e), of any widths.
    distance
        Between two samples of one layer.
    compare
        How the two lists of distances are correlated.

    Raises
    ------
    InputError
        If there are fewer than 3 samples or not the same number, a value is not finite, or all distances are the same.
    """
    first, second = (np.asarray(one, dtype=np.float64) for one in (a, b))
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second) or len(first) < 3:
        raise InputError(f"a has the shape {first.shape} and b {second.shape}, expected (n, d) and (n, e) of n >= 3")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("a or b holds NaN or infinity")
    apart = [pdist(one, distance) for one in (first, second)]
    for name, one in zip("ab", apart, strict=True):
        if not np.isfinite(one).all() or np.ptp(one) == 0:
            raise InputError(f"{name}'s samples are all as far apart, or have no {distance} distance")
    correlate = pearsonr if compare == "pearson" else spearmanr
    return float(correlate(*apart).statistic)


def downstream_agreement(
    layer: npt.ArrayLike, labels: npt.ArrayLike, *, first: int = 0, second: int = 1, seed: int = 0
) -> float:
    """Train a classifier where two features always agree, and return how often it follows the first where they do not.

    Parameters
    ----------
    layer
        (n, d).
    labels
        0 or 1, (n, k).
    first, second
        The two features.
    seed
        Of the order in which samples are seen.

    Returns
    -------
    float
        Share of the samples in which the features differ; 0.5 is no preference.

    Raises
    ------
    InputError
        If shapes do not fit, or there are no samples in which the two agree with both values, or none in which they
        differ.
    """
    x, truth = _layer_and_labels(layer, labels)
    if not {first, second} <= set(range(truth.shape[1])) or first == second:
        raise InputError(f"first is {first} and second {second}, expected two of {truth.shape[1]} features")
    agree = truth[:, first] == truth[:, second]
    if len(np.unique(truth[agree, first])) < 2 or agree.all():
        raise InputError("labels need samples in which the two features agree, with both values, and others")
    order = np.random.default_rng(seed).permutation(np.flatnonzero(agree))
    model = LogisticRegression(max_iter=500).fit(x[order], truth[order, first])
    return float((model.predict(x[~agree]) == truth[~agree, first]).mean())


def _difference(x: Float, labels: npt.NDArray[np.int64]) -> Float:
    difference: Float = x[labels == 1].mean(axis=0) - x[labels == 0].mean(axis=0)
    return difference


def _layer_and_labels(layer: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Float, npt.NDArray[np.int64]]:
    x, truth = np.asarray(layer, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or truth.ndim != 2 or len(x) != len(truth) or not x.size:
        raise InputError(f"layer has the shape {x.shape} and labels {truth.shape}, expected (n, d) and (n, k)")
    if not np.isfinite(x).all():
        raise InputError("layer holds NaN or infinity")
    if not np.isin(truth, (0, 1)).all():
        raise InputError("labels hold other values than 0 and 1")
    single = [column for column in range(truth.shape[1]) if len(np.unique(truth[:, column])) < 2]
    if single:
        raise InputError(f"feature {single[0]} has one value in all samples; both are wanted")
    return x, truth.astype(np.int64)
