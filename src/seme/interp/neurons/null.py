"""What random vectors would look like beside neurons: without it, any vector seems to stand for some token."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import PreTrainedModel

from seme.interp.activations import unembedding
from seme.interp.neurons.mapping import moments
from seme.interp.neurons.projection import top_tokens
from seme.interp.neurons.readings import Reading, read_head, read_rows
from seme.interp.neurons.weights import neurons


def random_specialisation(
    model: PreTrainedModel, count: int, generator: torch.Generator, *, reading: Reading = "plain"
) -> Tensor:
    """Return how far the best token of random vectors stands above their mean logit, in standard deviations.

    The vectors are Gaussian and go through the same reading as neurons do; their norm does not matter, as `z` of a
    neuron does not change with its norm.

    Parameters
    ----------
    model
        A causal language model.
    count
        How many vectors.
    generator
        Of the random numbers, on the CPU.
    reading
        That of the map which this stands beside.

    Returns
    -------
    Tensor of shape (count,)
    """
    plain_head, final_gain = unembedding(model)
    head = read_head(reading, plain_head)
    drawn = torch.randn(count, head.shape[1], generator=generator).to(head)
    rows = read_rows(reading, drawn, neurons(model, 0, "up").read_gain, final_gain)
    best = top_tokens(rows, head, 1).scores[:, 0]
    mean, covariance = moments(head)
    wide = rows.double()
    spread = (wide @ covariance * wide).sum(1).clamp_min(0).sqrt()
    return ((best.double() - wide @ mean) / spread).cpu()
