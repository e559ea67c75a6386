"""Sizes that lie within each other: which there are, how they weigh, and a vector's prefix."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch.nn import functional as F

from seme.errors import InputError


def nested_dims(dim: int, smallest: int = 8) -> tuple[int, ...]:
    """Return the sizes that halving gives from `dim` down to `smallest` or just above it, rising.

    An odd size is halved no more. The paper takes 8, 16, …, 2048 (Kusupati et al. 2022, section 3).

    Raises
    ------
    InputError
        If not 1 <= smallest <= dim.
    """
    if not 1 <= smallest <= dim:
        raise InputError(f"smallest is {smallest} and dim {dim}, expected 1 <= smallest <= dim")
    found = [dim]
    while found[-1] % 2 == 0 and found[-1] // 2 >= smallest:
        found.append(found[-1] // 2)
    return tuple(reversed(found))


def checked_dims(dims: Sequence[int], dim: int | None = None) -> tuple[int, ...]:
    """Return the nesting list, if it is one.

    Parameters
    ----------
    dims
        Sizes m, strictly rising, >= 1.
    dim
        Width of the whole vector, which none may exceed.

    Raises
    ------
    InputError
        If there is none, one is not positive, stands twice or out of order, or exceeds the width.
    """
    found = tuple(int(one) for one in dims)
    if not found or found[0] < 1 or any(a >= b for a, b in pairwise(found)):
        raise InputError(f"dims is {list(dims)}, expected at least one size >= 1, each larger than the one before")
    if dim is not None and found[-1] > dim:
        raise InputError(f"dims is {list(dims)}, expected sizes up to the vectors' width {dim}")
    return found


def checked_weights(weights: Sequence[float] | None, dims: Sequence[int]) -> tuple[float, ...]:
    """Return the importance c_m of each size, 1 if none is given.

    Raises
    ------
    InputError
        If there are not as many as sizes, one is negative or not finite, or all are 0.
    """
    found = (1.0,) * len(dims) if weights is None else tuple(float(one) for one in weights)
    if len(found) != len(dims):
        raise InputError(f"there are {len(found)} weights for {len(dims)} sizes, they must be as many")
    if not all(math.isfinite(one) and one >= 0 for one in found) or not any(found):
        raise InputError(f"weights is {list(found)}, expected finite numbers >= 0, one of them > 0")
    return found


def prefix(vectors: torch.Tensor, dim: int, *, normalise: bool = False) -> torch.Tensor:
    """Return the first coordinates z_{1:m} of vectors (..., d), (..., m), of unit norm if asked for.

    A prefix of zeros stays zeros: its norm counts as 1e-12, as in PyTorch.

    Raises
    ------
    InputError
        If there are not as many coordinates.
    """
    if not 1 <= dim <= vectors.shape[-1]:
        raise InputError(f"dim is {dim}, expected 1 to {vectors.shape[-1]}, the vectors' width")
    short = vectors[..., :dim]
    return F.normalize(short, dim=-1) if normalise else short


def truncate(vectors: torch.Tensor, dim: int, *, trained: Sequence[int] = ()) -> torch.Tensor:
    """Return prefixes of unit norm (n, dim) of an encoder's vectors (n, d), for use.

    Parameters
    ----------
    vectors
        Of any encoder.
    dim
        Coordinates that are kept.
    trained
        Sizes that the encoder was trained for. None, or only larger ones, warns: such a prefix holds what chance put
        there.

    Raises
    ------
    InputError
        If there are not as many coordinates, or a prefix is zero and has no direction.
    """
    short = prefix(vectors, dim)
    zero = (short == 0).all(-1).nonzero()
    if len(zero):
        raise InputError(f"the first {dim} coordinates of vector {int(zero[0, -1])} are all 0, they have no direction")
    if dim < vectors.shape[-1] and (not trained or dim < min(trained)):
        known = f"sizes {sorted(trained)} only" if trained else "no nested size"
        warnings.warn(f"vectors are cut to {dim}, but their encoder was trained for {known}", stacklevel=2)
    return F.normalize(short, dim=-1)
