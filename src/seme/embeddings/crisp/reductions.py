"""Fewer vectors of each text, in training and in use: clusters, and what they are compared with (CRISP 2025, 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch.nn import functional as F

from seme.embeddings.crisp.kmeans import masked_kmeans
from seme.errors import InputError
from seme.retrieval.multivector.clustering import Method, Start, ward

Side = Literal["query", "document"]


class Reduced(NamedTuple):
    """Vectors (n, length, d) of padded texts, and which are vectors (n, length), truth values."""

    vectors: torch.Tensor
    mask: torch.Tensor


@runtime_checkable
class Reduction(Protocol):
    """From all vectors of texts to those that stand for them."""

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:
        """Reduce padded texts (n, length, d); gradients go through."""


@dataclass(frozen=True, slots=True)
class All:
    """Every vector: the plain multi-vector model (MV)."""

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:  # noqa: ARG002  # the protocol has it
        """Return what is given."""
        return Reduced(vectors, _real(vectors, mask))


@dataclass(frozen=True, slots=True)
class Single:
    """One vector (SV): the mean of all, or the last one."""

    which: Literal["mean", "last"] = "mean"

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:
        """Return one vector of each text (n, 1, d)."""
        real = _real(vectors, mask)
        if self.which == "mean":
            return means(vectors, torch.where(real, 0, -1))
        return Tail(1, 1)(vectors, real, side)


@dataclass(frozen=True, slots=True)
class Tail:
    """The last vectors of a text (Tail kq x kd)."""

    queries: int
    documents: int

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:
        """Return the last vectors of each text, all of a shorter one."""
        real = _real(vectors, mask)
        kept = real & (real.flip(1).cumsum(1).flip(1) <= _count(self, side))
        return _compact(vectors, kept)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Every `step`-th vector of a text, from its first (K-spacing)."""

    step: int

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:  # noqa: ARG002  # the protocol has it
        """Return every `step`-th vector."""
        real = _real(vectors, mask)
        return _compact(vectors, real & ((real.cumsum(1) - 1) % self.step == 0))


@dataclass(frozen=True, slots=True)
class Clusters:
    """The means of clusters of a text's vectors (CRISP): a fixed number of them (C kq x kd), or a share (C25, C50).

    The clusters are constants; a mean's gradient is shared out equally to its members. Empty clusters and padding have
    no vector.

    Parameters
    ----------
    queries, documents
        Clusters of a query and of a document; a text that has fewer vectors keeps all.
    ratio
        Instead: clusters as a share of the vectors, rounded down, one at least.
    method
        `kmeans`, or `agglomerative` (Ward's), which takes one text after another.
    start, iterations
        Of k-means.
    normalise
        Whether means are brought to unit length.
    sides
        Which texts are reduced; CRISP reduces both, clustering after training often documents alone.
    """

    queries: int | None = None
    documents: int | None = None
    ratio: float | None = None
    method: Method = "kmeans"
    start: Start = "strided"
    iterations: int = 10
    normalise: bool = False
    sides: tuple[Side, ...] = ("query", "document")

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        fixed = (self.queries, self.documents)
        if (self.ratio is None) == (None in fixed) or (self.ratio is not None and fixed != (None, None)):
            raise InputError(f"queries and documents are {fixed} and ratio {self.ratio}, expected both or the ratio")
        if self.ratio is not None and not 0 < self.ratio <= 1:
            raise InputError(f"ratio is {self.ratio}, expected a number above 0 and at most 1")
        if self.ratio is None and min(self.queries or 0, self.documents or 0) < 1:
            raise InputError(f"queries and documents are {fixed}, expected at least 1")

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:
        """Return the means of each text's clusters."""
        real = _real(vectors, mask)
        if side not in self.sides:
            return Reduced(vectors, real)
        found = means(vectors, self.labels(vectors, real, side))
        return Reduced(F.normalize(found.vectors, dim=-1), found.mask) if self.normalise else found

    def clusters(self, lengths: torch.Tensor, side: Side) -> torch.Tensor:
        """Return how many clusters texts of some lengths (n,) are put into."""
        if self.ratio is not None:
            return (self.ratio * lengths).long().clamp(min=1)
        return lengths.clamp(max=int((self.queries if side == "query" else self.documents) or 1))

    def labels(self, vectors: torch.Tensor, mask: torch.Tensor, side: Side) -> torch.Tensor:
        """Return the cluster of each vector (n, length), -1 for padding."""
        clusters = self.clusters(mask.sum(1), side)
        if self.method == "kmeans":
            return masked_kmeans(vectors.detach().float(), mask, clusters, start=self.start, iterations=self.iterations)
        labels = torch.full(mask.shape, -1, device=vectors.device)
        for row, count in enumerate(clusters.tolist()):
            one = vectors[row][mask[row]].detach().float().cpu().numpy()
            labels[row][mask[row]] = torch.from_numpy(ward(np.ascontiguousarray(one), count)).to(labels.device)
        return labels


def means(vectors: torch.Tensor, labels: torch.Tensor) -> Reduced:
    """Return the means (n, k, d) of the vectors of each label, with gradients; labels of -1 are left out."""
    numbers = torch.arange(int(labels.max()) + 1, device=vectors.device)
    members = (labels[..., None] == numbers).to(vectors.dtype)
    sizes = members.sum(1)
    return Reduced(members.transpose(1, 2) @ vectors / sizes.clamp(min=1)[..., None], sizes > 0)


_NAMES = re.compile(r"(?:c(?P<kq>\d+)x(?P<kd>\d+)|c(?P<share>\d+)|tail(?P<tq>\d+)x(?P<td>\d+)|k(?P<step>\d+))", re.I)


def reduction(name: str) -> Reduction:
    """Return a reduction by the paper's name: `MV`, `SV`, `C4x8`, `C25`, `Tail4x8`, `K2`.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name.upper() in ("MV", "SV"):
        return All() if name.upper() == "MV" else Single()
    found = _NAMES.fullmatch(name)
    numbers = {key: int(value) for key, value in found.groupdict().items() if value} if found else {}
    if not numbers or min(numbers.values()) < 1 or numbers.get("share", 1) > 100:
        raise InputError(f"name is {name!r}, expected MV, SV, C4x8, C25, Tail4x8 or K2, with any numbers above 0")
    if "kq" in numbers:
        return Clusters(numbers["kq"], numbers["kd"])
    if "tq" in numbers:
        return Tail(numbers["tq"], numbers["td"])
    return Clusters(ratio=numbers["share"] / 100) if "share" in numbers else Spacing(numbers["step"])


def _count(one: Tail, side: Side) -> int:
    count = one.queries if side == "query" else one.documents
    if count < 1:
        raise InputError(f"a tail is {count} vectors long, expected at least 1")
    return count


def _real(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    if vectors.ndim != 3 or mask.shape != vectors.shape[:2]:
        raise InputError(
            f"vectors are {tuple(vectors.shape)} and mask {tuple(mask.shape)}, expected (n, l, d) and (n, l)"
        )
    real = mask.bool()
    if not bool(real.any(1).all()):
        raise InputError("a text of the batch has no vector", hint="Leave empty texts out")
    return real


def _compact(vectors: torch.Tensor, kept: torch.Tensor) -> Reduced:
    """Move what is kept of each text to the front, and cut what no text needs."""
    most = int(kept.sum(1).max())
    order = kept.long().argsort(dim=1, descending=True, stable=True)[:, :most]
    moved = vectors.gather(1, order[..., None].expand(-1, -1, vectors.shape[2]))
    return Reduced(moved, kept.gather(1, order))
