"""The method from head outputs to scores (arXiv 2405.12522, steps 3 to 6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seme.errors import InputError
from seme.interp.circuits.autoencoder import Codes, HeadAutoencoder
from seme.interp.circuits.scores import Floats, edge_scores, heads_of_edges, node_scores


@dataclass(frozen=True, slots=True)
class Identification:
    """What the codes say of heads and pairs of heads.

    Attributes
    ----------
    positive, negative
        Codes, (prompts, layers, heads).
    nodes, normalised
        `node_scores`, plain and normalised, (layers, heads).
    edges
        `edge_scores`, (layers * heads, layers * heads).
    by_edges
        `heads_of_edges`, (layers, heads).
    """

    positive: Codes
    negative: Codes
    nodes: Floats
    normalised: Floats
    edges: Floats
    by_edges: Floats

    def shuffled(self, rng: np.random.Generator) -> Floats:
        """Return the scores of nodes with the sides of the prompts drawn at random: what chance gives."""
        pooled = rng.permutation(np.concatenate([self.positive, self.negative]))
        return node_scores(pooled[: len(self.positive)], pooled[len(self.positive) :])


def training_prompts(positive: Tensor, negative: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Draw prompts of both sides at random, for the autoencoder.

    Parameters
    ----------
    positive, negative
        Outputs of heads, (prompts, layers, heads, d).
    count
        How many prompts in all.
    rng
        Of the choice.

    Raises
    ------
    InputError
        If there are not so many.
    """
    both = torch.cat([positive, negative])
    if not 1 <= count <= len(both):
        raise InputError(f"count is {count}; it may be 1 to the {len(both)} prompts")
    return both[torch.from_numpy(rng.choice(len(both), count, replace=False))]


def identify(positive: Tensor, negative: Tensor, autoencoder: HeadAutoencoder) -> Identification:
    """Score heads and pairs of heads with a trained autoencoder.

    Parameters
    ----------
    positive, negative
        Outputs of heads on as many prompts each, (prompts, layers, heads, d).
    autoencoder
        Trained on some of them.

    Raises
    ------
    InputError
        If the sides differ in shape, are empty, or hold NaN.
    """
    first, second = autoencoder.codes(positive), autoencoder.codes(negative)
    nodes = node_scores(first, second)
    edges = edge_scores(first, second)
    by_edges = heads_of_edges(edges, (nodes.shape[0], nodes.shape[1]))
    return Identification(first, second, nodes, node_scores(first, second, normalise=True), edges, by_edges)
