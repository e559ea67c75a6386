"""Self-consistency: the answer of a question is the one with the most weight over its paths (Wang et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.consistency.balanced import likeliest
from seme.interp.consistency.confidence import Confidence, InternalConsistency
from seme.interp.consistency.paths import Floats, Ints, Paths


@dataclass(frozen=True, slots=True)
class Votes:
    """The number of each question, its answer (a label's place), and the share of the weight that the answer has."""

    questions: Ints
    answers: Ints
    shares: Floats


def vote(
    paths: Paths,
    confidence: Confidence | npt.ArrayLike,
    *,
    predictions: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Votes:
    """Return the answer of each question: the label whose paths have the most confidence in sum.

    Parameters
    ----------
    paths
        Of all questions.
    confidence
        A confidence, or its numbers (paths,).
    predictions
        What each path answers (paths,); by default the balanced predictions of the last layer.
    seed
        Equal sums are decided at random; where no path has any weight, every label's sum is equal to those of others
        that paths answer.

    Raises
    ------
    InputError
        If numbers do not fit the paths, or a weight is negative or not finite.
    """
    weights = np.asarray(confidence(paths) if callable(confidence) else confidence, dtype=np.float64)
    whole = InternalConsistency(seed=seed)
    said = whole.predictions(paths)[:, -1] if predictions is None else np.asarray(predictions)
    count, labels = len(paths.probs), paths.probs.shape[2]
    if weights.shape != (count,) or said.shape != (count,):
        raise InputError(f"there are {count} paths, weights of {weights.shape} and predictions of {said.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InputError("confidence is negative or not finite somewhere, expected numbers >= 0")
    if not np.isin(said, np.arange(labels)).all():
        raise InputError(f"predictions has {said.max()}, expected places of labels from 0 to {labels - 1}")
    asked, place = np.unique(paths.questions, return_inverse=True)
    sums = np.zeros((len(asked), labels))
    np.add.at(sums, (place, said.astype(np.int64)), weights)
    # A label that no path answers loses even against paths of no weight at all.
    answered = np.zeros_like(sums, dtype=bool)
    answered[place, said.astype(np.int64)] = True
    answers = likeliest(np.where(answered, sums, -1.0), np.random.default_rng(seed))
    totals = sums.sum(axis=1)
    top = sums[np.arange(len(asked)), answers]
    shares = np.divide(top, totals, out=np.full(len(asked), 1 / labels), where=totals > 0)
    return Votes(asked, answers, shares)
