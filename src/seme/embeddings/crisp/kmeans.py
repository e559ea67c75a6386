"""k-means of every text's vectors at once: a batch of padded texts, each with clusters of its own."""

from __future__ import annotations

import torch

from seme.errors import InputError
from seme.retrieval.multivector.clustering import Start

_FAR = 1e15
"""Where a centre stands that nothing is to be near to; its square is a float32."""
_TINY = 1e-5
"""Of a vector's squared length: what a squared distance may be off by."""


@torch.no_grad()
def masked_kmeans(
    vectors: torch.Tensor,
    mask: torch.Tensor,
    clusters: torch.Tensor,
    *,
    start: Start | torch.Tensor = "strided",
    iterations: int = 10,
) -> torch.Tensor:
    """Return the cluster of every vector, integers (n, length); -1 for padding.

    Lloyd's iterations over the batch, without gradient. A cluster that lost all its vectors begins again at the vector
    of its text that is farthest from its centre; where there is none (equal vectors), it stays empty. The numbers are
    those of `seme.retrieval.multivector.clustering.kmeans`, up to gaps.

    Parameters
    ----------
    vectors
        (n, length, d).
    mask
        Which of them are vectors and not padding (n, length).
    clusters
        How many clusters each text is put into (n,), from 1 to its number of vectors.
    start
        `strided`, `farthest` (`Clustering` explains them), or the first centres (n, k, d), k being the most clusters.
    iterations
        At most.

    Raises
    ------
    InputError
        If shapes do not fit, a text has no vector, or a number of clusters is not one that it can have.
    """
    mask = _checked(vectors, mask, clusters, iterations)
    lengths, most = mask.sum(1), int(clusters.max())
    if isinstance(start, torch.Tensor):
        if start.shape != (len(vectors), most, vectors.shape[2]):
            raise InputError(f"start is {tuple(start.shape)}, expected ({len(vectors)}, {most}, {vectors.shape[2]})")
        centres = start.to(vectors.dtype)
    else:
        centres = _start(vectors, mask, lengths, clusters, start)
    numbers = torch.arange(most, device=vectors.device)
    used = numbers < clusters[:, None]
    centres = centres.masked_fill(~used[..., None], _FAR)
    squares = vectors.square().sum(2)
    labels = torch.full(mask.shape, -1, device=vectors.device)
    for _ in range(iterations):
        distances = centres.square().sum(2)[:, None, :] - 2 * vectors @ centres.transpose(1, 2)
        near, new = distances.min(2)
        new = new.masked_fill(~mask, -1)
        if bool((new == labels).all()):
            break
        labels = new
        members = (labels[..., None] == numbers).to(vectors.dtype)
        sizes = members.sum(1)
        means = members.transpose(1, 2) @ vectors / sizes.clamp(min=1)[..., None]
        centres = torch.where(sizes[..., None] > 0, means, centres)
        empty = used & (sizes == 0)
        if bool(empty.any()):
            far = (near + squares).masked_fill(~mask, -1)
            centres = _restarted(centres, vectors, empty, far, squares)
    return labels


def _restarted(
    centres: torch.Tensor, vectors: torch.Tensor, empty: torch.Tensor, far: torch.Tensor, squares: torch.Tensor
) -> torch.Tensor:
    """Move the i-th empty centre of a text to its i-th farthest vector."""
    order = far.argsort(dim=1, descending=True, stable=True)
    rank = (empty.long().cumsum(1) - 1).clamp(min=0)
    rows = order.gather(1, rank)
    apart = far.gather(1, rows) > _TINY * (squares.gather(1, rows) + _TINY)
    moved = vectors.gather(1, rows[..., None].expand(-1, -1, vectors.shape[2]))
    moved = moved.masked_fill(~apart[..., None], _FAR)
    return torch.where(empty[..., None], moved, centres)


def _start(
    vectors: torch.Tensor, mask: torch.Tensor, lengths: torch.Tensor, clusters: torch.Tensor, start: Start
) -> torch.Tensor:
    # Places of the vectors within the row, so that padding may stand anywhere.
    places = mask.long().argsort(dim=1, descending=True, stable=True)
    most = int(clusters.max())
    if start == "strided":
        rank = torch.arange(most, device=vectors.device) * lengths[:, None] // clusters[:, None]
        rows = places.gather(1, rank.clamp(max=vectors.shape[1] - 1))
    elif start == "farthest":
        rows = _farthest(vectors, mask, places[:, 0], most)
    else:
        raise InputError(f"start is {start!r}, expected 'strided', 'farthest' or the first centres")
    return vectors.gather(1, rows[..., None].expand(-1, -1, vectors.shape[2]))


def _farthest(vectors: torch.Tensor, mask: torch.Tensor, first: torch.Tensor, most: int) -> torch.Tensor:
    rows = [first]
    texts = torch.arange(len(vectors), device=vectors.device)
    distances = torch.full(mask.shape, torch.inf, dtype=vectors.dtype, device=vectors.device)
    for _ in range(most - 1):
        apart = (vectors - vectors[texts, rows[-1]][:, None]).square().sum(2)
        distances = torch.minimum(distances, apart).masked_fill(~mask, -1)
        rows.append(distances.argmax(1))
    return torch.stack(rows, dim=1)


def _checked(vectors: torch.Tensor, mask: torch.Tensor, clusters: torch.Tensor, iterations: int) -> torch.Tensor:
    if vectors.ndim != 3 or mask.shape != vectors.shape[:2] or clusters.shape != vectors.shape[:1]:
        raise InputError(
            f"vectors are {tuple(vectors.shape)}, mask {tuple(mask.shape)} and clusters {tuple(clusters.shape)}, "
            "expected (n, length, d), (n, length) and (n,)"
        )
    if iterations < 1:
        raise InputError(f"iterations is {iterations}, expected at least 1")
    found = mask.bool()
    lengths = found.sum(1)
    if not len(vectors) or not bool((lengths > 0).all()):
        raise InputError("a text of the batch has no vector", hint="Leave empty texts out")
    if not bool(((clusters >= 1) & (clusters <= lengths)).all()):
        wrong = int(((clusters < 1) | (clusters > lengths)).nonzero()[0])
        raise InputError(
            f"text {wrong} has {int(lengths[wrong])} vectors and is to have {int(clusters[wrong])} clusters, "
            "expected from 1 to as many"
        )
    return found
