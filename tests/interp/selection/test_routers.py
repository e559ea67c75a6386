"""Router scores of a small mixture of experts, beside what its routers compute by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, OlmoeConfig, OlmoeForCausalLM

from seme.errors import InputError
from seme.interp.activations import capture
from seme.interp.selection import embed_routers

SIZES = {"vocab_size": 50, "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def mixture():
    torch.manual_seed(0)
    config = OlmoeConfig(**SIZES, num_hidden_layers=2, num_experts=4, num_experts_per_tok=2, pad_token_id=0)
    return OlmoeForCausalLM(config).eval()


def batch(rows=3, tokens=6):
    ids = torch.randint(1, 50, (rows, tokens), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[0, 4:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def test_scores_are_the_routers_probabilities_averaged_over_the_tokens_that_count(mixture):
    given = batch()
    found = embed_routers(mixture, [given])
    assert found.shape == (3, 2 * 4)
    assert np.allclose(found.reshape(3, 2, 4).sum(axis=2), 1.0, atol=1e-5)
    for layer in range(2):
        block = mixture.model.layers[layer]
        path = f"model.layers.{layer}.post_attention_layernorm"
        inputs = capture(mixture, given, path)[path]
        logits = torch.nn.functional.linear(inputs, block.mlp.gate.weight)
        shares = logits.double().softmax(-1)
        expected = torch.stack([shares[0, 1:4].mean(0), shares[1, 1:].mean(0), shares[2, 1:].mean(0)])
        assert np.allclose(found[:, 4 * layer : 4 * layer + 4], expected.detach(), atol=1e-5)


def test_padding_and_batches_change_nothing(mixture):
    whole = batch()
    parts = [{key: value[number : number + 1] for key, value in whole.items()} for number in range(3)]
    parts[0] = {key: value[:, :4] for key, value in parts[0].items()}
    assert np.allclose(embed_routers(mixture, [whole]), embed_routers(mixture, parts), atol=1e-5)


def test_what_has_no_routers_or_no_tokens_is_refused(mixture):
    with pytest.raises(InputError, match="LlamaForCausalLM has no routers"):
        embed_routers(LlamaForCausalLM(LlamaConfig(**SIZES, num_hidden_layers=1)).eval(), [batch()])
    with pytest.raises(InputError, match="no token after the first 5"):
        embed_routers(mixture, [batch()], first=5)
    with pytest.raises(InputError, match="no batches"):
        embed_routers(mixture, [])
