"""Approximate search through faiss, where even the cheap scans of the exact index take too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval import store
from seme.retrieval.approximate.graphs import Form
from seme.retrieval.approximate.segment import ApproximateSegment, build, merge, read
from seme.retrieval.dense.codes import checked
from seme.retrieval.hits import Hits
from seme.retrieval.segmented import Masks, checked_config
from seme.retrieval.vector_index import VectorIndex

__all__ = ["ApproximateIndex", "Form"]

_LAYOUT = 1


class ApproximateIndex(VectorIndex[ApproximateSegment]):
    """Vectors near to a query by inner product, through a graph (HNSW) or lists (IVF) of faiss.

    It takes what `DenseIndex` takes, deletes and filters included; parts of fewer than a thousand vectors, and searches
    that may find few vectors only, are exact. Its structures are read into memory when it is opened.

    Parameters
    ----------
    dim
        Width of the vectors.
    encoder
        Name of what made the vectors; an index refuses to be opened for another.
    form
        What is built over them.

    Raises
    ------
    AssetError
        When vectors are added, or it is opened, and faiss is not installed.

    Examples
    --------
    >>> index = ApproximateIndex(2, encoder="example", form=Form("hnsw", links=16))
    >>> index.add(["east", "north"], [[1, 0], [0, 1]])
    >>> index.search([[0.9, 0.1]], 1)[0].ids
    ('east',)
    """

    kind = "approximate"

    def __init__(self, dim: int, *, encoder: str, form: Form | None = None) -> None:
        super().__init__(dim, encoder=encoder)
        self.form = form or Form()

    def search(
        self, vectors: npt.ArrayLike, k: int, *, allowed: Masks | None = None, effort: int | None = None
    ) -> list[Hits]:
        """Return k vectors with large inner products with each query.

        Parameters
        ----------
        vectors
            Queries (m, dim).
        k
            Most hits of a query, >= 1.
        allowed
            Vectors that may be found (`mask`); `None` for all.
        effort
            Candidates that a graph keeps (efSearch, 64 by default), or lists that are read (nprobe, 16 by default):
            more of them find more and take longer.

        Raises
        ------
        InputError
            If `k` or `effort` is not positive or the width is another one.
        """
        usual = 64 if self.form.method == "hnsw" else 16
        tried = usual if effort is None else effort
        for name, value in (("k", k), ("effort", tried)):
            if value < 1:
                raise InputError(f"{name} is {value}, it must be at least 1")
        return [self._search(query, k, tried, allowed) for query in checked(vectors, self.dim)]

    @classmethod
    def open(cls, path: Path | str, *, writable: bool = False, encoder: str | None = None) -> Self:
        """Open an index that `save` wrote.

        Raises
        ------
        InputError
            If there is none, or it was built with another encoder.
        CorruptionError
            If its files were cut or changed.
        """
        folder = Path(path)
        manifest = store.read_manifest(folder, cls.kind)
        config = checked_config(folder, manifest, layout=_LAYOUT, encoder=encoder)
        index = cls(config["dim"], encoder=config["encoder"], form=Form(**config["form"]))
        segments = [read(folder, entry, index.dim) for entry in manifest.segments]
        index._adopt(folder, manifest, segments, writable=writable)
        return index

    def _search(self, query: npt.NDArray[np.float32], k: int, effort: int, allowed: Masks | None) -> Hits:
        given = [None] * len(self._segments) if allowed is None else allowed
        parts = [s.search(query, k, effort, mask) for s, mask in zip(self._segments, given, strict=True)]
        return self._best(parts, k)

    def _built(self, ids: npt.NDArray[np.bytes_], vectors: npt.NDArray[np.float32]) -> ApproximateSegment:
        return build(ids, vectors, self.form)

    def _vectors_of(self, segment: ApproximateSegment, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
        return segment.vectors(rows)

    def _config(self) -> dict[str, Any]:
        return {"dim": self.dim, "encoder": self.encoder, "form": asdict(self.form), "layout": _LAYOUT}

    def _merge(self, segments: Sequence[ApproximateSegment]) -> ApproximateSegment:
        return merge(segments, self.form)
