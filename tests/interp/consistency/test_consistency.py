"""Internal consistency against the model's own logits, closed forms, enumeration and planted truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from sklearn.metrics import roc_auc_score
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM

from seme.errors import InputError
from seme.interp.consistency import (
    Balanced,
    Even,
    InternalConsistency,
    LayerWeights,
    Margin,
    Paths,
    Soft,
    agreement,
    latent_predictions,
    vote,
)
from seme.interp.consistency.weights import _loss


class Letters:
    """A tokenizer of one letter a token."""

    def encode(self, text, add_special_tokens=False):  # noqa: ARG002
        return [ord(letter) - 97 for letter in text]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=26, hidden_size=16, intermediate_size=32, num_hidden_layers=4, num_attention_heads=2
    )
    return LlamaForCausalLM(config).eval()


def drawn(seed, paths, layers=6, labels=2):
    return np.random.default_rng(seed).dirichlet(np.ones(labels), size=(paths, layers))


def planted(seed, *, consistent, questions=200, count=5, layers=10, right=0.6):
    """Paths that answer label 0, the truth, with a probability; layers of right ones agree more, or all alike."""
    rng = np.random.default_rng(seed)
    n = questions * count
    truth = rng.integers(0, 2, questions).repeat(count)
    correct = rng.random(n) < right
    answer = np.where(correct, truth, 1 - truth)
    rate = np.where(correct, 0.8, 0.5) if consistent else np.full(n, 0.65)
    agrees = rng.random((n, layers)) < rate[:, None]
    agrees[:, -1] = True
    said = np.where(agrees, answer[:, None], 1 - answer[:, None])
    strength = rng.uniform(0.6, 0.9, size=said.shape)
    first = np.where(said == 0, strength, 1 - strength)
    paths = Paths.of(np.stack([first, 1 - first], axis=2), np.arange(questions).repeat(count))
    return paths, correct, truth[::count]


def test_the_last_layer_says_what_the_model_says_and_the_others_what_the_lens_shows(model):
    prompts = ["abc", "abcde", "x"]
    found = latent_predictions(model, Letters(), prompts, ["t", "f", ["u", "v"]], batch=2)
    assert found.shape == (3, 5, 3)
    for row, prompt in zip(found, prompts, strict=True):
        out = model(torch.tensor([Letters().encode(prompt)]), output_hidden_states=True)
        states = torch.stack([one[0, -1] for one in out.hidden_states[:-1]])
        logits = torch.cat([model.lm_head(model.model.norm(states)), out.logits[0, -1:]]).detach()
        chosen = torch.stack([logits[:, 19], logits[:, 5], logits[:, 20] + logits[:, 21]], dim=1)
        np.testing.assert_allclose(row, chosen.softmax(-1), atol=1e-5)
    some = latent_predictions(model, Letters(), prompts, ["t", "f"], layers=[4, 1])
    np.testing.assert_allclose(some, latent_predictions(model, Letters(), prompts, ["t", "f"])[:, [4, 1]], atol=1e-6)
    grouped = Paths.read(model, Letters(), prompts, [0, 0, 1], ["t", "f"]).probs
    np.testing.assert_allclose(grouped, latent_predictions(model, Letters(), prompts, ["t", "f"]), atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(4, 31), st.integers(2, 4))
def test_balanced_predictions_say_each_label_equally_often(seed, paths, labels):
    scores = Balanced().fit(found := Paths.of(drawn(seed, paths, labels=labels))).scores(found)
    assert np.abs(scores.mean(axis=0) - 1 / labels).max() <= 1 / paths
    if labels == 2:
        np.testing.assert_allclose(scores.mean(axis=0), 0.5)
        said = Balanced().fit(found).predict(found)
        assert np.abs((said == 0).mean(axis=0) - 0.5).max() <= 1 / paths


def test_a_lean_of_a_layer_goes_into_its_threshold():
    plain = drawn(0, 40)
    leaning = plain.copy()
    odds = plain[:, 2, 0] / plain[:, 2, 1] * 30
    leaning[:, 2] = np.stack([odds / (1 + odds), 1 / (1 + odds)], axis=1)
    even, lean = Paths.of(plain), Paths.of(leaning)
    np.testing.assert_array_equal(Balanced().fit(even).scores(even), Balanced().fit(lean).scores(lean))
    assert (InternalConsistency(plain=True).predictions(lean)[:, 2] == 0).mean() > 0.9


def test_consistency_is_the_share_of_layers_between_that_agree():
    first = np.array([[0.5, 0.9, 0.8, 0.2, 0.7], [0.5, 0.1, 0.4, 0.6, 0.3]])
    paths = Paths.of(np.stack([first, 1 - first], axis=2))
    np.testing.assert_allclose(InternalConsistency(plain=True)(paths), [2 / 3, 2 / 3])
    np.testing.assert_allclose(InternalConsistency(plain=True, weights=[0, 0, 2])(paths), [0, 0])
    np.testing.assert_allclose(Margin(plain=True)(paths), [0.4, 0.4])
    np.testing.assert_allclose(Margin()(paths), [0.4, 0.4])
    np.testing.assert_allclose(Soft(plain=True)(paths), [0.7, 0.7])
    np.testing.assert_allclose(Soft()(paths), [0.7, 0.7])
    np.testing.assert_allclose(Even()(paths), 1)
    assert agreement([[0, 1, 1]]).tolist() == [[False, True, True]]


@pytest.mark.parametrize("consistent", [True, False])
def test_planted_consistency_is_found_and_its_absence_is_chance(consistent):
    paths, correct, truth = planted(1, consistent=consistent, layers=40)
    balanced = Balanced().fit(paths)
    said = balanced.predict(paths)[:, -1]
    right = said == truth[paths.questions]
    area = roc_auc_score(right, InternalConsistency(balanced)(paths))
    plain = (vote(paths, Even(), predictions=said).answers == truth).mean()
    weighted = (vote(paths, InternalConsistency(balanced), predictions=said).answers == truth).mean()
    assert correct.mean() == pytest.approx(right.mean(), abs=0.03)
    if consistent:
        assert area > 0.95
        assert weighted > plain + 0.04
    else:
        assert abs(area - 0.5) < 0.06
        assert abs(weighted - plain) < 0.06


def test_weighted_votes_win_as_often_as_enumeration_says():
    right, trust, count, questions = 0.6, 0.8, 5, 4000
    rng = np.random.default_rng(0)
    correct = rng.random(questions * count) < right
    high = rng.random(questions * count) < np.where(correct, trust, 1 - trust)
    weights = np.where(high, 0.9, 0.3)
    probs = np.full((len(correct), 3, 2), 0.5)
    paths = Paths.of(probs, np.arange(questions).repeat(count))
    for used, levels in ((weights, (0.9, 0.3)), (np.ones(len(weights)), (1, 1))):
        expected = 0.0
        for case in product(product((True, False), (True, False)), repeat=count):
            p = np.prod([(right if c else 1 - right) * (trust if c == h else 1 - trust) for c, h in case])
            lead = sum((1 if c else -1) * levels[0 if h else 1] for c, h in case)
            expected += p * (lead > 1e-9) + p * 0.5 * (abs(lead) <= 1e-9)
        won = (vote(paths, used, predictions=(~correct).astype(int)).answers == 0).mean()
        assert won == pytest.approx(expected, abs=0.025)


def test_votes_are_on_labels_and_ties_are_drawn():
    paths = Paths.of(np.full((6, 3, 3), 1 / 3), [7, 7, 7, 9, 9, 9])
    found = vote(paths, [1, 1, 1.5, 0, 0, 0], predictions=[1, 1, 2, 0, 0, 1])
    assert found.questions.tolist() == [7, 9]
    assert found.answers[0] == 1
    assert found.shares[0] == pytest.approx(2 / 3.5)
    ties = {int(vote(paths, np.zeros(6), predictions=[1, 1, 2, 0, 0, 1], seed=s).answers[1]) for s in range(20)}
    assert ties == {0, 1}


def test_learned_weights_find_the_layers_that_tell():
    rng = np.random.default_rng(0)
    truth, n = rng.integers(0, 2, 600), 600
    said = rng.integers(0, 2, (n, 12))
    said[:, -1] = np.where(rng.random(n) < 0.6, truth, 1 - truth)
    right = said[:, -1] == truth
    for layer in (4, 5):
        said[:, layer] = np.where(right == (rng.random(n) < 0.85), said[:, -1], 1 - said[:, -1])
    first = np.where(said == 0, 0.8, 0.2) + rng.uniform(-0.1, 0.1, said.shape)
    paths = Paths.of(np.stack([first, 1 - first], axis=2))
    whole = InternalConsistency(plain=True)
    learned = LayerWeights().fit(paths, right, whole).weights_
    assert learned.sum() == pytest.approx(1)
    assert learned[3:5].sum() > 0.7
    tuned = roc_auc_score(right, InternalConsistency(plain=True, weights=learned)(paths))
    assert tuned > roc_auc_score(right, whole(paths)) + 0.05
    agreed, signs = agreement(said)[:, 1:-1].astype(float), 2.0 * right - 1
    x = rng.normal(size=12)
    error = check_grad(lambda v: _loss(v, agreed, signs, 0.1)[0], lambda v: _loss(v, agreed, signs, 0.1)[1], x)
    assert error < 1e-5


def _paths(count=4):
    return Paths.of(drawn(0, count))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: latent_predictions(m, Letters(), [], ["t", "f"]), "there are 0 prompts"),
        (lambda m: latent_predictions(m, Letters(), ["a", ""], ["t", "f"]), "1 of them without tokens"),
        (lambda m: latent_predictions(m, Letters(), ["a"], ["t", "tt"]), "begin with the same token"),
        (lambda m: latent_predictions(m, Letters(), ["a"], [["t", "f"]]), "labels is"),
        (lambda m: latent_predictions(m, Letters(), ["a"], ["t", "f"], layers=[9]), "has no layer 9"),
        (lambda m: latent_predictions(m, Letters(), ["a"], ["t", "f"], layers=[]), "layers is"),
        (lambda _: Paths.of(np.ones((2, 2))), r"probs has the shape \(2, 2\)"),
        (lambda _: Paths.of(np.full((2, 2, 2), 0.5)), "3 layers and 2 labels"),
        (lambda _: Paths.of(np.full((0, 4, 2), 0.5)), r"\(0, 4, 2\)"),
        (lambda _: Paths.of(np.full((2, 3, 2), np.nan)), "not probabilities"),
        (lambda _: Paths.of(np.full((2, 3, 2), 0.7)), "not probabilities"),
        (lambda _: Paths.of(np.full((2, 3, 2), 0.5), [1]), "expected a whole number for each of the 2 paths"),
        (lambda _: Paths.of(np.full((2, 3, 2), 0.5), [1.5, 2]), "questions is float64"),
        (lambda _: _paths().select([False] * 4), "no path is selected"),
        (lambda _: Balanced().fit(_paths(1)), "1 paths and 2 labels"),
        (lambda _: Balanced().fit(Paths.of(np.full((5, 3, 2), 0.5))), "same probabilities at the last layer"),
        (lambda _: Balanced().scores(_paths()), "not fitted"),
        (lambda _: Balanced().fit(_paths()).scores(Paths.of(drawn(0, 4, 5))), "thresholds"),
        (lambda _: InternalConsistency(weights=[1])(_paths()), r"weights has the shape \(1,\)"),
        (lambda _: InternalConsistency(weights=[0] * 4)(_paths()), "weights are all 0"),
        (lambda _: vote(_paths(), [1, 2]), "there are 4 paths"),
        (lambda _: vote(_paths(), [1, -1, 1, 1]), "negative or not finite"),
        (lambda _: vote(_paths(), Even(), predictions=[0, 1, 2, 0]), "predictions has 2"),
        (lambda _: agreement([1, 2]), "predictions has the shape"),
        (lambda _: LayerWeights(-1), "penalty is -1"),
        (lambda _: LayerWeights().fit(_paths(), [1, 1, 1, 1]), "all 4 answers are right"),
        (lambda _: LayerWeights().fit(_paths(), [1, 0]), "correct has the shape"),
    ],
)
def test_what_cannot_be_used_is_refused(model, call, words):
    with pytest.raises(InputError, match=words):
        call(model)


def test_a_model_without_a_head_is_refused():
    bert = BertModel(BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16))
    with pytest.raises(InputError, match="has no LM head"):
        latent_predictions(bert, Letters(), ["a"], ["t", "f"])
