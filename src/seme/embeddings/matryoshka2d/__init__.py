"""One encoder at any depth and width: two-dimensional Matryoshka training (2DMSE and ESE; Li et al. 2024, 2025)."""

from seme.embeddings.matryoshka2d.base import AnglELoss, angle_similarity, cosent
from seme.embeddings.matryoshka2d.compression import principal_targets
from seme.embeddings.matryoshka2d.nested import (
    EspressoLoss,
    TwoDimensionalLoss,
    alignment,
    layer_weight,
    narrow,
)
from seme.embeddings.matryoshka2d.truncated import layer_vectors, truncate

__all__ = [
    "AnglELoss",
    "EspressoLoss",
    "TwoDimensionalLoss",
    "alignment",
    "angle_similarity",
    "cosent",
    "layer_vectors",
    "layer_weight",
    "narrow",
    "principal_targets",
    "truncate",
]
