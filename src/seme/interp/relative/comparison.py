"""How alike two spaces are on the same samples."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.directions import unit_rows
from seme.interp.relative.representation import Matrix, as_matrix

_CHUNK = 1024
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures of two spaces on the same samples (arXiv 2209.15430, word embeddings).

    Attributes
    ----------
    jaccard
        Mean overlap of a sample's k nearest neighbours in its own space with those of its counterpart in the other
        space, as intersection over union; neighbours are sought among the other space's samples.
    mrr
        Mean reciprocal rank of a sample's counterpart among all samples of the other space; it stands in the middle of
        those that are as near.
    cosine
        Mean cosine of a sample and its counterpart.
    """

    jaccard: float
    mrr: float
    cosine: float

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def compare_spaces(a: npt.ArrayLike, b: npt.ArrayLike, *, k: int = 10) -> Comparison:
    """Compare two spaces of the same width.

    Parameters
    ----------
    a, b
        The same samples in both, (n, m), n > k.
    k
        Neighbours of the Jaccard index.

    Raises
    ------
    InputError
        If the shapes differ (absolute embeddings of different width cannot be compared), or there are too few samples.
    """
    first, second = unit_rows(as_matrix("a", a), "a"), unit_rows(as_matrix("b", b), "b")
    if first.shape != second.shape:
        raise InputError(f"a has shape {first.shape} and b {second.shape}; they must be the same")
    if not 1 <= k < len(first):
        raise InputError(f"k is {k}; it may be from 1 to {len(first) - 1}")
    overlap, reciprocal = [], []
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        within, across = second[part] @ second.T, first[part] @ second.T
        lead = across - across[np.arange(len(across)), start + np.arange(len(across))][:, None]
        ties = (np.abs(lead) <= _TIE).sum(axis=1) - 1
        reciprocal.append(1 / (1 + (lead > _TIE).sum(axis=1) + ties / 2))
        overlap.append(_jaccard(_nearest(across, k), _nearest(within, k)))
    return Comparison(
        float(np.concatenate(overlap).mean()),
        float(np.concatenate(reciprocal).mean()),
        float((first * second).sum(axis=1).mean()),
    )


def linear_cka(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the linear centred kernel alignment of two spaces of any widths (Kornblith et al. 2019, eq. 4)."""
    first, second = as_matrix("a", a), as_matrix("b", b)
    if len(first) != len(second):
        raise InputError(f"a has {len(first)} samples and b {len(second)}; they must be the same")
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    cross = np.linalg.norm(first.T @ second) ** 2
    return float(cross / (np.linalg.norm(first.T @ first) * np.linalg.norm(second.T @ second)))


def _nearest(similarities: Matrix, k: int) -> npt.NDArray[np.int64]:
    return np.argpartition(-similarities, k - 1, axis=1)[:, :k]


def _jaccard(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Matrix:
    shared = (a[:, :, None] == b[:, None, :]).any(axis=2).sum(axis=1)
    return np.asarray(shared / (2 * a.shape[1] - shared), dtype=np.float64)
