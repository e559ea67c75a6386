"""A BM25 index that papers can be added to, edited in and deleted from, with the scores of a fresh one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from seme.errors import InputError, NotFoundError
from seme.retrieval import kernels, store
from seme.retrieval.bm25 import segment as segments
from seme.retrieval.bm25.scoring import Term, top_places
from seme.retrieval.bm25.segment import TermSegment
from seme.retrieval.bm25.variants import Variant
from seme.retrieval.hits import Hits
from seme.retrieval.identifiers import decode_id, encode_ids, unique_ids
from seme.retrieval.segmented import Masks, SegmentedIndex
from seme.retrieval.tokens import tokenize

__all__ = ["BM25Index"]

_REMEMBERED = 100_000
"""Most terms whose weights are kept from one search to the next."""


class _Weighed(NamedTuple):
    """A term with the statistics of the moment; ordered as terms are added up, the rarest first."""

    df: int
    term: str
    weight: float
    base: float
    places: tuple[Term | None, ...]
    """The term in each segment; `None` where no document has it."""


class BM25Index(SegmentedIndex[TermSegment]):
    """BM25 over documents that come and go.

    Any sequence of `add` and `remove` scores bit for bit as a fresh index of the documents that are left: document
    frequencies and lengths are exact integers over living documents, and nothing is scored before the query.

    Parameters
    ----------
    variant, k1, b, delta
        See `Variant`.

    Examples
    --------
    >>> index = BM25Index()
    >>> index.add(["a", "b"], ["smallest units of meaning", "a map of the brain"])
    >>> index.search("units of meaning", 1).ids
    ('a',)
    """

    kind = "bm25"

    def __init__(self, *, variant: str = "lucene", k1: float = 1.2, b: float = 0.75, delta: float = 0.5) -> None:
        super().__init__()
        self.variant = Variant(variant, k1, b, delta)
        self._pending: dict[str, list[str]] = {}
        self._average = 0.0
        self._weighed: dict[str, _Weighed] = {}
        self._postings_table: kernels.PostingsTable | None = None

    def __len__(self) -> int:
        return super().__len__() + len(self._pending)

    def __contains__(self, document_id: str) -> bool:
        return document_id in self._pending or super().__contains__(document_id)

    def ids(self) -> list[str]:
        """Return the ids of all documents."""
        self._flush()
        return super().ids()

    def add(self, ids: Sequence[str], texts: Sequence[str] | Sequence[Sequence[str]]) -> None:
        """Add documents, as texts or as lists of terms; one whose id is known replaces the former.

        Raises
        ------
        InputError
            If there are not as many texts as ids, an id stands twice, or the index was opened for reading.
        """
        self._must_be_writable()
        if len(ids) != len(texts):
            raise InputError(f"there are {len(ids)} ids and {len(texts)} texts, they must be as many")
        unique_ids(ids)
        encode_ids(ids)
        self._drop([i for i in ids if i in self])
        for document_id, text in zip(ids, texts, strict=True):
            self._pending[document_id] = tokenize(text) if isinstance(text, str) else list(text)

    def mask(self, ids: Iterable[str]) -> Masks:
        """Return, for `allowed` of a search, which rows these documents are; unknown ids are left out."""
        self._flush()
        return super().mask(ids)

    def numbered(self, numbers: Mapping[str, int]) -> list[npt.NDArray[np.int64]]:
        """Return, for each segment, the number of each row's id; -1 where the mapping has none."""
        self._flush()
        return super().numbered(numbers)

    @overload
    def search(self, query: str, k: int, *, allowed: Masks | None = None) -> Hits: ...
    @overload
    def search(self, query: list[str], k: int, *, allowed: Masks | None = None) -> list[Hits]: ...
    def search(self, query: str | list[str], k: int, *, allowed: Masks | None = None) -> Hits | list[Hits]:
        """Return the k documents with the highest scores above 0, for one query or for each of several.

        Parameters
        ----------
        query
            A text, or several.
        k
            Most hits of a query, >= 1.
        allowed
            Documents that may be found (`mask`); `None` for all.

        Raises
        ------
        InputError
            If `k` is not positive.
        """
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        self._flush()
        if isinstance(query, str):
            return self._search(Counter(tokenize(query)), k, allowed)
        return [self._search(Counter(tokenize(one)), k, allowed) for one in query]

    def search_terms(self, terms: Sequence[str], k: int) -> Hits:
        """Search by terms as they stand in the index."""
        self._flush()
        return self._search(Counter(terms), k, None)

    def search_weighted(self, weights: Mapping[str, float], k: int) -> Hits:
        """Search by terms as they stand in the index, each counted as often as its weight says.

        Raises
        ------
        InputError
            If `k` or a weight is not positive.
        """
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        for term, weight in weights.items():
            if not 0 < weight < math.inf:
                raise InputError(f"the weight of {term!r} is {weight}, expected a number > 0")
        self._flush()
        return self._search(weights, k, None)

    def explain(self, query: str, document_id: str) -> list[tuple[str, float]]:
        """Return each query term that a document has and what it adds to its score.

        Raises
        ------
        NotFoundError
            If the document is not there.
        """
        return self.explain_all(query, [document_id])[0]

    def explain_all(self, query: str, ids: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Return what `explain` returns for several documents, faster.

        Raises
        ------
        NotFoundError
            If one is not there.
        """
        self._flush()
        asked = [(self._weigh(term), count) for term, count in Counter(tokenize(query)).items()]
        places = self._places(ids)
        if (-1, -1) in places:
            raise NotFoundError(f"the index has no document {ids[places.index((-1, -1))]!r}")
        return [list(self._parts(asked, number, row)) for number, row in places]

    def _parts(self, asked: Sequence[tuple[_Weighed, int]], number: int, row: int) -> Iterator[tuple[str, float]]:
        postings = self._postings(self._segments[number])
        for one, count in asked:
            place = one.places[number] if one.df else None
            at = place.start + int(postings.docs[place.start : place.stop].searchsorted(row)) if place else -1
            if place and at < place.stop and postings.docs[at] == row:
                tf = float(postings.tfs[at])
                yield one.term, count * (one.weight * tf / (tf + float(postings.norms[row])) + one.base)

    def save(self, path: Path | str) -> None:
        """Write what changed; the folder holds the former state or the new one at any moment.

        Raises
        ------
        InputError
            If the folder holds another index, or was changed since this one was opened.
        """
        self._flush()
        super().save(path)
        self._forget_statistics()  # rows may have moved to a merged segment

    @classmethod
    def open(cls, path: Path | str, *, writable: bool = False) -> Self:
        """Open an index that `save` wrote, memory-mapped.

        Raises
        ------
        InputError
            If there is none.
        CorruptionError
            If its files were cut or changed.
        """
        folder = Path(path)
        manifest = store.read_manifest(folder, cls.kind)
        config = dict(manifest.config)
        index = cls(variant=config.pop("name"), **config)
        index._adopt(folder, manifest, [segments.read(folder, entry) for entry in manifest.segments], writable=writable)
        return index

    def _search(self, counts: Mapping[str, float], k: int, allowed: Masks | None) -> Hits:
        asked = [(weighed, count) for term, count in counts.items() if (weighed := self._weigh(term)).df]
        asked.sort(key=itemgetter(0))
        table = self._table()
        here = [
            [place.times(count) for one, count in asked if (place := one.places[number])]
            for number in range(len(self._segments))
        ]
        where, rows, scores = top_places(table, here, k, self._masks(allowed))
        found = [
            (-score, self._segments[segment].arrays["ids"][row], score)
            for segment, row, score in zip(where.tolist(), rows.tolist(), scores.tolist(), strict=True)
        ]
        found.sort()
        base = sum(count * one.base for one, count in asked)
        final = np.array([score + base for _, _, score in found[:k]], dtype=np.float32)
        return Hits(tuple(decode_id(i) for _, i, _ in found[:k]), final)

    def _masks(self, allowed: Masks | None) -> list[npt.NDArray[np.bool_] | None] | None:
        """Return which rows of each segment may be found; `None` if all may."""
        if allowed is None and not any(s.dead for s in self._segments):
            return None
        return [s.mask(None if allowed is None else allowed[i]) for i, s in enumerate(self._segments)]

    def _weigh(self, term: str) -> _Weighed:
        found = self._weighed.get(term)
        if found is None:
            if len(self._weighed) >= _REMEMBERED:
                self._weighed = {}
            found = self._weighed[term] = self._weigh_anew(term)
        return found

    def _weigh_anew(self, term: str) -> _Weighed:
        numbers = [s.term(term.encode()) for s in self._segments]
        pairs = list(zip(self._segments, numbers, strict=True))
        df, n = sum(s.frequency(number) for s, number in pairs if number >= 0), len(self)
        if not df:
            return _Weighed(0, term, 0.0, 0.0, ())
        weight = self.variant.weight(df, n)
        places = tuple(
            Term.of(*s.span(i), weight, most) if i >= 0 and (most := weight * self._share(s, i)) else None
            for s, i in pairs
        )
        return _Weighed(df, term, weight, self.variant.base(df, n), places)

    def _share(self, s: TermSegment, number: int) -> float:
        """Return the most of a term's weight that any row of a segment can get."""
        norm = float(self.variant.norms(s.arrays["least_lengths"][number : number + 1], self._average_length())[0])
        tf = float(s.arrays["top_tfs"][number])
        return tf / (tf + norm)

    def _average_length(self) -> float:
        if not self._average:
            total = sum(int(one.arrays["lengths"][one.alive].sum(dtype=np.int64)) for one in self._segments)
            self._average = total / len(self) if total else 1.0
        return self._average

    def _table(self) -> kernels.PostingsTable:
        if self._postings_table is None:
            self._postings_table = kernels.PostingsTable([self._postings(s) for s in self._segments])
        return self._postings_table

    def _postings(self, s: TermSegment) -> kernels.Postings:
        if s.postings is None:
            norms = self.variant.norms(s.arrays["lengths"], self._average_length())
            s.postings = kernels.Postings(s.arrays["docs"], s.arrays["tfs"], norms)
        return s.postings

    def _drop(self, ids: Sequence[str]) -> None:
        super()._drop([i for i in ids if self._pending.pop(i, None) is None])
        self._forget_statistics()

    def _flush(self) -> None:
        if self._pending:
            self._segments.append(segments.build(self._pending))
            self._pending = {}
            self._forget_statistics()

    def _forget_statistics(self) -> None:
        self._average = 0.0
        self._weighed = {}
        self._postings_table = None
        for s in self._segments:
            s.postings = None

    def _config(self) -> dict[str, Any]:
        return asdict(self.variant)

    def _merge(self, chosen: Sequence[TermSegment]) -> TermSegment:
        return segments.merge(chosen)
