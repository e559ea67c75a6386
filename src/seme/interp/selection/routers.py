"""Router scores of a mixture of experts as embeddings of samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations.capturing import on_device


@torch.no_grad()
def embed_routers(model: nn.Module, batches: Iterable[Mapping[str, Any]], *, first: int = 1) -> npt.NDArray[np.float32]:
    """Return how strongly each sample addresses each expert, averaged over its tokens (arXiv 2503.15573, ablations).

    Parameters
    ----------
    model
        A mixture of experts of transformers whose outputs have `router_logits`, in evaluation mode.
    batches
        Dicts with `input_ids` and `attention_mask`, both (samples, tokens), padded on the right.
    first
        Tokens at the beginning of each sample that are left out.

    Returns
    -------
    ndarray of shape (samples, layers * experts)
        Probabilities, so that each layer's sum to 1.

    Raises
    ------
    InputError
        If the model has no routers, there is no batch, or no token of a sample is left.
    """
    found = [_embed(model, batch, first) for batch in batches]
    if not found:
        raise InputError("there are no batches")
    return np.concatenate(found)


def _embed(model: nn.Module, batch: Mapping[str, Any], first: int) -> npt.NDArray[np.float32]:
    mask: torch.Tensor = batch["attention_mask"].cpu() != 0
    kept = mask & (mask.cumsum(dim=1) > first)
    if not kept.any(dim=1).all():
        raise InputError(f"a sample has no token after the first {first}", hint="Leave it out, or lower first")
    try:
        output = model(**on_device(batch, model), output_router_logits=True)
    except TypeError as error:
        raise _without_routers(model) from error
    logits = [one for one in getattr(output, "router_logits", None) or () if one is not None]
    if not logits:
        raise _without_routers(model)
    weights = kept.double() / kept.sum(dim=1, keepdim=True)
    shares = [
        torch.einsum("bt,bte->be", weights, one.double().softmax(-1).cpu().view(*mask.shape, -1)) for one in logits
    ]
    return torch.cat(shares, dim=1).float().numpy()


def _without_routers(model: nn.Module) -> InputError:
    return InputError(
        f"{type(model).__name__} has no routers",
        hint="Router scores are those of a mixture of experts, such as Mixtral or OLMoE",
    )
