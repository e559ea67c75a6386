"""The map of a whole model: every feed-forward neuron and the tokens it stands for (arXiv 2501.02688)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.activations import unembedding
from seme.interp.neurons.projection import top_tokens
from seme.interp.neurons.readings import Reading, read_head, read_rows
from seme.interp.neurons.weights import Kind, layer_count, neurons


@dataclass(frozen=True, slots=True)
class NeuronMap:
    """The best tokens of every neuron of some layers.

    Attributes
    ----------
    layers
        Numbers of the layers, in the order of the first axis.
    ids, scores
        The `k` best tokens and their logits, shape (L, F, k).
    log_normaliser
        Log-sum-exp of the logits over the vocabulary, shape (L, F).
    mean, spread
        Mean and standard deviation of the logits over the vocabulary, shape (L, F).
    """

    kind: Kind
    reading: Reading
    layers: tuple[int, ...]
    ids: Tensor
    scores: Tensor
    log_normaliser: Tensor
    mean: Tensor
    spread: Tensor

    @property
    def tokens(self) -> Tensor:
        """Return the best token of each neuron, shape (L, F)."""
        return self.ids[..., 0]

    @property
    def confidence(self) -> Tensor:
        """Return the soft-max probability of the best token, shape (L, F). Its scale is that of the weights."""
        return (self.scores[..., 0] - self.log_normaliser).exp()

    @property
    def z(self) -> Tensor:
        """Return how many standard deviations the best token stands above the neuron's mean logit, shape (L, F)."""
        return (self.scores[..., 0] - self.mean) / self.spread

    @property
    def margin(self) -> Tensor:
        """Return the lead of the best token over the second, in the neuron's standard deviations, shape (L, F)."""
        return (self.scores[..., 0] - self.scores[..., 1]) / self.spread

    def save(self, path: Path) -> None:
        """Write the map as one safetensors file, whole or not at all."""
        fields = ("ids", "scores", "log_normaliser", "mean", "spread")
        about = {"kind": self.kind, "reading": self.reading, "layers": list(self.layers)}
        beside = path.with_name(path.name + ".part")
        save_file({name: getattr(self, name) for name in fields}, beside, {"map": json.dumps(about)})
        beside.replace(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a saved map.

        Raises
        ------
        InputError
            If the file is not a map.
        """
        with safe_open(path, framework="pt") as stored:
            about = json.loads((stored.metadata() or {}).get("map", "null"))
            if about is None:
                raise InputError(f"{path} is not a map of neurons")
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118  # not a mapping
        return cls(about["kind"], about["reading"], tuple(about["layers"]), **tensors)


def neuron_map(
    model: PreTrainedModel,
    *,
    kind: Kind = "up",
    reading: Reading = "plain",
    k: int = 10,
    layers: Sequence[int] | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> NeuronMap:
    """Map the neurons of a model to the tokens that their weights point at, from the weights alone.

    Parameters
    ----------
    model
        A causal language model of the transformers library. It is only read.
    kind
        `up` or `gate`: what the neuron reads. `down`: what it writes.
    layers
        All if not given.
    progress
        Wraps the iteration over the layers.

    Raises
    ------
    InputError
        If a layer does not exist, the model has no such projection, or the reading does not fit the kind.
    """
    if kind == "down" and reading.startswith("read-gain"):
        raise InputError(f"reading is {reading!r}, but 'down' does not read: take 'final-gain' or one without a gain")
    chosen = tuple(range(layer_count(model)) if layers is None else layers)
    plain_head, final_gain = unembedding(model)
    head = read_head(reading, plain_head)
    mean, covariance = moments(head)
    parts = []
    for layer in progress(chosen):
        found = neurons(model, layer, kind)
        rows = read_rows(reading, found.rows, found.read_gain, final_gain).contiguous()
        top = top_tokens(rows, head, k)
        wide = rows.double()
        spread = (wide @ covariance * wide).sum(1).clamp_min(0).sqrt()
        parts.append((top.ids, top.scores, top.log_normaliser, (wide @ mean).float(), spread.float()))
    return NeuronMap(kind, reading, chosen, *(torch.stack(column).cpu() for column in zip(*parts, strict=True)))


def moments(head: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and covariance of the head's rows in float64: with them, those of the logits need no logits."""
    mean = head.mean(0, dtype=torch.float64)
    second = torch.zeros(head.shape[1], head.shape[1], dtype=torch.float64, device=head.device)
    for chunk in head.split(8192):
        centred = (chunk.double() - mean).to(head.dtype)  # products of centred rows lose nothing that matters
        second += (centred.T @ centred).double()
    return mean, second / len(head)
