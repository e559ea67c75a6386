"""Search by short prefixes first and longer ones for what is left (Kusupati et al. 2022, section 4.3).

For vectors whose first coordinates are embeddings of their own. *Adaptive retrieval* takes two sizes: a short prefix of
all vectors gives a shortlist, a long one its order. A *funnel* goes on with longer prefixes and shorter lists.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from seme.errors import InputError, NotFoundError
from seme.retrieval.dense import codes
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import unique_ids

Float32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

_BLOCK = 64
"""Queries whose scores of all rows are in memory at once."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A size, and how many of the vectors that it ranks go on."""

    dim: int
    keep: int


def adaptive(short: int, long: int, *, shortlist: int = 200) -> tuple[Stage, ...]:
    """Return the stages of adaptive retrieval: `short` coordinates of all, `long` ones of the shortlist.

    The paper takes 16 and 2048 coordinates and 200 vectors.

    Raises
    ------
    InputError
        If not 1 <= short < long, or the shortlist is empty.
    """
    return funnel((short, long), (shortlist,))


def funnel(dims: Sequence[int], shortlists: Sequence[int]) -> tuple[Stage, ...]:
    """Return the stages of a funnel: sizes, and how many vectors each but the first scores again.

    The paper takes 16, 32, 64, 128, 256, 2048 coordinates and 200, 100, 50, 25, 10 vectors.

    Parameters
    ----------
    dims
        Sizes, strictly rising.
    shortlists
        One fewer; none longer than the one before. The last is also how many vectors are found at most.

    Raises
    ------
    InputError
        If numbers do not fit or are out of order.
    """
    if len(dims) < 2 or len(shortlists) != len(dims) - 1:
        raise InputError(f"there are {len(dims)} sizes and {len(shortlists)} shortlists, expected 2 or more, one fewer")
    return checked_stages([Stage(*one) for one in zip(dims, (*shortlists, shortlists[-1]), strict=True)])


def checked_stages(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Return stages whose sizes rise and whose lists do not grow.

    Raises
    ------
    InputError
        If they are others, or there is none.
    """
    if not stages or stages[0].dim < 1 or min(one.keep for one in stages) < 1:
        raise InputError(f"stages is {list(stages)}, expected at least one, with sizes and lists of at least 1")
    for before, after in pairwise(stages):
        if after.dim <= before.dim or after.keep > before.keep:
            raise InputError(f"{after} follows {before}, expected a larger size and a list that is not longer")
    return tuple(stages)


class FunnelIndex:
    """Vectors in memory that are searched by ever longer prefixes.

    The first stage's prefixes lie side by side, so that its scan reads no other coordinates. The last stage should have
    the whole width. `pipelines.Dense` takes a funnel as it takes a dense index.

    Parameters
    ----------
    ids
        Names of the vectors.
    vectors
        (n, d), float32; kept, not copied, where they are contiguous.
    stages
        E.g. `adaptive(16, 384)`. Lists longer than n are cut, with a warning.
    encoder
        Name of what made the vectors.
    normalise
        Whether prefixes have unit norm again (cosines); else plain inner products.

    Raises
    ------
    InputError
        If ids and vectors are not as many, an id stands twice, a value is not finite, a stage is wider than the
        vectors, or a prefix is zero and has no direction.

    Examples
    --------
    >>> index = FunnelIndex(["a", "b"], [[1, 0, 0, 9], [1, 0, 9, 0]], adaptive(2, 4, shortlist=2))
    >>> index.search([[1, 0, 1, 0]], 1)[0].ids, index.multiply_adds, index.exhaustive
    (('b',), 12, 8)
    """

    def __init__(
        self,
        ids: Sequence[str],
        vectors: npt.ArrayLike,
        stages: Sequence[Stage],
        *,
        encoder: str = "",
        normalise: bool = True,
    ) -> None:
        wanted = checked_stages(stages)
        self._vectors = _checked(vectors, wanted[-1].dim)
        if len(ids) != len(self._vectors):
            raise InputError(f"there are {len(ids)} ids and {len(self._vectors)} vectors, they must be as many")
        unique_ids(ids)
        self.ids, self.encoder, self.normalise = tuple(ids), encoder, normalise
        self.stages = self._clipped(wanted)
        self._rows = {name: row for row, name in enumerate(self.ids)}
        self._scales = [_inverse_norms(self._vectors, one.dim) if normalise else None for one in self.stages]
        first = self._vectors[:, : self.stages[0].dim]
        scale = self._scales[0]
        self._first = np.ascontiguousarray(first if scale is None else first * scale[:, None])

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def multiply_adds(self) -> int:
        """Of one query: `N m_1`, and for each later stage the list that it scores times its size."""
        later = sum(before.keep * after.dim for before, after in pairwise(self.stages))
        return len(self) * self.stages[0].dim + later

    @property
    def exhaustive(self) -> int:
        """Multiply-adds of a query that is compared with every whole vector."""
        return self._vectors.size

    def search(self, vectors: npt.ArrayLike, k: int) -> list[Hits]:
        """Return the k best for each query, and no more than the last stage keeps.

        Parameters
        ----------
        vectors
            Queries (q, d).
        k
            Most hits of a query, >= 1.

        Raises
        ------
        InputError
            If `k` is not positive, a width is another one, or a prefix of a query is zero.
        """
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        queries = self._asked(vectors)
        first = self.stages[0]
        hits = []
        for start in range(0, len(queries), _BLOCK):
            block = queries[start : start + _BLOCK]
            scores = self._short(block) @ self._first.T
            for query, own in zip(block, scores, strict=True):
                rows = _best(own, first.keep)
                hits.append(self._hits(*self._refine(query, rows, own[rows]), k))
        return hits

    def rerank(
        self, vectors: npt.ArrayLike, rows: Sequence[Sequence[int]] | npt.NDArray[np.integer], k: int
    ) -> list[Hits]:
        """Return the k best of each query's candidates by the stages after the first.

        Parameters
        ----------
        vectors
            Queries (q, d).
        rows
            Candidates of each, by their places: what an index of the first stage's prefixes found, e.g. a graph.
            Places below 0, which mean none, are left out.
        k
            Most hits of a query, >= 1.

        Raises
        ------
        InputError
            If `k` is not positive, there are not as many lists as queries, or a place is not there.
        """
        queries = self._asked(vectors)
        if k < 1 or len(rows) != len(queries):
            raise InputError(f"k is {k} and there are {len(rows)} lists for {len(queries)} queries")
        hits = []
        for query, own in zip(queries, rows, strict=True):
            places = np.asarray(own, dtype=np.intp)
            places = np.unique(places[places >= 0])
            if len(places) and places[-1] >= len(self):
                raise InputError(f"row {places[-1]} is not there, the index has {len(self)}")
            scores = self._first[places] @ self._short(query[None])[0]
            hits.append(self._hits(*self._refine(query, places, scores), k))
        return hits

    def vectors(self, ids: Sequence[str]) -> Float32:
        """Return the vectors (n, d) of some ids.

        Raises
        ------
        NotFoundError
            If one is not there.
        """
        missing = next((one for one in ids if one not in self._rows), None)
        if missing is not None:
            raise NotFoundError(f"the index has no vector {missing!r}")
        return self._vectors[[self._rows[one] for one in ids]]

    def _refine(self, query: Float32, rows: Rows, scores: Float32) -> tuple[Rows, Float32]:
        for stage, scale in zip(self.stages[1:], self._scales[1:], strict=True):
            short = query[: stage.dim]
            scores = self._vectors[rows, : stage.dim] @ short
            if scale is not None:
                scores *= scale[rows] / np.float32(np.linalg.norm(short))
            best = _best(scores, stage.keep)
            rows, scores = rows[best], scores[best]
        return rows, scores

    def _hits(self, rows: Rows, scores: Float32, k: int) -> Hits:
        if k < len(rows):  # equals of the k-th stay, for their ids decide
            kept = scores >= np.partition(scores, len(rows) - k)[len(rows) - k]
            rows, scores = rows[kept], scores[kept]
        named = sorted(zip((-scores).tolist(), (self.ids[row] for row in rows), strict=True))[:k]
        return Hits(tuple(name for _, name in named), np.array([-score for score, _ in named], dtype=np.float32))

    def _short(self, queries: Float32) -> Float32:
        short = queries[:, : self.stages[0].dim]
        return short / np.linalg.norm(short, axis=1, keepdims=True) if self.normalise else short

    def _asked(self, vectors: npt.ArrayLike) -> Float32:
        queries = codes.checked(vectors, self._vectors.shape[1])
        if self.normalise and not queries[:, : self.stages[0].dim].any(1).all():
            raise InputError(f"the first {self.stages[0].dim} coordinates of a query are all 0, they have no direction")
        return queries

    def _clipped(self, stages: Sequence[Stage]) -> tuple[Stage, ...]:
        if stages[0].keep <= len(self.ids):
            return tuple(stages)
        warnings.warn(f"a shortlist of {stages[0].keep} is cut to the {len(self.ids)} vectors there are", stacklevel=3)
        return tuple(Stage(one.dim, min(one.keep, len(self.ids))) for one in stages)


def _best(scores: Float32, k: int) -> Rows:
    """Return the places of the k largest scores, ascending; of equal ones at the edge the first."""
    if k >= len(scores):
        return np.arange(len(scores))
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    above, equal = np.flatnonzero(scores > edge), np.flatnonzero(scores == edge)
    return np.sort(np.concatenate([above, equal[: k - len(above)]]))


def _inverse_norms(vectors: Float32, dim: int) -> Float32:
    norms = np.linalg.norm(vectors[:, :dim], axis=1)
    if not norms.all():
        row = int(np.flatnonzero(norms == 0)[0])
        raise InputError(f"the first {dim} coordinates of vector {row} are all 0, they have no direction")
    inverse: Float32 = (1 / norms).astype(np.float32)
    return inverse


def _checked(vectors: npt.ArrayLike, widest: int) -> Float32:
    array = np.asarray(vectors, dtype=np.float32)
    if array.ndim != 2 or not len(array) or array.shape[1] < widest:
        raise InputError(f"vectors is {array.shape}, expected (n, d), n >= 1 and d >= {widest}, the last stage's size")
    return np.ascontiguousarray(codes.checked(array, array.shape[1]))
