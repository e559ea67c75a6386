"""A part of a BM25 index that never changes: postings by term, lengths and ids by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.retrieval import kernels
from seme.retrieval.identifiers import encode_ids, sorted_order
from seme.retrieval.segmented import Segment, read_parts
from seme.retrieval.store import Arrays

_MOST_TF = np.iinfo(np.uint16).max


@dataclass(slots=True)
class TermSegment(Segment):
    """Postings of one segment.

    `docs[offsets[t]:offsets[t + 1]]` are the rows that have term `t`, ascending, `tfs` how often. `top_tfs` and
    `least_lengths` bound what any document can get for the term. `lengths` counts the terms of each row.
    """

    postings: kernels.Postings | None = None
    """The postings with the length normalisation for the statistics of the moment."""

    def term(self, encoded: bytes) -> int:
        """Return a term's number, -1 if no row has it."""
        return self.terms([encoded])[0]

    def terms(self, encoded: Sequence[bytes]) -> list[int]:
        """Return the numbers of terms, -1 for those that no row has."""
        known = self.arrays["terms"]
        width = known.dtype.itemsize
        if not len(known):
            return [-1] * len(encoded)
        wanted = np.array([one if len(one) <= width else b"" for one in encoded], dtype=known.dtype)
        at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        same = known[at] == wanted
        return [i if ok and one else -1 for i, ok, one in zip(at.tolist(), same.tolist(), encoded, strict=True)]

    def frequency(self, term: int) -> int:
        """Return how many living rows have a term."""
        start, stop = self.span(term)
        return int(np.count_nonzero(self.alive[self.arrays["docs"][start:stop]])) if self.dead else stop - start

    def span(self, term: int) -> tuple[int, int]:
        """Return where a term's postings start and stop."""
        offsets = self.arrays["offsets"]
        return offsets.item(term), offsets.item(term + 1)


def build(documents: Mapping[str, Sequence[str]]) -> TermSegment:
    """Build a segment from the terms of documents by their ids."""
    counts = [Counter(terms) for terms in documents.values()]
    vocabulary = sorted({term.encode() for count in counts for term in count})
    number = {term: i for i, term in enumerate(vocabulary)}
    total = sum(map(len, counts))
    rows = np.repeat(np.arange(len(counts), dtype=np.int32), [len(count) for count in counts])
    terms = np.fromiter((number[term.encode()] for count in counts for term in count), dtype=np.int64, count=total)
    tfs = np.fromiter((tf for count in counts for tf in count.values()), dtype=np.int64, count=total)
    lengths = np.array([len(one) for one in documents.values()], dtype=np.int32)
    width = max(map(len, vocabulary), default=1)
    return assemble(encode_ids(documents), lengths, np.array(vocabulary, dtype=f"S{width}"), terms, rows, tfs)


def assemble(
    ids: npt.NDArray[np.bytes_],
    lengths: npt.NDArray[np.int32],
    vocabulary: npt.NDArray[np.bytes_],
    terms: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    tfs: npt.NDArray[np.int64],
) -> TermSegment:
    """Build a segment from (term, row, frequency) triples; the vocabulary is sorted, the triples need not be."""
    order = np.lexsort((rows, terms))
    terms, docs, frequencies = terms[order], rows[order], np.minimum(tfs[order], _MOST_TF).astype(np.uint16)
    offsets = np.searchsorted(terms, np.arange(len(vocabulary) + 1)).astype(np.int64)
    starts = offsets[:-1]
    filled = len(docs) > 0
    arrays: Arrays = {
        "ids": ids,
        "order": sorted_order(ids),
        "lengths": lengths,
        "terms": vocabulary,
        "offsets": offsets,
        "docs": docs.astype(np.int32),
        "tfs": frequencies,
        "top_tfs": np.maximum.reduceat(frequencies, starts) if filled else np.empty(0, np.uint16),
        "least_lengths": np.minimum.reduceat(lengths[docs], starts) if filled else np.empty(0, np.int32),
    }
    return TermSegment(arrays, np.ones(len(lengths), dtype=np.bool_))


def merge(segments: Sequence[TermSegment]) -> TermSegment:
    """Build one segment of the living rows of several."""
    if not segments:
        return build({})
    vocabulary = np.unique(np.concatenate([_as_width(s.arrays["terms"], _width(segments, "terms")) for s in segments]))
    parts, ids, lengths, first = [], [], [], 0
    for segment in segments:
        arrays = segment.arrays
        new_rows = np.cumsum(segment.alive) - 1 + first
        counts = np.diff(arrays["offsets"])
        terms = np.repeat(np.searchsorted(vocabulary, arrays["terms"].astype(vocabulary.dtype)), counts)
        kept = segment.alive[arrays["docs"]]
        parts.append((terms[kept], new_rows[arrays["docs"][kept]], arrays["tfs"][kept]))
        ids.append(_as_width(arrays["ids"][segment.alive], _width(segments, "ids")))
        lengths.append(arrays["lengths"][segment.alive])
        first += int(segment.alive.sum())
    terms, rows, tfs = (np.concatenate(column) for column in zip(*parts, strict=True))
    used, terms = np.unique(terms, return_inverse=True)
    return assemble(
        np.concatenate(ids),
        np.concatenate(lengths),
        vocabulary[used],
        terms.astype(np.int64),
        rows.astype(np.int32),
        tfs.astype(np.int64),
    )


def read(folder: Path, entry: Mapping[str, Any]) -> TermSegment:
    """Map a segment that the manifest names."""
    arrays, alive, dead = read_parts(folder, entry)
    return TermSegment(arrays, alive, dict(entry), dead=dead)


def _width(segments: Sequence[TermSegment], name: str) -> int:
    return max(int(segment.arrays[name].dtype.itemsize) for segment in segments)


def _as_width(array: npt.NDArray[np.bytes_], width: int) -> npt.NDArray[np.bytes_]:
    return array.astype(f"S{max(width, 1)}")
