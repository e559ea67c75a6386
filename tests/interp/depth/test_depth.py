"""Depths of curves whose depths are known, and perturbations that leave no trace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from seme.errors import InputError
from seme.interp.depth import (
    answer_tokens,
    concept_depth,
    depth_interval,
    quantised,
    sampled_depths,
    with_noise,
    yes_over_no,
)


def test_a_constant_curve_never_jumps_and_has_converged():
    found = concept_depth([0.5] * 10)
    assert (found.jump, found.converging, found.reached, found.nine_tenths) == (None, 0, None, None)
    assert (found.peak, found.peak_depth) == (0.5, 0.1)


@given(st.integers(2, 30), st.data())
def test_a_step_is_where_it_was_put(layers, data):
    step = data.draw(st.integers(2, layers))
    found = concept_depth([0.5] * (step - 1) + [0.9] * (layers - step + 1))
    at = pytest.approx(step / layers)
    assert found.jump == found.converging == found.peak_depth == found.nine_tenths == found.reached == at


def test_a_ramp_jumps_nowhere_and_converges_where_its_step_is_three_per_cent():
    ramp = np.linspace(0.5, 0.98, 25)  # steps of 0.02: 3 % of 0.6667, so the last is from 0.66 to 0.68
    found = concept_depth(ramp)
    assert found.jump is None
    assert found.converging == pytest.approx((np.flatnonzero(ramp[1:] / ramp[:-1] >= 1.03)[-1] + 2) / 25)
    assert found.converging == pytest.approx(10 / 25)
    assert found.reached == pytest.approx(16 / 25)
    assert found.nine_tenths == pytest.approx(23 / 25)  # 0.5 + 0.9 * 0.48 = 0.932


def test_a_tenth_counts_and_the_embeddings_make_the_first_block_a_jump():
    assert concept_depth([0.5, 0.55, 0.55]).jump == pytest.approx(2 / 3)
    assert concept_depth([0.9, 0.9], before=0.5).jump == 0.5
    assert concept_depth([0.9, 0.9]).jump is None
    assert concept_depth([0.4, 0.45]).nine_tenths is None


def test_what_is_never_reached_counts_as_one_layer_beyond():
    found = sampled_depths([[0.5, 0.9], [0.5, 0.5]])
    np.testing.assert_allclose(found["reached"], [1, 1.5])
    np.testing.assert_allclose(found["jump"], [1, 1.5])
    assert depth_interval(np.arange(101), share=0.9) == pytest.approx((5, 95))


def test_noise_is_one_of_two_words_before_each_text():
    texts = with_noise(["x y"] * 200, np.random.default_rng(0))
    assert set(texts) == {"aaa x y", "bbb x y"}
    assert 70 < sum(one[0] == "a" for one in texts) < 130


def test_rounded_weights_are_on_a_grid_and_come_back():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 6), torch.nn.ReLU(), torch.nn.Linear(6, 4))
    before = [one.detach().clone() for one in model.parameters()]
    errors = []
    for bits in (4, 8, 16):
        with quantised(model, bits) as changed:
            assert changed is model
            weight = model[0].weight.detach().clone()
        errors.append(float((weight - before[0]).abs().max()))
        if bits < 16:
            step = before[0].abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
            assert ((weight / step) - (weight / step).round()).abs().max() < 1e-4
            assert ((weight - before[0]).abs() <= step / 2 + 1e-6).all()
        else:
            assert torch.equal(weight, before[0].bfloat16().float())
    assert errors == sorted(errors, reverse=True)
    with pytest.raises(RuntimeError), quantised(model, 4):
        raise RuntimeError
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), before, strict=True))


def test_yes_is_over_no_by_the_sums_of_their_words():
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=30, **shape)).eval()
    found = yes_over_no(model, [[3, 4, 5], [7]], [10, 11], [12])
    for odds, prompt in zip(found, ([3, 4, 5], [7]), strict=True):
        with torch.no_grad():
            p = model(torch.tensor([prompt])).logits[0, -1].softmax(-1)
        assert odds == pytest.approx(float(((p[10] + p[11]) / p[12]).log()), abs=1e-4)
    with pytest.raises(InputError, match="none in both"):
        yes_over_no(model, [[3]], [10], [10])


def test_answers_are_the_first_tokens_of_their_words():
    class Tokenizer:
        def encode(self, text, *, add_special_tokens):
            assert not add_special_tokens
            return [len(text), 0]

    assert answer_tokens(Tokenizer(), ("no", "No", "nope")) == [3, 5]
    with pytest.raises(InputError, match="words is empty"):
        answer_tokens(Tokenizer(), ())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: concept_depth([0.5]), "d >= 2"),
        (lambda: concept_depth([0.5, np.nan]), "no NaN"),
        (lambda: concept_depth([0.5, 1.2]), "expected 0 to 1"),
        (lambda: concept_depth([0.5, 0.6], chance=1), "chance is 1"),
        (lambda: sampled_depths([0.5, 0.6]), r"expected \(samples, d\)"),
        (lambda: depth_interval([]), "n > 0"),
        (lambda: depth_interval([1.0], share=1), "share is 1"),
        (lambda: with_noise([], np.random.default_rng()), "there are 0 texts"),
        (lambda: quantised(torch.nn.Linear(2, 2), 12).__enter__(), "bits is 12"),
        (lambda: quantised(torch.nn.ReLU(), 8).__enter__(), "no nn.Linear"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
