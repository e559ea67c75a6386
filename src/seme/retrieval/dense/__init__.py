"""An exact index over vectors in memory-mapped files, with deletes and two cheaper forms to scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval import store
from seme.retrieval.dense import codes
from seme.retrieval.dense.nearest import nearest
from seme.retrieval.dense.segment import DenseSegment, Scan, build, merge
from seme.retrieval.hits import Hits
from seme.retrieval.segmented import Masks, checked_config, read_parts
from seme.retrieval.vector_index import VectorIndex

__all__ = ["DenseIndex"]

_LAYOUTS = {"float32": 2, "int8": 3, "binary": 2}
"""Of the arrays on disk; the first kept eight codes of signs side by side, the second no errors of int8 codes."""


class DenseIndex(VectorIndex[DenseSegment]):
    """The vectors nearest to a query by inner product, exactly or by a cheaper scan and re-scoring.

    Parameters
    ----------
    dim
        Width of the vectors.
    encoder
        Name of what made the vectors; an index refuses to be opened for another.
    precision
        What is scanned: `float32`; `int8` (a quarter of the bytes, and as exact: every row that could be among the
        best is scored again); or `binary` (signs after a random rotation, 1/32 of the bytes and 8 more per vector,
        nearly as exact). The last two re-score rows from the float32 vectors, which always lie on disk.
    threads
        Threads of one search.

    Examples
    --------
    >>> index = DenseIndex(2, encoder="example")
    >>> index.add(["east", "north"], [[1, 0], [0, 1]])
    >>> index.search([[0.9, 0.1]], 1)[0].ids
    ('east',)
    """

    kind = "dense"

    def __init__(self, dim: int, *, encoder: str, precision: str = "float32", threads: int = 1) -> None:
        super().__init__(dim, encoder=encoder)
        if precision not in codes.PRECISIONS:
            raise InputError(f"precision is {precision!r}, it must be one of {', '.join(codes.PRECISIONS)}")
        if threads < 1:
            raise InputError(f"threads is {threads}, it must be at least 1")
        self.precision, self.threads = precision, threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def search(
        self, vectors: npt.ArrayLike, k: int, *, allowed: Masks | None = None, rescore: int | None = None
    ) -> list[Hits]:
        """Return the k vectors with the largest inner products with each query.

        Parameters
        ----------
        vectors
            Queries (m, dim).
        k
            Most hits of a query, >= 1.
        allowed
            Vectors that may be found (`mask`); `None` for all.
        rescore
            How many rows of a cheaper scan are scored again; by default as many as it leaves in doubt: for `int8` that
            makes the answer exact, for `binary` nearly so.

        Raises
        ------
        InputError
            If `k` is not positive or the width is another one.
        """
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        scan = Scan(rescore, self._pool, self.threads)
        return [self._search(query, k, allowed, scan) for query in codes.checked(vectors, self.dim)]

    @classmethod
    def open(cls, path: Path | str, *, writable: bool = False, encoder: str | None = None, threads: int = 1) -> Self:
        """Open an index that `save` wrote, memory-mapped.

        Raises
        ------
        InputError
            If there is none, or it was built with another encoder.
        CorruptionError
            If its files were cut or changed.
        """
        folder = Path(path)
        manifest = store.read_manifest(folder, cls.kind)
        layout = _LAYOUTS.get(manifest.config.get("precision", ""))
        config = checked_config(folder, manifest, layout=layout, encoder=encoder)
        index = cls(config["dim"], encoder=config["encoder"], precision=config["precision"], threads=threads)
        index._adopt(folder, manifest, [_read(folder, entry) for entry in manifest.segments], writable=writable)
        return index

    def _search(self, query: npt.NDArray[np.float32], k: int, allowed: Masks | None, scan: Scan) -> Hits:
        given = [None] * len(self._segments) if allowed is None else allowed
        masks = [s.mask(mask) for s, mask in zip(self._segments, given, strict=True)]
        return self._best(nearest(self._segments, masks, query, k, self.precision, scan), k)

    def _built(self, ids: npt.NDArray[np.bytes_], vectors: npt.NDArray[np.float32]) -> DenseSegment:
        return build(ids, vectors, self.precision)

    def _vectors_of(self, segment: DenseSegment, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
        vectors: npt.NDArray[np.float32] = segment.arrays["vectors"][rows]
        return vectors

    def _config(self) -> dict[str, Any]:
        return {
            "dim": self.dim,
            "encoder": self.encoder,
            "precision": self.precision,
            "layout": _LAYOUTS[self.precision],
        }

    def _merge(self, segments: Sequence[DenseSegment]) -> DenseSegment:
        return merge(segments, self.precision)


def _read(folder: Path, entry: Mapping[str, Any]) -> DenseSegment:
    arrays, alive, dead = read_parts(folder, entry)
    return DenseSegment(arrays, alive, dict(entry), dead=dead)
