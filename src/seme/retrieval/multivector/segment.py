"""A part of a multi-vector index that never changes: vectors or codes, and the texts near to each centroid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.identifiers import sorted_order
from seme.retrieval.multivector.codebook import Codebook
from seme.retrieval.multivector.maxsim import best_sum
from seme.retrieval.multivector.packed import Float32, Offsets, Packed, blocks, offsets_of, spans
from seme.retrieval.segmented import Segment
from seme.retrieval.store import Arrays

Rows = npt.NDArray[np.int64]
_VECTORS = {"float32": np.float32, "float16": np.float16}


@dataclass(slots=True)
class MultiVectorSegment(Segment):
    """`offsets` (n + 1,) and `vectors` (t, d), or `codes` (t,) and `residuals` (t, bytes).

    Where there is a codebook, `codes` and the lists of its centroids (`list_offsets`, `list_rows`) are there too.
    """

    @property
    def offsets(self) -> Offsets:
        """Where each text's vectors begin (n + 1,)."""
        offsets: Offsets = self.arrays["offsets"]
        return offsets

    def scores(self, query: Float32, codebook: Codebook | None, chosen: Rows | None = None) -> Float32:
        """Return the MaxSim of texts (n,), of all or of chosen ones, for a query (q, d)."""
        near = None if codebook is None or "residuals" not in self.arrays else codebook.centroids @ query.T
        if kernels.COMPILED and codebook is not None and near is not None:
            rows = np.arange(self.rows) if chosen is None else chosen
            return self._coded_scores(query, codebook, near, rows)
        found = np.empty(self.rows if chosen is None else len(chosen), dtype=np.float32)
        if chosen is None:
            for first, last in blocks(self.offsets):
                part = slice(int(self.offsets[first]), int(self.offsets[last]))
                products = self._products(part, query, codebook, near)
                found[first:last] = best_sum(products, self.offsets[first : last + 1])
            return found
        rows, places = spans(self.offsets, chosen)
        for first, last in blocks(places):
            products = self._products(rows[places[first] : places[last]], query, codebook, near)
            found[first:last] = best_sum(products, places[first : last + 1])
        return found

    def candidates(self, near: Float32, probes: int) -> Rows:
        """Return the texts (ascending) that have a vector at one of each query vector's best centroids.

        Parameters
        ----------
        near
            Inner products of centroids and query (c, q).
        probes
            Centroids of each query vector.
        """
        probes = min(probes, len(near))
        chosen = np.unique(np.argpartition(-near, probes - 1, axis=0)[:probes])
        offsets, found = self.arrays["list_offsets"], np.zeros(self.rows, dtype=np.bool_)
        for one in chosen.tolist():
            found[self.arrays["list_rows"][offsets[one] : offsets[one + 1]]] = True
        return np.flatnonzero(found)

    def rough_scores(self, near: Float32, chosen: Rows) -> Float32:
        """Return the MaxSim of chosen texts as if each vector were its centroid (PLAID; Santhanam et al. 2022b)."""
        if kernels.COMPILED:
            return kernels.maxsim_near(near, self.arrays["codes"], self.offsets, chosen)
        rows, places = spans(self.offsets, chosen)
        return best_sum(near[self.arrays["codes"][rows]], places)

    def packed(self, codebook: Codebook | None, chosen: Rows) -> Packed:
        """Return the vectors of chosen texts, decoded where only codes are kept."""
        rows, places = spans(self.offsets, chosen)
        if "vectors" in self.arrays:
            return Packed(self.arrays["vectors"][rows].astype(np.float32), places)
        assert codebook is not None  # noqa: S101  # codes come from one
        return Packed(codebook.decode(self.arrays["codes"][rows], self.arrays["residuals"][rows]), places)

    def _coded_scores(self, query: Float32, codebook: Codebook, near: Float32, rows: Rows) -> Float32:
        arrays = self.arrays
        scaled = np.ascontiguousarray(query * codebook.spread)
        return kernels.maxsim_levels(
            near, arrays["codes"], arrays["residuals"], codebook.ways, scaled, self.offsets, rows
        )

    def _products(self, part: slice | Rows, query: Float32, codebook: Codebook | None, near: Float32 | None) -> Float32:
        if codebook is None or near is None:
            vectors: Float32 = self.arrays["vectors"][part].astype(np.float32, copy=False)
            return vectors @ query.T
        levels = codebook.residuals(self.arrays["residuals"][part])
        products: Float32 = levels @ (query * codebook.spread).T
        products += near[self.arrays["codes"][part]]
        return products


def build(ids: npt.NDArray[np.bytes_], texts: Packed, precision: str, codebook: Codebook | None) -> MultiVectorSegment:
    """Build a segment from texts' vectors."""
    arrays: Arrays = {}
    if precision in _VECTORS:
        arrays["vectors"] = texts.vectors.astype(_VECTORS[precision])
    if codebook is not None:
        codes, residuals = codebook.encode(texts.vectors)
        arrays["codes"] = codes
        if precision not in _VECTORS:
            arrays["residuals"] = residuals
    return _segment(ids, texts.offsets, arrays, codebook)


def merge(segments: Sequence[MultiVectorSegment], codebook: Codebook | None) -> MultiVectorSegment:
    """Build one segment of the living rows of several; what is stored of a vector moves as it is."""
    width = max(s.arrays["ids"].dtype.itemsize for s in segments)
    ids = np.concatenate([s.arrays["ids"][s.alive].astype(f"S{width}") for s in segments])
    chosen = [spans(s.offsets, np.flatnonzero(s.alive)) for s in segments]
    kept = [name for name in ("vectors", "codes", "residuals") if name in segments[0].arrays]
    arrays: Arrays = {
        name: np.concatenate([s.arrays[name][rows] for s, (rows, _) in zip(segments, chosen, strict=True)])
        for name in kept
    }
    lengths = np.concatenate([np.diff(places) for _, places in chosen])
    return _segment(ids, offsets_of(lengths), arrays, codebook)


def _segment(
    ids: npt.NDArray[np.bytes_], offsets: Offsets, arrays: Arrays, codebook: Codebook | None
) -> MultiVectorSegment:
    arrays |= {"ids": ids, "order": sorted_order(ids), "offsets": offsets}
    if codebook is not None:
        arrays["list_offsets"], arrays["list_rows"] = _lists(arrays["codes"], offsets, len(codebook.centroids))
    return MultiVectorSegment(arrays, np.ones(len(ids), dtype=np.bool_))


def _lists(codes: npt.NDArray[np.int32], offsets: Offsets, centroids: int) -> tuple[Offsets, npt.NDArray[np.int32]]:
    """Return, for each centroid, the texts that have a vector there, ascending."""
    texts = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    pairs = np.unique(codes.astype(np.int64) * (len(offsets) - 1) + texts)
    centroid, rows = np.divmod(pairs, len(offsets) - 1)
    return offsets_of(np.bincount(centroid, minlength=centroids)), rows.astype(np.int32)
