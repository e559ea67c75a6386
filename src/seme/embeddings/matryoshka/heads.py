"""Linear classifiers of every size over one vector: apart (MRL) or slices of one (MRL-E), and their loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.matryoshka.nesting import checked_dims, checked_weights, prefix
from seme.errors import InputError


def nested_logits(
    vectors: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, dims: Sequence[int]
) -> tuple[torch.Tensor, ...]:
    """Return `z_{1:m} W_{:, 1:m}' + b` of each size, (..., L) each (MRL-E; Kusupati et al. 2022, section 3).

    Each size adds its own coordinates to what the size before gave, so that all cost as much as the largest alone. With
    the word vectors of a language model as `weight` these are its nested predictions of masked words.

    Parameters
    ----------
    vectors
        (..., d).
    weight, bias
        (L, d) and (L,), of which all sizes take slices; the same bias for all.
    dims
        Sizes, rising.

    Raises
    ------
    InputError
        If a shape does not fit.
    """
    width = vectors.shape[-1]
    if weight.ndim != 2 or weight.shape[1] != width:
        raise InputError(f"weight is {tuple(weight.shape)}, expected (L, {width}), as wide as the vectors")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise InputError(f"bias is {tuple(bias.shape)}, expected ({weight.shape[0]},), as many as the weight's rows")
    start, found = 0, []
    total: torch.Tensor | None = None
    for dim in checked_dims(dims, width):
        part = F.linear(vectors[..., start:dim], weight[:, start:dim], bias if total is None else None)
        total = part if total is None else total + part
        start = dim
        found.append(total)
    return tuple(found)


class SeparateHeads(nn.Module):
    """MRL: a linear head W^(m) in R^{L x m} for each size.

    Parameters
    ----------
    dims
        Nesting list, rising.
    classes
        L.
    bias
        Whether heads have one.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(self, dims: Sequence[int], classes: int, *, bias: bool = True) -> None:
        super().__init__()
        self.dims = checked_dims(dims)
        self.heads = nn.ModuleList(nn.Linear(dim, _positive(classes), bias=bias) for dim in self.dims)

    def forward(self, vectors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the logits (..., L) of each size, for vectors (..., d)."""
        return tuple(head(prefix(vectors, dim)) for dim, head in zip(self.dims, self.heads, strict=True))

    def logits(self, vectors: torch.Tensor, dim: int) -> torch.Tensor:
        """Return the logits of one size.

        Raises
        ------
        InputError
            If there is no head for it: sizes in between have none here.
        """
        if dim not in self.dims:
            raise InputError(f"dim is {dim}, expected one of {', '.join(map(str, self.dims))}: each has its own head")
        found: torch.Tensor = self.heads[self.dims.index(dim)](prefix(vectors, dim))
        return found


class TiedHeads(nn.Module):
    """MRL-E: one head W in R^{L x d}, whose first m columns are the head of size m, with one bias for all.

    Parameters
    ----------
    dims, classes, bias
        As for `SeparateHeads`.
    """

    def __init__(self, dims: Sequence[int], classes: int, *, bias: bool = True) -> None:
        super().__init__()
        self.dims = checked_dims(dims)
        self.head = nn.Linear(self.dims[-1], _positive(classes), bias=bias)

    def forward(self, vectors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the logits (..., L) of each size, for vectors (..., d)."""
        return nested_logits(prefix(vectors, self.dims[-1]), self.head.weight, self.head.bias, self.dims)

    def logits(self, vectors: torch.Tensor, dim: int) -> torch.Tensor:
        """Return the logits of any size from 1 to d, trained or not.

        Raises
        ------
        InputError
            If the size exceeds the head's.
        """
        return nested_logits(prefix(vectors, self.dims[-1]), self.head.weight, self.head.bias, (dim,))[0]


class NestedCrossEntropy(nn.Module):
    """The sum over sizes of `c_m CE(logits_m, y)` (Kusupati et al. 2022, eq. 1); a sum, not a mean.

    Parameters
    ----------
    dims
        Nesting list, rising; the order of the logits.
    weights
        Importance c_m, 1 by default.
    label_smoothing
        As in `torch.nn.functional.cross_entropy`.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(
        self, dims: Sequence[int], *, weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise InputError(f"label_smoothing is {label_smoothing}, expected 0 <= label_smoothing < 1")
        self.dims = checked_dims(dims)
        self.weights, self.label_smoothing = checked_weights(weights, self.dims), label_smoothing

    def forward(self, logits: Sequence[torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        logits
            Of each size, (n, L).
        targets
            Classes, integers (n,).

        Raises
        ------
        InputError
            If there are not as many logits as sizes.
        """
        if len(logits) != len(self.dims):
            raise InputError(f"there are logits of {len(logits)} sizes, expected {len(self.dims)}")
        terms = [
            weight * F.cross_entropy(one, targets, label_smoothing=self.label_smoothing)
            for weight, one in zip(self.weights, logits, strict=True)
        ]
        return torch.stack(terms).sum()


def _positive(classes: int) -> int:
    if classes < 1:
        raise InputError(f"classes is {classes}, expected at least 1")
    return classes
