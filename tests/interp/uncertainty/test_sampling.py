"""Sampling and asking, on a small model of transformers, against its own forward pass."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from transformers import Gemma2Config, Gemma2ForCausalLM, LlamaConfig, LlamaForCausalLM

from seme.errors import InputError
from seme.interp.uncertainty import Drawing, Judgement, Samples, sample
from seme.interp.uncertainty.prompts import option_ids, read_prompts


class Letters:
    """A tokenizer of one letter a token."""

    eos_token_id = 0

    def encode(self, text, add_special_tokens=False):  # noqa: ARG002
        return [ord(letter) - 96 if letter != "\n" else 27 for letter in text if letter == "\n" or "a" <= letter <= "z"]

    def decode(self, ids):
        return "".join("\n" if one == 27 else chr(96 + one) for one in ids if one)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=28, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, eos_token_id=0
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def windowed():
    """A sliding window of three tokens in every other layer."""
    torch.manual_seed(1)
    config = Gemma2Config(
        vocab_size=28,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        head_dim=8,
        num_key_value_heads=1,
        sliding_window=3,
        query_pre_attn_scalar=8,
        initializer_range=0.5,
    )
    return Gemma2ForCausalLM(config).eval()


@pytest.mark.parametrize("kind", ["model", "windowed"])
def test_prompts_of_any_lengths_are_read_as_they_are_alone(kind, request):
    model = request.getfixturevalue(kind)
    for prompts, groups in (
        (["abc", "abcde", "abx"], None),
        (["abc"], None),
        (["x", "yz"], None),
        (["ab", "ab"], [1, 1]),
        (["shqai", "shqajkl", "shrrq", "shrrmnop", "shrrm"], "aabbb"),
        (["shqai", "shqajkl", "sh", "shm"], "aabb"),
    ):
        rows = [Letters().encode(one) for one in prompts]
        reading = read_prompts(model, rows, groups)
        alone = torch.stack([model(torch.tensor([row])).logits[0, -1] for row in rows])
        torch.testing.assert_close(reading.logits, alone, atol=1e-5, rtol=1e-4)
        reading.repeat(2)
        reading.keep([len(prompts)])
        reading.follow(model, [5])
        after = model(torch.tensor([[*rows[len(prompts) // 2], 5]])).logits[0, -1]
        torch.testing.assert_close(reading.logits[0], after, atol=1e-5, rtol=1e-4)


def test_samples_follow_the_models_distribution_and_carry_its_probabilities(model):
    drawn = sample(model, Letters(), ["ab", "xyz"], 600, Drawing(longest=3, temperature=1.5), batch=2)
    assert [len(row) for row in drawn] == [600, 600]
    probs = (model(torch.tensor([[1, 2]])).logits[0, -1] / 1.5).softmax(-1).detach().numpy()
    first = Counter((one.text or "\0")[0] for one in drawn[0] if len(one.log_probs) == 3 and len(one.text) == 3)
    assert abs(first["c"] / sum(first.values()) - probs[3] / (1 - probs[[0, 27]].sum())) < 0.05
    one = next(one for one in drawn[1] if len(one.text) == 3)
    ids = Letters().encode("xyz" + one.text)
    log_probs = model(torch.tensor([ids])).logits[0].log_softmax(-1).detach()
    expected = [float(log_probs[2 + i, ids[3 + i]]) for i in range(3)]
    np.testing.assert_allclose(one.log_probs, expected, atol=1e-4)
    entropies = torch.special.entr(log_probs[2:5].exp()).sum(-1)
    np.testing.assert_allclose(one.entropies, entropies, atol=1e-4)
    assert not one.ended
    assert all("\n" not in text.text for row in drawn for text in row)
    assert any(text.ended and len(text.log_probs) == len(text.text) + 1 for text in drawn[0])


def test_greedy_and_a_narrow_nucleus_take_the_likeliest_and_a_seed_repeats(model):
    greedy = sample(model, Letters(), ["ab"], 1, Drawing(longest=5, temperature=0))[0][0].text
    narrow = sample(model, Letters(), ["ab"], 4, Drawing(longest=5, top_p=1e-6))[0]
    assert {one.text for one in narrow} == {greedy}
    twice = [[one.text for one in sample(model, Letters(), ["ab"], 9, seed=3)[0]] for _ in range(2)]
    assert twice[0] == twice[1]
    assert twice[0] != [one.text for one in sample(model, Letters(), ["ab"], 9, seed=4)[0]]


def test_the_model_judges_the_commonest_answer(model):
    judge = Judgement(model, Letters(), template="q{question}a{answer}", certain="y", uncertain="n")
    samples = Samples.of([["c", "d", "d"], ["e", "f", "e"]], questions=["ab", "xyz"])
    found = judge(samples)
    for place, prompt in enumerate(("qabad", "qxyzae")):
        logits = model(torch.tensor([Letters().encode(prompt)])).logits[0, -1][[25, 14]]
        assert found[place] == pytest.approx(float(logits.softmax(-1)[1].detach()), abs=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda model: sample(model, Letters(), [], 2), "prompts has 0 texts"),
        (lambda model: sample(model, Letters(), ["a", ""], 2), "1 of them without tokens"),
        (lambda model: sample(model, Letters(), ["a"], 0), "count is 0"),
        (lambda _: Drawing(longest=0), "longest is 0"),
        (lambda _: Drawing(temperature=-1), "temperature is -1"),
        (lambda _: Drawing(top_p=0), "top_p is 0"),
        (lambda _: Drawing(stop=""), "stop is empty"),
        (lambda model: Judgement(model, Letters(), template="x"), "template is 'x'"),
        (lambda _: option_ids(Letters(), ["ab", "ac"]), "begin with the same token"),
        (lambda _: option_ids(Letters(), ["a"]), "1 labels, expected at least 2"),
        (lambda _: option_ids(Letters(), ["a", ""]), "the label '' has no token"),
        (lambda model: read_prompts(model, [[]]), "1 of them without tokens"),
        (lambda model: read_prompts(model, [[1]], [1, 2]), "2 groups and 1 prompts"),
    ],
)
def test_what_cannot_be_used_is_refused(model, call, words):
    with pytest.raises(InputError, match=words):
        call(model)
