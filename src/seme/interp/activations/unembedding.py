"""What stands between the residual stream and the logits: the last norm's gain and the LM head."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seme.errors import InputError

LAST_NORMS = ("norm", "ln_f", "final_layer_norm")


def unembedding(model: nn.Module) -> tuple[Tensor, Tensor]:
    """Return the LM head, shape (V, d), and the gain of the norm before it, shape (d,).

    Raises
    ------
    InputError
        If the model has no LM head, or no norm that is known before it.
    """
    given: Any = model  # of transformers, or refused
    head = given.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if not isinstance(head, nn.Linear):
        raise InputError(f"{type(model).__name__} has no LM head", hint="Load it as AutoModelForCausalLM.")
    for name in LAST_NORMS:
        norm = getattr(given.base_model, name, None)
        if isinstance(norm, nn.Module):
            return head.weight.detach(), norm_gain(norm)
    raise InputError(f"{type(given.base_model).__name__} has no last norm among {', '.join(LAST_NORMS)}")


@torch.no_grad()
def norm_gain(norm: nn.Module) -> Tensor:
    """Return what a norm multiplies by. Asked of the module, as Gemma's norms store the gain less one."""
    weight = norm.weight
    if not isinstance(weight, Tensor):
        raise InputError(f"{type(norm).__name__} has no gain")
    if isinstance(norm, nn.LayerNorm):
        return weight.detach()
    gain: Tensor = norm(torch.ones_like(weight))
    return gain.detach()
