"""Adaptive classification against loops and a planted case."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("torch")

from seme.embeddings.matryoshka import Cascade
from seme.errors import InputError

DIMS = (2, 4, 8)


def _logits(n=60, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    return [rng.normal(size=(n, classes)) + sharp * np.eye(classes)[labels] for sharp in (1, 2, 4)], labels


def test_answers_are_those_of_a_loop():
    logits, _ = _logits()
    cascade = Cascade(DIMS, (0.8, 0.7))
    found = cascade.answer(logits)
    for row in range(60):
        for dim, threshold, own in zip(DIMS, (0.8, 0.7, 0.0), logits, strict=True):
            chances = np.exp(own[row]) / np.exp(own[row]).sum()
            if chances.max() >= threshold:
                assert (found.dims[row], found.classes[row]) == (dim, chances.argmax())
                break
    assert found.expected_dims == np.mean(found.dims)


def test_thresholds_are_as_good_as_those_of_a_search_over_all():
    logits, labels = _logits()
    fitted = Cascade.fit(DIMS, logits, labels, grid=20)
    accuracy = np.mean(fitted.answer(logits).classes == labels)
    tried = [*np.linspace(0, 1, 20), np.inf]
    best = max(
        np.mean(Cascade(DIMS, pair).answer(logits).classes == labels) for pair in itertools.product(tried, repeat=2)
    )
    assert accuracy >= best - 0.02  # each threshold in turn, not all together
    assert accuracy >= np.mean(logits[-1].argmax(1) == labels)


def test_sure_examples_stop_early_and_others_go_on():
    labels = np.array([0, 1] * 10)
    sure = np.arange(20) < 10
    small = np.where(sure[:, None], 9.0, 0.4) * np.eye(2)[np.where(sure, labels, 1 - labels)]
    large = 5.0 * np.eye(2)[labels]
    fitted = Cascade.fit((2, 8), [small, large], labels)
    answers = fitted.answer([small, large])
    assert (answers.classes == labels).all()
    assert answers.dims.tolist() == [2] * 10 + [8] * 10
    assert answers.expected_dims == 5
    assert Cascade.fit((2, 8), [small, large], labels, tolerance=0.5).answer([small, large]).expected_dims == 2


def test_what_does_not_fit_is_refused():
    logits, labels = _logits()
    with pytest.raises(InputError, match="3 thresholds for 3"):
        Cascade(DIMS, (0.1, 0.1, 0.1))
    with pytest.raises(InputError, match="one shape"):
        Cascade(DIMS, (0.1, 0.1)).answer(logits[:2])
    with pytest.raises(InputError, match="59 labels"):
        Cascade.fit(DIMS, logits, labels[:59])
    with pytest.raises(InputError, match="tolerance is -1"):
        Cascade.fit(DIMS, logits, labels, tolerance=-1)
    with pytest.raises(InputError, match="not finite"):
        Cascade(DIMS, (0.1, 0.1)).answer([one * np.nan for one in logits])
