"""Any loss of vectors, at every size: what makes an encoder's prefixes embeddings of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from seme.embeddings.matryoshka.nesting import checked_dims, checked_weights, prefix
from seme.errors import InputError


class MatryoshkaLoss(nn.Module):
    """`sum_m c_m loss(norm(a_{1:m}), norm(b_{1:m}), ...)` (Kusupati et al. 2022, section 3 and appendix on ALIGN).

    The same as sentence-transformers' loss of that name over the same sizes and weights.

    Parameters
    ----------
    base
        Any loss of vectors: of tensors (..., d), and of named arguments, to a scalar; e.g. `ContrastiveLoss`.
    dims
        Nesting list, rising; it should end with the whole width, which is not trained otherwise.
    weights
        Importance c_m, 1 by default.
    normalise
        Whether each prefix has unit norm again, as a prefix of a unit vector has not. By default it has, unless the
        base takes cosines anyway (its `similarity` is `cosine`), which is the same and half the work.
    dims_per_step
        How many sizes are drawn at each step, all if not given.
    also
        Names of arguments of the base that are vectors, too, and are cut.

    Raises
    ------
    InputError
        If a setting cannot be used.

    Examples
    --------
    >>> from seme.embeddings.contrastive import ContrastiveLoss
    >>> loss = MatryoshkaLoss(ContrastiveLoss(), [2, 4])
    >>> bool(loss(torch.eye(4), torch.eye(4)) > ContrastiveLoss()(torch.eye(4), torch.eye(4)))
    True
    """

    def __init__(
        self,
        base: Callable[..., torch.Tensor],
        dims: Sequence[int],
        *,
        weights: Sequence[float] | None = None,
        normalise: bool | None = None,
        dims_per_step: int | None = None,
        also: Sequence[str] = ("hard", "queue"),
    ) -> None:
        super().__init__()
        self.base, self.dims = base, checked_dims(dims)
        self.weights = checked_weights(weights, self.dims)
        self.normalise = getattr(base, "similarity", None) != "cosine" if normalise is None else normalise
        if dims_per_step is not None and not 1 <= dims_per_step <= len(self.dims):
            raise InputError(f"dims_per_step is {dims_per_step}, expected 1 to {len(self.dims)}, or None for all")
        self.dims_per_step, self.also = dims_per_step, frozenset(also)

    def forward(self, *vectors: torch.Tensor, generator: torch.Generator | None = None, **given: Any) -> torch.Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        *vectors
            E.g. queries (q, d) and documents (n, d); all are cut alike.
        generator
            Draws the sizes, where `dims_per_step` asks for some.
        **given
            For the base; those that `also` names are cut, and `None` stays.

        Raises
        ------
        InputError
            If there are no vectors, or not all have one width, of at least the largest size.
        """
        cut = {name: one for name, one in given.items() if name in self.also and one is not None}
        widths = {one.shape[-1] for one in (*vectors, *cut.values())}
        if not vectors or len(widths) != 1:
            raise InputError(f"vectors have widths {sorted(widths)}, expected one width for all")
        checked_dims(self.dims, widths.pop())
        terms = []
        for place in self._drawn(generator):
            dim = self.dims[place]
            named = {**given, **{name: self._prefix(one, dim) for name, one in cut.items()}}
            terms.append(self.weights[place] * self.base(*(self._prefix(one, dim) for one in vectors), **named))
        return torch.stack(terms).sum()

    def _prefix(self, vectors: torch.Tensor, dim: int) -> torch.Tensor:
        return prefix(vectors, dim, normalise=self.normalise)

    def _drawn(self, generator: torch.Generator | None) -> Sequence[int]:
        if self.dims_per_step is None:
            return range(len(self.dims))
        found: list[int] = torch.randperm(len(self.dims), generator=generator)[: self.dims_per_step].tolist()
        return sorted(found)
