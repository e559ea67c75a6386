"""Losses that make every layer and every width of one encoder useful: 2DMSE and ESE (Li et al. 2024, 2025).

All terms take the vectors of one forward pass: a list of what each layer gives, the last one at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.matryoshka2d.compression import principal_targets
from seme.errors import InputError

Base = Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]
"""From columns of vectors (columns, n, d) and labels to a scalar."""
Weighting = Literal["uniform", "linear", "log"]


def layer_weight(layer: int, weighting: Weighting) -> float:
    """Return the weight of layer 1, 2, …: 1, 1 / layer, or 1 / (1 + ln layer).

    Raises
    ------
    InputError
        If the weighting is unknown or the layer is not positive.
    """
    if layer < 1 or weighting not in ("uniform", "linear", "log"):
        raise InputError(f"layer is {layer} and weighting {weighting!r}, expected >= 1 and uniform, linear or log")
    return {"uniform": 1.0, "linear": 1 / layer, "log": 1 / (1 + math.log(layer))}[weighting]


def alignment(student: torch.Tensor, teacher: torch.Tensor, *, temperature: float = 1.0) -> torch.Tensor:
    """Return the divergence of the softmax over coordinates from the teacher's, times the temperature, a scalar.

    No gradient goes through the teacher, as in sentence-transformers; the first published code lets it.

    Parameters
    ----------
    student, teacher
        Vectors, (..., d).
    """
    logs = F.log_softmax(student.flatten(0, -2) / temperature, dim=-1)
    target = F.softmax(teacher.detach().flatten(0, -2) / temperature, dim=-1)
    return F.kl_div(logs, target, reduction="batchmean") * temperature


class TwoDimensionalLoss(nn.Module):
    """2DMSE: the last layer and one other, at full width and at one other, drawn anew at each step (v1).

    Parameters
    ----------
    base
        The loss of pairs.
    dims
        Widths that are drawn from, each below the full one.
    weighting
        Of layers: `linear` in the first code, `uniform` in the paper's text.
    align
        Weight of the alignment of the drawn layer with the last one; 0 for none.
    temperature
        Of the alignment.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(
        self,
        base: Base,
        dims: Sequence[int],
        *,
        weighting: Weighting = "linear",
        align: float = 1.0,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        if not dims or min(dims) < 1 or not temperature > 0 or align < 0:
            raise InputError(f"dims is {dims}, temperature {temperature}, align {align}: none may be empty or negative")
        layer_weight(1, weighting)
        self.base, self.dims, self.weighting = base, tuple(dims), weighting
        self.align, self.temperature = align, temperature

    def draw(self, layers: int, generator: torch.Generator | None = None) -> tuple[int, int]:
        """Return a layer from 1 to `layers` - 1, and a width."""
        if layers < 2:
            raise InputError(f"there are {layers} layers, expected at least 2")
        layer = int(torch.randint(1, layers, (), generator=generator))
        return layer, self.dims[int(torch.randint(len(self.dims), (), generator=generator))]

    def forward(
        self,
        layers: Sequence[torch.Tensor],
        labels: torch.Tensor | None = None,
        *,
        drawn: tuple[int, int] | None = None,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        layers
            Vectors of each layer from the first to the last, (columns, n, d) each.
        labels
            Of the pairs, for the base loss.
        drawn
            The layer and the width; drawn if not given.

        Raises
        ------
        InputError
            If the layer or the width is not there.
        """
        layer, dim = drawn or self.draw(len(layers), generator)
        if not 1 <= layer < len(layers):
            raise InputError(f"layer is {layer}, expected 1 to {len(layers) - 1}")
        last, prior, weight = layers[-1], layers[layer - 1], layer_weight(layer, self.weighting)
        total = self.base(last, labels) + weight * self.base(prior, labels)
        total = total + self.base(narrow(last, dim), labels) + weight * self.base(narrow(prior, dim), labels)
        return total + self.align * alignment(prior, last, temperature=self.temperature) if self.align else total


class EspressoLoss(nn.Module):
    """ESE: every layer at a narrow width, which also learns what compression of the full vectors would keep (v2).

    Layers 1 to N - 1 are learned from; the published code takes the embeddings in the place of layer N - 1.

    Parameters
    ----------
    base
        The loss of pairs.
    dim
        The narrow width k.
    temperature
        Of the alignment with the compressed vectors.
    compress
        Weight of what the compression adds; 0 for none.
    """

    def __init__(self, base: Base, dim: int, *, temperature: float = 1.0, compress: float = 1.0) -> None:
        super().__init__()
        if dim < 1 or not temperature > 0 or compress < 0:
            raise InputError(f"dim is {dim}, temperature {temperature}, compress {compress}: none may be negative")
        self.base, self.dim, self.temperature, self.compress = base, dim, temperature, compress

    def forward(self, layers: Sequence[torch.Tensor], labels: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss, a scalar; arguments as `TwoDimensionalLoss`.

        Raises
        ------
        InputError
            If there is one layer only, or fewer vectors than `dim` to compress.
        """
        if len(layers) < 2:
            raise InputError(f"there are {len(layers)} layers, expected at least 2")
        last = layers[-1]
        total = self.base(last, labels) + self.base(narrow(last, self.dim), labels)
        for number, vectors in enumerate(layers, 1):
            weight = layer_weight(number, "log") / (len(layers) - 1)
            if vectors is not last:
                total = total + weight * self.base(narrow(vectors, self.dim), labels)
            if self.compress:
                total = total + weight * self.compress * self._compression(vectors)
        return total

    def _compression(self, vectors: torch.Tensor) -> torch.Tensor:
        flat = vectors.flatten(0, 1)
        target, short = principal_targets(flat, self.dim), narrow(flat, self.dim)
        return F.mse_loss(short, target) + alignment(short, target, temperature=self.temperature)


def narrow(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Return the first coordinates of vectors (..., d).

    Raises
    ------
    InputError
        If there are fewer.
    """
    if not 1 <= dim <= vectors.shape[-1]:
        raise InputError(f"dim is {dim}, expected 1 to {vectors.shape[-1]}")
    return vectors[..., :dim]
