"""Semantic volume: the log-determinant of the Gram matrix of samples' embeddings (Semantic Volume 2025, sec. 3)."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.directions import unit_rows
from seme.interp.uncertainty.samples import Floats, Samples

_FEWEST = 2


class SemanticVolume:
    """How much room the embeddings of a question's samples take up: log det(ṼᵀṼ + ε I).

    Parameters
    ----------
    dims
        Principal components of the pool that embeddings are reduced to; `None` for none.
    epsilon
        Added to the diagonal. A sample that says what another says costs about log ε, so that ε sets how much
        repetition counts. With 0, repeated samples are refused.
    centred
        Whether each question's mean is taken off first; then the direction of the mean does not count.
    renormalised
        Whether reduced embeddings are made to unit length again.

    Attributes
    ----------
    mean_, components_
        Of the pool: (d,) and (dims, d).
    """

    def __init__(
        self,
        dims: int | None = 20,
        *,
        epsilon: float = 1e-6,
        centred: bool = False,
        renormalised: bool = False,
    ) -> None:
        if dims is not None and dims < 1:
            raise InputError(f"dims is {dims}, expected at least 1, or None to keep all")
        if not 0 <= epsilon < math.inf:
            raise InputError(f"epsilon is {epsilon}, expected a number >= 0")
        self.dims, self.epsilon, self.centred, self.renormalised = dims, epsilon, centred, renormalised

    def fit(self, pool: Samples | npt.ArrayLike) -> Self:
        """Find the principal components of a pool of samples, or of embeddings (m, d): labels are not looked at.

        Raises
        ------
        InputError
            If `dims` is more than the pool's rows or its dimensions, or an embedding is not finite.
        """
        given = pool.needed_embeddings("SemanticVolume") if isinstance(pool, Samples) else np.asarray(pool)
        rows = unit_rows(given.reshape(-1, given.shape[-1]), "pool")
        most = min(rows.shape)
        if self.dims is not None and self.dims > most:
            raise InputError(
                f"dims is {self.dims}, expected at most {most}: the pool is {len(rows)} x {rows.shape[1]}",
                hint="Fit on the samples of all questions, or ask for fewer dimensions",
            )
        self.mean_ = rows.mean(axis=0)
        covariance = (rows - self.mean_).T @ (rows - self.mean_)
        self.components_ = np.linalg.eigh(covariance)[1][:, ::-1].T[: self.dims]
        return self

    def reduce(self, embeddings: Floats) -> Floats:
        """Return embeddings (..., d), less the pool's mean, in its components (..., dims); unchanged without `dims`."""
        if self.dims is None:
            return embeddings
        if not hasattr(self, "components_"):
            raise InputError("SemanticVolume is not fitted", hint="SemanticVolume(dims).fit(samples), or dims=None")
        if embeddings.shape[-1] != len(self.mean_):
            raise InputError(f"embeddings have {embeddings.shape[-1]} numbers, the pool had {len(self.mean_)}")
        reduced = (embeddings - self.mean_) @ self.components_.T
        return unit_rows(reduced, "embeddings") if self.renormalised else reduced

    def __call__(self, samples: Samples) -> Floats:
        """Return the volume (questions,) in nats, larger for samples that are further apart."""
        reduced = self.reduce(samples.needed_embeddings("SemanticVolume"))
        return log_volume(reduced, epsilon=self.epsilon, centred=self.centred)


def log_volume(embeddings: npt.ArrayLike, *, epsilon: float, centred: bool = False) -> Floats:
    """Return log det(V Vᵀ + ε I_n) of batches of embeddings, V (..., n, d), in float64.

    It follows from the singular values, which lose nothing where the Gram matrix's small eigenvalues would be rounded
    away. Where d < n, n - d of the factors are ε.

    Raises
    ------
    InputError
        If there are fewer than two embeddings, one is not finite, or ε is 0 and they are linearly dependent.
    """
    v = _checked(embeddings)
    if not 0 <= epsilon < math.inf:
        raise InputError(f"epsilon is {epsilon}, expected a number >= 0")
    rows = v - v.mean(axis=-2, keepdims=True) if centred else v
    values = np.asarray(np.linalg.svd(rows, compute_uv=False), dtype=np.float64)
    count, rank = v.shape[-2], values.shape[-1]
    if epsilon == 0 and (count > rank or _singular(values, max(v.shape[-2:]))):
        raise InputError(
            "epsilon is 0 and embeddings are linearly dependent: samples repeat, or there are more than dimensions",
            hint="Take an epsilon above 0, such as 1e-6: the volume is then finite",
        )
    found: Floats = np.log(np.square(values) + epsilon).sum(axis=-1)
    return found + (count - rank) * math.log(epsilon) if count > rank else found


def log_scatter(embeddings: npt.ArrayLike, *, centred: bool = False) -> Floats:
    """Return log det(Vᵀ V) of batches of at least as many embeddings as dimensions, V (..., n, d): no ε is needed.

    An invertible linear map W of the embeddings adds 2 log|det W| to it, whatever they are.

    Raises
    ------
    InputError
        If the embeddings do not span their space.
    """
    v = _checked(embeddings)
    rows = v - v.mean(axis=-2, keepdims=True) if centred else v
    values = np.asarray(np.linalg.svd(rows, compute_uv=False), dtype=np.float64)
    if v.shape[-1] > v.shape[-2] or _singular(values, max(v.shape[-2:])):
        raise InputError(f"{v.shape[-2]} embeddings do not span their {v.shape[-1]} dimensions", hint="Reduce first")
    found: Floats = 2 * np.log(values).sum(axis=-1)
    return found


def gaussian_entropy(embeddings: npt.ArrayLike) -> Floats:
    """Return the differential entropy, in nats, of the Gaussian with the covariance of embeddings (..., n, d).

    Half the centred `log_scatter`, and a number that only depends on n and d (Semantic Volume 2025, sec. 4).
    """
    v = _checked(embeddings)
    n, d = v.shape[-2:]
    return np.asarray((log_scatter(v, centred=True) + d * math.log(2 * math.pi * math.e / n)) / 2, dtype=np.float64)


def _checked(embeddings: npt.ArrayLike) -> Floats:
    v = np.asarray(embeddings, dtype=np.float64)
    if v.ndim < 2 or v.shape[-2] < _FEWEST or not v.shape[-1]:
        raise InputError(f"embeddings has the shape {v.shape}, expected (..., n, d) with n at least {_FEWEST}")
    if not np.isfinite(v).all():
        raise InputError("embeddings are not all finite", hint="Look for NaN among the encoder's outputs")
    return v


def _singular(values: Floats, size: int) -> bool:
    limit = values.max(axis=-1) * size * np.finfo(np.float64).eps
    return bool((values.min(axis=-1) <= limit).any())
