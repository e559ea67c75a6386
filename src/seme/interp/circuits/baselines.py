"""Simpler ways to rank heads: how far their mean output moves, and patching to first order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seme.interp.activations import capturing
from seme.interp.circuits.patching import Effects, last_logits, logit_difference
from seme.interp.circuits.prompts import PromptPairs
from seme.interp.heads import head_sites, head_values


def attribution_patching(model: nn.Module, pairs: PromptPairs) -> Effects:
    """Estimate activation patching to first order, from one gradient (attribution patching, Nanda 2023).

    Parameters
    ----------
    model
        A causal language model; it is only read.
    pairs
        Positive and negative prompts.
    """
    negative = head_values(model, pairs.batch("negative"))
    with torch.enable_grad(), capturing(model, head_sites(model), grad=True) as values:
        difference = pairs.difference(last_logits(model, pairs, "positive"))
    positive = list(values.values())
    gradients = torch.autograd.grad(difference.sum(), positive)
    lost = [
        -(gradient * (other - own.detach())).sum((1, 3))
        for gradient, other, own in zip(gradients, negative, positive, strict=True)
    ]
    broken = logit_difference(model, pairs, "negative")
    return Effects(difference.detach().float().cpu(), broken, torch.stack(lost, dim=1).float().cpu(), 4)


def mean_difference(positive: Tensor, negative: Tensor) -> Tensor:
    """Return how far the mean output of each head moves between the two sides.

    Parameters
    ----------
    positive, negative
        Outputs of heads, (prompts, layers, heads, d).

    Returns
    -------
    Tensor of shape (layers, heads)
        Euclidean lengths.
    """
    moved: Tensor = (positive.mean(0) - negative.mean(0)).norm(dim=-1)
    return moved
