"""What modules write and where attention looks, against the model's own tensors and closed forms."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from interp.consistency.test_consistency import Letters
from seme.errors import InputError
from seme.interp.activations import capture
from seme.interp.consistency import attention_mass, read_modules

PROMPTS = ["abcde", "abxyzwv", "q"]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=26, hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.model.norm.weight.copy_(torch.rand(16) + 0.5)
    return model


def test_modules_write_what_they_write_alone_and_lift_what_the_head_says(model):
    found = read_modules(model, Letters(), PROMPTS, ("t", ["f", "g"]), top=5, batch=2)
    assert found.attention.shape == found.ffn.shape == (3, 3, 16)
    assert found.promoting.shape == (3, 3, 2)
    # For two labels, what is above their mean on one side is below it on the other.
    np.testing.assert_allclose(found.promoting.sum(2), 1)
    head = (model.lm_head.weight * model.model.norm.weight).detach()
    sides = torch.stack([head[19], head[5] + head[6]])
    for row, prompt in enumerate(PROMPTS):
        values = capture(
            model, {"input_ids": torch.tensor([Letters().encode(prompt)])}, ["attn.*", "mlp.*", "mlp.*.neurons"]
        )
        for block in range(3):
            for name, ours in (("attn", found.attention), ("mlp", found.ffn)):
                np.testing.assert_allclose(ours[row, block], values[f"{name}.{block}"][0, -1], atol=1e-5)
            pieces = model.model.layers[block].mlp.down_proj.weight.T * values[f"mlp.{block}.neurons"][0, -1][:, None]
            strongest = pieces.norm(dim=1).argsort(descending=True)[:5]
            lifts = pieces[strongest].detach() @ sides.T
            expected = float((lifts[:, 0] > lifts[:, 1]).float().mean())
            assert found.promoting[row, block, 0] == pytest.approx(expected)


def test_attention_that_does_not_choose_looks_at_every_token_alike(model):
    torch.manual_seed(1)
    flat = LlamaForCausalLM(model.config).eval()
    before = flat.config._attn_implementation
    with torch.no_grad():
        for block in flat.model.layers:
            block.self_attn.q_proj.weight.zero_()
    mass = attention_mass(flat, Letters(), [("abc", "", "de", "f"), ("a", "bcd", "", "e")])
    assert mass.shape == (2, 3, 4)
    np.testing.assert_allclose(mass[:, 0], [[3 / 6, 0, 2 / 6, 1 / 6], [1 / 5, 3 / 5, 0, 1 / 5]], atol=1e-6)
    np.testing.assert_allclose(mass, np.broadcast_to(mass[:, :1], mass.shape), atol=1e-6)
    assert flat.config._attn_implementation == before
    np.testing.assert_allclose(attention_mass(model, Letters(), [("ab", "cde")]).sum(2), 1, atol=1e-6)


def test_what_cannot_be_read_is_refused(model):
    with pytest.raises(InputError, match="0 prompts"):
        read_modules(model, Letters(), [], ("t", "f"))
    with pytest.raises(InputError, match="top is 25, expected 1 to 24"):
        read_modules(model, Letters(), ["a"], ("t", "f"), top=25)
    for wrong in ([], [("a", "b"), ("a",)], [("", "")]):
        with pytest.raises(InputError, match="parts"):
            attention_mass(model, Letters(), wrong)
