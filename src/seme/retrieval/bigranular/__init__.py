"""A bi-granular index: codes of a few bytes in memory find candidates, vectors on disk decide (BiDR, WWW 2022)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError
from seme.retrieval import store
from seme.retrieval.bigranular.quantiser import Float32, ProductQuantiser
from seme.retrieval.bigranular.search import Verified, candidates, verify
from seme.retrieval.bigranular.segment import BigranularSegment, build, merge, read
from seme.retrieval.dense.codes import checked
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import decode_id, encode_ids, unique_ids
from seme.retrieval.segmented import Masks, SegmentedIndex, checked_config

__all__ = ["BigranularHits", "BigranularIndex", "Footprint", "ProductQuantiser"]

_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class BigranularHits(Hits):
    """Hits, and what they cost: the candidates that were scored by their vectors, and the pages read for that."""

    candidates: int
    pages: int


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes in memory, on disk, and of the float32 vectors alone.

    In memory are codes, marks of living rows, codebook and rotation; ids are mapped and read for hits alone.
    """

    memory: int
    disk: int
    vectors: int


class BigranularIndex(SegmentedIndex[BigranularSegment]):
    """Two-stage search: candidates by product-quantisation codes, verified by dense vectors that stay on disk.

    Parameters
    ----------
    quantiser
        Codebook and rotation of the codes, as `seme.embeddings.bidr` learns them, or faiss.
    dim
        Width of the dense vectors; the quantiser's if not given.
    encoder
        Name of what made the vectors; an index refuses to be opened for another.

    Examples
    --------
    >>> import numpy as np
    >>> codebook = np.array([[[1.0], [0.0]], [[1.0], [0.0]]])
    >>> index = BigranularIndex(ProductQuantiser(codebook), encoder="example")
    >>> index.add(["east", "north"], [[0.9, 0.1], [0.2, 0.8]])
    >>> index.search([[0.7, 0.1]], 1)[0].ids
    ('east',)
    """

    kind = "bigranular"

    def __init__(self, quantiser: ProductQuantiser, *, encoder: str, dim: int | None = None) -> None:
        super().__init__()
        self.quantiser, self.encoder = quantiser, encoder
        self.dim = quantiser.dim if dim is None else dim
        if self.dim < 1:
            raise InputError(f"dim is {dim}, it must be at least 1")

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike, *, light: npt.ArrayLike | None = None) -> None:
        """Add documents; one whose id is known replaces the former.

        Parameters
        ----------
        ids
            One for each document.
        vectors
            Dense vectors (n, dim).
        light
            Vectors (n, D) of the encoder whose codes are kept; `None` if that is the dense one.

        Raises
        ------
        InputError
            If numbers or widths do not fit, a value is not finite, or an id stands twice.
        """
        self._must_be_writable()
        array = checked(vectors, self.dim)
        lighter = self._light(array, light)
        if not len(ids) == len(array) == len(lighter):
            raise InputError(
                f"there are {len(ids)} ids, {len(array)} vectors and {len(lighter)} light ones, they must be as many"
            )
        unique_ids(ids)
        encoded, codes = encode_ids(ids), self.quantiser.encode(lighter)
        self._drop(ids)
        if len(ids):
            self._segments.append(build(encoded, codes, array, self.quantiser))

    def search(
        self,
        vectors: npt.ArrayLike,
        k: int,
        *,
        light: npt.ArrayLike | None = None,
        candidates: int = 1000,
        weight: float = 0.3,
        allowed: Masks | None = None,
    ) -> list[BigranularHits]:
        """Return the k documents with the largest `<q, v> + weight · <R q', code>` among the candidates.

        Parameters
        ----------
        vectors
            Dense queries (m, dim).
        k
            Hits of a query, 1 to the number of documents.
        light
            The same queries (m, D) by the encoder of the codes; `None` if that is the dense one.
        candidates
            Documents that are verified, those of the largest code scores, with all equals of the last; at least k.
        weight
            Of the code score in the final one; the paper's command has 0.3, and 0 leaves the dense score alone.
        allowed
            Documents that may be found (`mask`); `None` for all. Fewer than k of them give fewer hits.

        Raises
        ------
        InputError
            If a number is out of its range, a width is another one, or a value is not finite.
        """
        self._check(k, candidates, weight)
        dense = checked(vectors, self.dim)
        lighter = self._light(dense, light)
        if len(lighter) != len(dense):
            raise InputError(f"there are {len(dense)} queries and {len(lighter)} light ones, they must be as many")
        masks = self._masks(allowed)
        pairs = zip(dense, lighter, strict=True)
        return [self._verified(query, light, k, candidates, weight, masks) for query, light in pairs]

    def search_codes(self, light: npt.ArrayLike, k: int, *, allowed: Masks | None = None) -> list[BigranularHits]:
        """Return the k documents with the largest code scores, as `search` would take them for candidates.

        Raises
        ------
        InputError
            As `search`.
        """
        self._check(k, k, 0.0)
        masks, found = self._masks(allowed), []
        for query in checked(light, self.quantiser.dim):
            parts = candidates(self._segments, masks, self.quantiser, query, k)
            found.append(self._ranked([Verified(rows, scores, 0) for rows, scores in parts], k))
        return found

    def footprint(self) -> Footprint:
        """Return how many bytes the index takes, and where."""
        files = [size for s in self._segments if s.entry for size in s.entry["files"].values()]
        return Footprint(
            memory=self.quantiser.nbytes + sum(s.resident() for s in self._segments),
            disk=sum(files),
            vectors=4 * self.dim * sum(s.rows for s in self._segments),
        )

    @classmethod
    def open(cls, path: Path | str, *, writable: bool = False, encoder: str | None = None) -> Self:
        """Open an index that `save` wrote: codes are read into memory, vectors and ids are mapped.

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
        quantiser = ProductQuantiser.read(folder / f"quantiser-{config['quantiser']}.safetensors")
        if quantiser.digest != config["quantiser"]:
            raise CorruptionError(f"the codebook of the index in {folder} was changed", hint=store.REBUILD)
        index = cls(quantiser, encoder=config["encoder"], dim=config["dim"])
        segments = [read(folder, entry, quantiser, index.dim) for entry in manifest.segments]
        index._adopt(folder, manifest, segments, writable=writable)
        return index

    def _write_shared(self, folder: Path) -> None:
        if not (folder / self._quantiser_file).is_file():
            self.quantiser.write(folder / self._quantiser_file)

    @property
    def _quantiser_file(self) -> str:
        return f"quantiser-{self.quantiser.digest}.safetensors"

    def _light(self, dense: Float32, light: npt.ArrayLike | None) -> Float32:
        if light is not None:
            return checked(light, self.quantiser.dim)
        if self.dim != self.quantiser.dim:
            raise InputError(f"light is not given, but codes are of width {self.quantiser.dim} and not {self.dim}")
        return dense

    def _check(self, k: int, candidates: int, weight: float) -> None:
        if not 1 <= k <= len(self):
            raise InputError(f"k is {k}, it must be from 1 to {len(self)}, the number of documents")
        if candidates < k:
            raise InputError(f"candidates is {candidates}, it must be at least k, {k}")
        if not math.isfinite(weight):
            raise InputError(f"weight is {weight}, it must be a finite number")

    def _masks(self, allowed: Masks | None) -> list[npt.NDArray[np.bool_] | None]:
        given = [None] * len(self._segments) if allowed is None else allowed
        return [s.mask(mask) for s, mask in zip(self._segments, given, strict=True)]

    def _verified(
        self,
        query: Float32,
        light: Float32,
        k: int,
        count: int,
        weight: float,
        masks: Sequence[npt.NDArray[np.bool_] | None],
    ) -> BigranularHits:
        parts = candidates(self._segments, masks, self.quantiser, light, count)
        return self._ranked(verify(self._segments, parts, query, weight), k)

    def _ranked(self, parts: Sequence[Verified], k: int) -> BigranularHits:
        """Sort scores and ids together; of each segment no more are named than could be hits."""
        scored = []
        for s, (rows, scores, _) in zip(self._segments, parts, strict=True):
            edge = np.partition(scores, len(scores) - k)[len(scores) - k] if len(scores) > k else -np.inf
            near = scores >= edge
            names = map(decode_id, s.arrays["ids"][rows[near]].tolist())
            scored += list(zip((-scores[near]).tolist(), names, strict=True))
        scored.sort()
        kept = scored[:k]
        return BigranularHits(
            tuple(name for _, name in kept),
            np.array([-score for score, _ in kept], dtype=np.float32),
            candidates=sum(len(part.rows) for part in parts),
            pages=sum(part.pages for part in parts),
        )

    def _config(self) -> dict[str, Any]:
        return {"dim": self.dim, "encoder": self.encoder, "quantiser": self.quantiser.digest, "layout": _LAYOUT}

    def _merge(self, segments: Sequence[BigranularSegment]) -> BigranularSegment:
        return merge(segments, self.quantiser)
