"""Tiny random models of every family, each with a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers as hf
from torch import nn

LAYERS, WIDTH, HEADS, HIDDEN, WORDS = 3, 32, 4, 48, 61
_SIZES: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": HIDDEN,
    "vocab_size": WORDS,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GROUPED: dict[str, Any] = {**_SIZES, "num_key_value_heads": 2}
_GEMMA: dict[str, Any] = {**_GROUPED, "head_dim": 16, "sliding_window": 4}
_GPT2: dict[str, Any] = {"n_embd": WIDTH, "n_layer": LAYERS, "n_head": HEADS, "n_inner": HIDDEN, "n_positions": 64}
_VIT: dict[str, Any] = {"image_size": 16, "patch_size": 4, "num_labels": 3}

FAMILIES: dict[str, Callable[[], nn.Module]] = {
    "llama": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**_GROUPED)),
    "gpt2": lambda: hf.GPT2LMHeadModel(
        hf.GPT2Config(**_GPT2, vocab_size=WORDS, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    ),
    "gpt_neox": lambda: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**_SIZES)),
    "gpt_neox_serial": lambda: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**_SIZES, use_parallel_residual=False)),
    "gemma": lambda: hf.GemmaForCausalLM(hf.GemmaConfig(**_GROUPED, head_dim=16)),
    "gemma2": lambda: hf.Gemma2ForCausalLM(hf.Gemma2Config(**_GEMMA)),
    "gemma3": lambda: hf.Gemma3ForCausalLM(hf.Gemma3TextConfig(**_GEMMA)),
    "qwen2": lambda: hf.Qwen2ForCausalLM(hf.Qwen2Config(**_GROUPED)),
    "qwen3": lambda: hf.Qwen3ForCausalLM(hf.Qwen3Config(**_GROUPED, head_dim=16)),
    "bert": lambda: hf.BertForMaskedLM(hf.BertConfig(**_SIZES)),
    "vit": lambda: hf.ViTForImageClassification(
        hf.ViTConfig(**{k: v for k, v in _SIZES.items() if k not in ("vocab_size", "max_position_embeddings")}, **_VIT)
    ),
}
TEXT_FAMILIES = [name for name in FAMILIES if name != "vit"]


def make_model(family: str) -> nn.Module:
    """Return a model in evaluation mode, the same at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FAMILIES[family]().eval()


def make_batch(family: str, *, sequences: int = 2, tokens: int = 9, padding: str = "right") -> dict[str, torch.Tensor]:
    """Return a batch; of more than one sequence the first is padded by three tokens."""
    generator = torch.Generator().manual_seed(1)
    if family == "vit":
        return {"pixel_values": torch.randn(sequences, 3, 16, 16, generator=generator)}
    ids = torch.randint(3, WORDS, (sequences, tokens), generator=generator)
    mask = torch.ones_like(ids)
    if sequences > 1 and padding == "right":
        mask[0, -3:] = 0
    elif sequences > 1:
        mask[0, :3] = 0
    return {"input_ids": ids * mask, "attention_mask": mask}


def hook_count(model: nn.Module) -> int:
    """Return the number of hooks on all modules of a model."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


def first_tensor(output: Any) -> torch.Tensor:
    """Return the logits (or whatever comes first) of a model's output."""
    tensor = next(iter(output.values()))
    assert isinstance(tensor, torch.Tensor)
    return tensor
