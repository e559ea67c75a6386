"""What a model is asked: shared starts change nothing, and prompts of other lengths are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from seme.errors import InputError
from seme.interp.temporal import JUDGEMENT, last_token_values, rate_pairs, year_prompts

YEARS = [1525, 1990, 2024, 2500]


class Letters:
    """One token a character."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        assert not add_special_tokens
        return [ord(one) % 128 for one in text]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=128,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    made = LlamaForCausalLM(config).eval().double()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def test_hyphens_keep_digits_apart():
    assert year_prompts([1984, 5, 12], "Number") == ["Number: 1-9-8-4", "Number: 5", "Number: 1-2"]


def test_judgements_are_those_of_whole_prompts_in_both_orders(model):
    found = rate_pairs(model, Letters(), YEARS, least_mass=0, batch_size=2)

    def rating(first, second):
        text = JUDGEMENT.format(kind="year", Kind="Year", first=first, second=second)
        with torch.no_grad():
            logits = model(torch.tensor([Letters().encode(text, add_special_tokens=False)])).logits[0, -1]
        shares = logits.softmax(-1)[[ord(str(digit)) for digit in range(10)]]
        return float((shares / shares.sum()) @ torch.arange(10.0, dtype=torch.double) / 9)

    expected = (rating(1525, 2024) + rating(2024, 1525)) / 2
    assert found.similarity[0, 2] == pytest.approx(expected, abs=1e-6)
    assert np.allclose(found.similarity, found.similarity.T)
    assert (np.diag(found.similarity) == 1).all()
    assert found.asymmetry > 0
    assert 0 < found.mass < 1
    with pytest.raises(InputError, match="answers with a digit in"):
        rate_pairs(model, Letters(), YEARS, least_mass=0.99)


def test_values_are_those_of_the_last_token(model):
    prompts = year_prompts(YEARS)
    found = last_token_values(model, Letters(), prompts, ["resid.1", "mlp.0.neurons"], batch_size=3)
    assert found["mlp.0.neurons"].shape == (4, 32)
    with torch.no_grad():
        states = model(
            torch.tensor([Letters().encode(prompts[2], add_special_tokens=False)]), output_hidden_states=True
        ).hidden_states
    alone = last_token_values(model, Letters(), prompts[2:3], ["resid.0"])["resid.0"]
    assert alone[0] == pytest.approx(states[1][0, -1].float().numpy(), abs=1e-5)


def test_what_cannot_be_used_is_refused(model):
    with pytest.raises(InputError, match="all must have as many"):
        last_token_values(model, Letters(), ["Year: 9", "Year: 10"], ["resid.0"])
    with pytest.raises(InputError, match="there are 0 prompts"):
        last_token_values(model, Letters(), [], ["resid.0"])
    with pytest.raises(InputError, match=r"no site 'resid\.7'"):
        last_token_values(model, Letters(), ["a", "b"], ["resid.7"])
    with pytest.raises(InputError, match="all must have as many"):
        rate_pairs(model, Letters(), [9, 10, 100])
    with pytest.raises(InputError, match="kind is empty"):
        year_prompts(YEARS, " ")

    class Pairs(Letters):
        def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
            return [1, *super().encode(text, add_special_tokens=add_special_tokens)]

    with pytest.raises(InputError, match="a digit is more than one token"):
        rate_pairs(model, Pairs(), YEARS)
