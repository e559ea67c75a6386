"""Which heads and pairs of heads have codes that positive prompts alone give (arXiv 2405.12522, steps 5 and 6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from seme.errors import InputError
from seme.interp.circuits.autoencoder import SILENT, Codes

Floats = npt.NDArray[np.float64]


def node_scores(positive: Codes, negative: Codes, *, normalise: bool = False) -> Floats:
    """Return how many codes each head has on positive prompts and on no negative one.

    Parameters
    ----------
    positive, negative
        Codes of as many prompts each, (prompts, layers, heads).
    normalise
        Whether to divide by the number of codes on either side. Without, heads whose codes vary win whatever the task.

    Returns
    -------
    ndarray of shape (layers, heads)

    Raises
    ------
    InputError
        If the two differ in shape (a larger class has more codes of its own), are empty, or are no codes.
    """
    positive, negative = _checked(positive, negative)
    only, either = _unshared(_flat(positive), _flat(negative))
    scores = only / either if normalise else only
    return np.asarray(scores.reshape(positive.shape[1:]), dtype=np.float64)


def edge_scores(positive: Codes, negative: Codes, *, normalise: bool = False) -> Floats:
    """Return how many pairs of codes each pair of heads has on positive prompts and on no negative one.

    Parameters
    ----------
    positive, negative, normalise
        See `node_scores`.

    Returns
    -------
    ndarray of shape (layers * heads, layers * heads)
        Symmetric; the diagonal is 0.

    Raises
    ------
    InputError
        See `node_scores`.
    """
    positive, negative = _checked(positive, negative)
    first, second = _flat(positive) - SILENT, _flat(negative) - SILENT  # from 0 on, so that a pair is one number
    base = int(max(first.max(), second.max())) + 1
    scores = np.zeros((len(first), len(first)))
    for head in range(len(first)):  # a row at a time: heads x heads x prompts numbers would not fit
        only, either = _unshared(first[head] * base + first, second[head] * base + second)
        scores[head] = only / either if normalise else only
    np.fill_diagonal(scores, 0.0)
    return scores


def heads_of_edges(edges: Floats, shape: tuple[int, int], *, count: int | None = None) -> Floats:
    """Return how often each head occurs among the best pairs.

    Parameters
    ----------
    edges
        Scores of pairs, (layers * heads, layers * heads).
    shape
        (layers, heads).
    count
        How long a list of heads to count in, two for each ordered pair; None for half the square of their number.

    Returns
    -------
    ndarray of shape (layers, heads)

    Raises
    ------
    InputError
        If `edges` is not square or does not fit `shape`, or `count` is out of range.
    """
    heads = shape[0] * shape[1]
    if edges.shape != (heads, heads):
        raise InputError(f"edges has shape {edges.shape}; ({heads}, {heads}) is wanted for {shape[0]} x {shape[1]}")
    most = 2 * heads * (heads - 1)
    length = heads**2 // 2 if count is None else count
    if not 1 <= length <= most:
        raise InputError(f"count is {length}; it may be 1 to {most}")
    rows, columns = np.nonzero(~np.eye(heads, dtype=bool))
    order = np.argsort(-edges[rows, columns], kind="stable")
    listed = np.stack([rows[order], columns[order]], axis=1).ravel()[:length]
    return np.bincount(listed, minlength=heads).reshape(shape).astype(np.float64)


def predictions(scores: Floats, *, across_layer: bool = False) -> Floats:
    """Return the soft-max of scores (layers, heads), over all heads or within each layer.

    Raises
    ------
    InputError
        If the scores are not a matrix of finite numbers.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise InputError(f"scores have shape {scores.shape}; finite numbers (layers, heads) are wanted")
    return np.asarray(softmax(scores, axis=1 if across_layer else None))


def circuit(predicted: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Return which heads are in the circuit: those predicted with `threshold` or more (0 to 1).

    Raises
    ------
    InputError
        If the threshold is not between 0 and 1.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"threshold is {threshold}; it may be 0 to 1")
    return np.asarray(predicted >= threshold)


def _unshared(positive: Codes, negative: Codes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count, in each row, the numbers that are on the positive side alone, and those that are on either."""
    tagged = np.sort(np.concatenate([2 * negative, 2 * positive + 1], axis=1), axis=1)  # negative ones come first
    first = np.ones(tagged.shape, dtype=bool)
    first[:, 1:] = tagged[:, 1:] >> 1 != tagged[:, :-1] >> 1
    return (first & (tagged & 1 == 1)).sum(axis=1), first.sum(axis=1)


def _flat(codes: Codes) -> Codes:
    """Return codes as (heads of all layers, prompts)."""
    return codes.reshape(len(codes), -1).T


def _checked(positive: Codes, negative: Codes) -> tuple[Codes, Codes]:
    positive, negative = np.asarray(positive), np.asarray(negative)
    for name, codes in (("positive", positive), ("negative", negative)):
        if codes.ndim != 3 or not codes.size:
            raise InputError(f"{name} has shape {codes.shape}; codes (prompts, layers, heads), not empty, are wanted")
        if codes.dtype.kind != "i" or codes.min() < SILENT:
            raise InputError(f"{name} holds {codes.dtype} from {codes.min()}; codes are integers from {SILENT}")
    if positive.shape != negative.shape:
        raise InputError(
            f"positive has shape {positive.shape} and negative {negative.shape}; they must be the same",
            hint="A larger class would have more codes of its own: leave out prompts of it",
        )
    return positive.astype(np.int64), negative.astype(np.int64)
