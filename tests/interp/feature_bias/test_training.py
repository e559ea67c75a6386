"""Networks side by side are networks alone, and they learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seme.errors import InputError
from seme.interp.feature_bias import (
    BitFeature,
    BitTask,
    Cnn,
    Ensemble,
    ImageTask,
    Mlp,
    Recipe,
    Sequencer,
    WordTask,
    outputs,
    represent,
    train,
)

TASK = BitTask([BitFeature("linear"), BitFeature("parity", 2)], noise=2)
WORDS = WordTask(TASK, synonyms=2)
NETWORKS = {
    "mlp": (lambda: Mlp(TASK.width, 2, (16, 8)), TASK),
    "cnn": (lambda: Cnn(3, residual=True, width=4, blocks=1), ImageTask()),
    "sequencer": (lambda: Sequencer(WORDS.vocabulary, TASK.width, 2, width=8, heads=2), WORDS),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_member_computes_what_it_would_alone(kind):
    make, task = NETWORKS[kind]
    both = Ensemble(make, 2, seed=3)
    inputs = torch.from_numpy(task.sample(6, np.random.default_rng(0))[0])
    logits, layer = both(inputs.expand(2, *inputs.shape))
    torch.manual_seed(3001)
    alone = make()
    said, looked = alone(inputs)
    assert torch.allclose(logits[1], said, atol=1e-5)
    assert torch.allclose(layer[1], looked, atol=1e-5)
    assert not torch.allclose(logits[0], logits[1])
    weights, biases = both.readout()
    assert weights.shape[0] == biases.shape[0] == 2


def test_a_label_that_is_said_later_is_not_seen_before():
    one = Sequencer(WORDS.vocabulary, TASK.width, 2, width=8, heads=2)
    tokens = torch.from_numpy(WORDS.sample(4, np.random.default_rng(0))[0])
    other = tokens.clone()
    other[:, -1] = 2 * WORDS.synonyms + 1 - (other[:, -1] - 2 * WORDS.synonyms)
    first, second = one(tokens)[0], one(other)[0]
    assert torch.allclose(first[:, 0], second[:, 0])
    assert not torch.allclose(first[:, 1], second[:, 1])


def test_networks_learn_and_are_watched():
    looks: list[int] = []
    model = Ensemble(NETWORKS["mlp"][0], 2)
    recipe = Recipe(steps=400, size=64, rate=1e-2, until=0.99, chunk=50)
    found = train(model, TASK, recipe, watch=lambda steps, _: looks.append(steps))
    assert found.accuracy[-1].min() >= 0.99
    assert found.steps < 400
    assert looks == list(range(50, found.steps + 1, 50))
    seen = represent(model, TASK, 256)
    assert seen.accuracy.min() >= 0.99
    assert seen.labels.mean() == 0.5


def test_the_same_seed_gives_the_same():
    runs = []
    for _ in range(2):
        model = Ensemble(lambda: Mlp(TASK.width, 2, (8,), dropout=0.2), 2)
        train(model, TASK, Recipe(steps=6, size=8, chunk=3))
        runs.append(represent(model, TASK, 64).hidden)
    assert (runs[0] == runs[1]).all()


def test_what_has_no_label_is_not_learned():
    model = Ensemble(NETWORKS["mlp"][0], 1)
    found = train(model, TASK, Recipe(steps=100, size=64, rate=1e-2, until=0.99, chunk=50), prevalence=(1.0, 0.0))
    assert found.accuracy[-1][0, 0] >= 0.99
    assert found.accuracy[-1][0, 1] < 0.9


def test_features_of_more_classes_are_learned_and_told_from_each_other():
    task = BitTask([BitFeature("number", 2), BitFeature("linear")], noise=1)
    assert outputs(task) == 5
    model = Ensemble(lambda: Mlp(task.width, outputs(task), (32,)), 2)
    train(model, task, Recipe(steps=100, size=64, rate=2e-2, until=0.99, chunk=25))
    seen = represent(model, task, 64)
    assert seen.accuracy.min() >= 0.99
    said = seen.logits[0, :, :4].argmax(1)
    assert (said == task.labels(seen.inputs)[:, 0]).mean() == seen.accuracy[0, 0]
    assert (np.bincount(seen.labels[:, 0]) == 16).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Ensemble(NETWORKS["mlp"][0], 0), "members is 0"),
        (lambda: Mlp(2, 2, ()), "widths is empty"),
        (lambda: Recipe(steps=0), "steps is 0"),
        (lambda: Recipe(steps=1, optimiser="lion"), "optimiser is 'lion'"),
        (lambda: represent(Ensemble(NETWORKS["mlp"][0], 1), TASK, 7), "count is 7"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
