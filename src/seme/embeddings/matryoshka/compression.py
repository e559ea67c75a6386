"""What nested training is held against: a finished embedding made smaller, by principal components or by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class PrincipalComponents:
    """Directions of the largest variance: `mean` (d,), and `components` (k, d), orthonormal, the largest first."""

    mean: torch.Tensor
    components: torch.Tensor

    @classmethod
    def fit(cls, vectors: torch.Tensor, *, centred: bool = True) -> Self:
        """Learn all min(n, d) components of vectors (n, d); without centring they are those of the plain SVD.

        Raises
        ------
        InputError
            If there are not at least two vectors of finite numbers.
        """
        if vectors.ndim != 2 or len(vectors) < 2 or not bool(vectors.isfinite().all()):
            raise InputError(f"vectors is {tuple(vectors.shape)}, expected at least two rows of finite numbers")
        mean = vectors.mean(0) if centred else torch.zeros_like(vectors[0])
        _, _, components = torch.linalg.svd(vectors - mean, full_matrices=False)
        return cls(mean, components)

    def apply(self, vectors: torch.Tensor, dim: int) -> torch.Tensor:
        """Return the coordinates (n, dim) of vectors (n, d) along the first components.

        Raises
        ------
        InputError
            If there are not as many components.
        """
        if not 1 <= dim <= len(self.components):
            raise InputError(f"dim is {dim}, expected 1 to {len(self.components)}, the components that there are")
        return (vectors - self.mean) @ self.components[:dim].T


def random_coordinates(width: int, dim: int, *, generator: torch.Generator | None = None) -> torch.Tensor:
    """Return `dim` different places of `width`, rising, integers (dim,) (random feature selection).

    Raises
    ------
    InputError
        If not 1 <= dim <= width.
    """
    if not 1 <= dim <= width:
        raise InputError(f"dim is {dim}, expected 1 to {width}")
    return torch.randperm(width, generator=generator)[:dim].sort().values
