"""Small random models of two families, and pairs of prompts."""

from __future__ import annotations

import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedModel

from seme.interp.circuits import PromptPairs

CONFIGS = {
    "grouped-query": LlamaConfig(
        vocab_size=61,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    ),
    "conv1d-with-bias": GPT2Config(vocab_size=61, n_embd=16, n_layer=3, n_head=4, n_positions=16),
}


def causal(kind: str = "grouped-query", *, size: float = 0.4) -> PreTrainedModel:
    """Return a float64 model with random weights and biases."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[kind]).eval().double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=size)
    return model


def prompts(count: int = 4, tokens: int = 5) -> PromptPairs:
    """Return random pairs that differ in their third token."""
    ids = torch.randint(61, (count, tokens), generator=torch.Generator().manual_seed(3))
    other = ids.clone()
    other[:, 2] = (ids[:, 2] + 7) % 61
    return PromptPairs("random", ids, other, ((1, 2),) * count, ((3,),) * count)
