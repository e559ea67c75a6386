"""How near a text's vectors stand to the means of their clusters."""

from __future__ import annotations

import torch

from seme.embeddings.crisp.reductions import means


def within_share(vectors: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return each text's mean squared distance to its clusters' means, over that to its own mean, (n,).

    0 where clusters are points, 1 where they say nothing; 0 for a text whose vectors are equal.

    Parameters
    ----------
    vectors, mask
        Of padded texts, (n, length, d) and (n, length).
    labels
        The cluster of each vector (n, length), -1 for padding (`Clusters.labels`).
    """
    real = mask.bool()
    inside = _spread(vectors, labels.masked_fill(~real, -1))
    total = _spread(vectors, torch.where(real, 0, -1))
    return torch.where(total > 0, inside / total.clamp(min=1e-12), torch.zeros_like(total))


def _spread(vectors: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    found = means(vectors, labels).vectors
    centres = found.gather(1, labels.clamp(min=0)[..., None].expand(-1, -1, vectors.shape[2]))
    return ((vectors - centres).square().sum(2) * (labels >= 0)).sum(1)
