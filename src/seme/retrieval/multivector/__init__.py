"""An index of texts that are sets of vectors (late interaction): exact MaxSim, residual codes, pruning by centroids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval import kernels, store
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import decode_id, encode_ids, unique_ids
from seme.retrieval.multivector.clustering import Clustering
from seme.retrieval.multivector.codebook import Codebook
from seme.retrieval.multivector.maxsim import maxsim
from seme.retrieval.multivector.packed import Float32, Packed, checked_packed, pack
from seme.retrieval.multivector.segment import MultiVectorSegment, build, merge
from seme.retrieval.multivector.stored import check_parts
from seme.retrieval.segmented import Masks, SegmentedIndex, read_parts

__all__ = ["Clustering", "Codebook", "MultiVectorIndex", "Packed", "maxsim", "pack"]

Precision = Literal["float32", "float16", "8bit", "4bit", "2bit"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
_FORMAT = 1
_KEEP = 256
"""Candidates that are scored in full, at least (as PLAID does for k = 10)."""
_WIDEST = float(np.finfo(np.float16).max)
_SMALLEST = float(np.finfo(np.float32).min)


class MultiVectorIndex(SegmentedIndex[MultiVectorSegment]):
    """The texts whose vectors answer a query's best, by MaxSim: `sum_q max_x <q, x>`.

    Parameters
    ----------
    dim
        Width of the vectors.
    encoder
        Name of what made the vectors; an index refuses to be opened for another.
    precision
        What is kept of a vector: `float32`, `float16`, or its nearest centroid and `8bit`, `4bit` or `2bit` for each
        dimension of what is left (ColBERTv2).
    codebook
        The centroids and levels. Where bits are kept and none is given, it is learned from the first texts that are
        added. With one, a search may be pruned (`probes`) at any precision.
    clustering
        Puts every text's vectors into clusters when it is added, and keeps their means (CRISP).

    Raises
    ------
    InputError
        If a setting cannot be used, or the codebook has another width or other bits.

    Examples
    --------
    >>> index = MultiVectorIndex(2, encoder="example")
    >>> index.add(["both", "east"], [[1, 0], [0, 1], [1, 0]], [0, 2, 3])
    >>> index.search([[0.9, 0.1], [0.1, 0.9]], [0, 2], 1)[0].ids
    ('both',)
    """

    kind = "multi-vector"

    def __init__(
        self,
        dim: int,
        *,
        encoder: str,
        precision: Precision = "float32",
        codebook: Codebook | None = None,
        clustering: Clustering | None = None,
    ) -> None:
        super().__init__()
        if dim < 1:
            raise InputError(f"dim is {dim}, it must be at least 1")
        if precision not in PRECISIONS:
            raise InputError(f"precision is {precision!r}, it must be one of {', '.join(PRECISIONS)}")
        self.dim, self.encoder, self.precision, self.clustering = dim, encoder, precision, clustering
        if codebook is not None and codebook.dim != dim:
            raise InputError(f"the codebook is for {codebook.dim} dimensions, the index has {dim}")
        if codebook is not None and self._bits not in (None, codebook.bits):
            raise InputError(f"the codebook has {codebook.bits} bits, the precision is {precision}")
        self.codebook = codebook

    def add(self, ids: Sequence[str], vectors: npt.ArrayLike, offsets: npt.ArrayLike) -> None:
        """Add texts; one whose id is known replaces the former.

        Parameters
        ----------
        ids
            Of n texts.
        vectors, offsets
            Vectors (t, dim) of all of them, and where each text's begin (n + 1,); see `pack`.

        Raises
        ------
        InputError
            If numbers or widths do not fit, a text has no vector, a value is not finite (or too large for
            float16), or an id stands twice.
        """
        self._must_be_writable()
        texts = checked_packed(vectors, offsets, self.dim)
        if len(ids) != len(texts.offsets) - 1:
            raise InputError(f"there are {len(ids)} ids and {len(texts.offsets) - 1} texts, they must be as many")
        unique_ids(ids)
        encoded = encode_ids(ids)
        if not len(ids):
            return
        if self.clustering is not None:
            texts = self.clustering.apply(*texts)
        if self._bits is not None and self.codebook is None:
            self.codebook = Codebook.fit(texts.vectors, bits=self._bits)
        if self.precision == "float16" and float(np.abs(texts.vectors).max()) > _WIDEST:
            raise InputError(f"a value is beyond {_WIDEST:g}, the most that float16 holds", hint="Scale the vectors")
        self._drop(ids)
        self._segments.append(build(encoded, texts, self.precision, self.codebook))

    def vectors(self, ids: Sequence[str]) -> Packed:
        """Return the vectors of some texts as the index sees them: rounded where fewer bits are kept.

        Raises
        ------
        NotFoundError
            If one is not there.
        """
        found = []
        for text_id in ids:
            place = self._find(text_id)
            if place is None:
                raise NotFoundError(f"the index has no text {text_id!r}")
            found.append(place[0].packed(self.codebook, np.array([place[1]])).vectors)
        return pack(found) if found else Packed(np.empty((0, self.dim), np.float32), np.zeros(1, np.int64))

    def search(
        self,
        vectors: npt.ArrayLike,
        offsets: npt.ArrayLike,
        k: int,
        *,
        allowed: Masks | None = None,
        probes: int | None = None,
        keep: int | None = None,
    ) -> list[Hits]:
        """Return the k texts with the largest MaxSim for each query.

        Parameters
        ----------
        vectors, offsets
            Vectors (t, dim) of all queries, and where each query's begin (m + 1,).
        k
            Most hits of a query, from 1 to the number of texts.
        allowed
            Texts that may be found (`mask`); `None` for all. To re-rank another search's hits, allow their ids.
        probes
            Only texts with a vector at one of so many centroids nearest to each query vector are looked at, as PLAID
            does, and there may be fewer hits than k; `None` scores every text.
        keep
            With `probes`: how many of these are scored in full, by the score that their centroids give; by default
            4 k, 256 at least.

        Raises
        ------
        InputError
            If `k` is not from 1 to the number of texts, a query has no vector or another width, or `probes` is asked
            of an index without codebook.
        """
        if not 1 <= k <= len(self):
            raise InputError(f"k is {k}, it must be from 1 to {len(self)}, the number of texts")
        if probes is not None and (probes < 1 or self.codebook is None):
            raise InputError(f"probes is {probes}, it must be at least 1, of an index with a codebook")
        if keep is not None and (keep < k or probes is None):
            raise InputError(f"keep is {keep}, it must be at least k, {k}, and goes with probes")
        given = [None] * len(self._segments) if allowed is None else allowed
        masks = [s.mask(mask) for s, mask in zip(self._segments, given, strict=True)]
        texts = checked_packed(vectors, offsets, self.dim).texts()
        if probes is None:
            return [
                self._best([self._all(s, m, one) for s, m in zip(self._segments, masks, strict=True)], k)
                for one in texts
            ]
        wanted = keep or max(4 * k, _KEEP)
        return [self._best(self._pruned(one, masks, probes, wanted), k) for one in texts]

    def bytes_per_text(self) -> dict[str, float]:
        """Return the bytes that each array takes for a living text, and the `total`; the codebook is shared out."""
        found: dict[str, float] = {}
        for s in self._segments:
            for name, array in s.arrays.items():
                found[name] = found.get(name, 0.0) + array.nbytes
        if self.codebook is not None:
            found["codebook"] = sum(float(getattr(self.codebook, f).nbytes) for f in ("centroids", "spread", "edges"))
        found = {name: size / max(len(self), 1) for name, size in found.items()}
        return {**found, "total": sum(found.values())}

    @classmethod
    def open(cls, path: Path | str, *, writable: bool = False, encoder: str | None = None) -> Self:
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
        try:
            index = cls._configured(folder, manifest.config)
        except (InputError, KeyError, TypeError, ValueError) as error:
            raise CorruptionError(f"the manifest of the index in {folder} cannot be used: {error}") from error
        if encoder is not None and index.encoder != encoder:
            raise InputError(f"the index in {folder} was built with {index.encoder}, not {encoder}")
        segments = []
        for entry in manifest.segments:
            arrays, alive, dead = read_parts(folder, entry)
            check_parts(arrays, len(alive), index.dim, index._bits, index.codebook, folder / entry["name"])
            segments.append(MultiVectorSegment(arrays, alive, dict(entry), dead=dead))
        index._adopt(folder, manifest, segments, writable=writable)
        return index

    def _write_shared(self, folder: Path) -> None:
        if self.codebook is not None and not (place := folder / _codebook_file(self.codebook.digest)).exists():
            self.codebook.save(place)

    @classmethod
    def _configured(cls, folder: Path, config: Mapping[str, Any]) -> Self:
        if config["format"] != _FORMAT:
            raise InputError(f"its format is {config['format']!r}, this version reads {_FORMAT}")
        codebook = None
        if config["codebook"] is not None:
            codebook = Codebook.open(folder / _codebook_file(config["codebook"]))
            if codebook.digest != config["codebook"]:
                raise CorruptionError(f"the codebook in {folder} was changed", hint=store.REBUILD)
        clustering = None if config["clustering"] is None else Clustering(**config["clustering"])
        return cls(
            config["dim"],
            encoder=config["encoder"],
            precision=config["precision"],
            codebook=codebook,
            clustering=clustering,
        )

    @property
    def _bits(self) -> int | None:
        return int(self.precision.removesuffix("bit")) if self.precision.endswith("bit") else None

    def _all(
        self, segment: MultiVectorSegment, mask: npt.NDArray[np.bool_] | None, query: Float32
    ) -> tuple[npt.NDArray[np.int64], Float32]:
        if mask is None:
            return np.arange(segment.rows), segment.scores(query, self.codebook)
        rows = np.flatnonzero(mask)
        # Vectors that lie together are read faster than those that must be gathered.
        few = 2 * len(rows) < segment.rows
        return rows, segment.scores(query, self.codebook, rows) if few else segment.scores(query, self.codebook)[rows]

    def _pruned(
        self, query: Float32, masks: Sequence[npt.NDArray[np.bool_] | None], probes: int, keep: int
    ) -> list[tuple[npt.NDArray[np.int64], Float32]]:
        assert self.codebook is not None  # noqa: S101  # search has asked
        near = self.codebook.centroids @ query.T
        parts = []
        for s, mask in zip(self._segments, masks, strict=True):
            rows = s.candidates(near, probes)
            parts.append(rows if mask is None else rows[mask[rows]])
        if sum(map(len, parts)) > keep:
            rough = [s.rough_scores(near, rows) for s, rows in zip(self._segments, parts, strict=True)]
            edge = np.partition(np.concatenate(rough), -keep)[-keep]
            parts = [rows[scores >= edge] for rows, scores in zip(parts, rough, strict=True)]
        return [(rows, s.scores(query, self.codebook, rows)) for s, rows in zip(self._segments, parts, strict=True)]

    def _best(self, parts: Sequence[tuple[npt.NDArray[np.int64], Float32]], k: int) -> Hits:
        together = np.concatenate([scores for _, scores in parts])
        edge = kernels.kth_best(together, None, k, _SMALLEST)
        ids, kept = [], []
        for s, (rows, scores) in zip(self._segments, parts, strict=True):
            chosen = kernels.rows_from(scores, None, _SMALLEST if edge is None else edge)
            ids += [decode_id(one) for one in s.arrays["ids"][rows[chosen]].tolist()]
            kept += scores[chosen].tolist()
        best = sorted(range(len(ids)), key=lambda i: (-kept[i], ids[i]))[:k]
        return Hits(tuple(ids[i] for i in best), np.array([kept[i] for i in best], dtype=np.float32))

    def _config(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "dim": self.dim,
            "encoder": self.encoder,
            "precision": self.precision,
            "codebook": None if self.codebook is None else self.codebook.digest,
            "clustering": None if self.clustering is None else asdict(self.clustering),
        }

    def _merge(self, segments: Sequence[MultiVectorSegment]) -> MultiVectorSegment:
        return merge(segments, self.codebook)


def _codebook_file(digest: str) -> str:
    return f"codebook-{digest}.safetensors"
