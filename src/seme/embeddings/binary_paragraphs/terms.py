"""Words and pairs of neighbours that stand for a document, and documents as their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.tokens import tokenize

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Documents:
    """Terms of documents in order: those of document i are `terms[offsets[i]:offsets[i + 1]]`."""

    terms: Rows
    offsets: Rows

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Rows:
        """Number of terms of each document (n,)."""
        return np.diff(self.offsets)

    def pairs(self, chosen: Rows) -> tuple[Rows, Rows]:
        """Return, for each term of some documents, the document's place among the chosen, and its place in `terms`."""
        lengths = self.lengths[chosen]
        owners = np.repeat(np.arange(len(chosen)), lengths)
        within = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return owners, self.offsets[chosen][owners] + within


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms that are known, and how often each occurs in the texts that they were learned from.

    Parameters
    ----------
    names
        Words as `seme.retrieval.tokens` reads them, and pairs of neighbours with a space between them.
    counts
        How often each occurs (V,).
    """

    names: tuple[str, ...]
    counts: Rows

    @classmethod
    def learn(
        cls, texts: Sequence[str], *, bigrams: bool = True, least: int = 3, most_share: float = 0.1, limit: int = 20_000
    ) -> Self:
        """Choose terms.

        Parameters
        ----------
        bigrams
            Whether pairs of neighbours count.
        least
            Documents in which a term must stand.
        most_share
            Share of the documents above which a term says nothing.
        limit
            Most terms; the most frequent are kept.

        Raises
        ------
        InputError
            If fewer than two terms are left.
        """
        documents, total = Counter[str](), Counter[str]()
        for text in texts:
            found = list(_terms_of(text, bigrams))
            total.update(found)
            documents.update(set(found))
        kept = [name for name, n in documents.items() if n >= least and n <= most_share * len(texts)]
        kept = sorted(kept, key=lambda name: (-total[name], name))[:limit]
        if len(kept) < 2:
            raise InputError(
                f"{len(texts)} texts have {len(kept)} terms that stand in {least} of them or more",
                hint="Give more texts, or a lower `least` or higher `most_share`",
            )
        return cls(tuple(kept), np.array([total[name] for name in kept], dtype=np.int64))

    def encode(self, texts: Sequence[str]) -> Documents:
        """Return the known terms of each text, which may have none (`Documents.lengths`)."""
        index = {name: number for number, name in enumerate(self.names)}
        bigrams = any(" " in name for name in self.names)
        found = [[index[one] for one in _terms_of(text, bigrams) if one in index] for text in texts]
        offsets = np.cumsum([0, *map(len, found)], dtype=np.int64)
        return Documents(np.array([one for each in found for one in each], dtype=np.int64), offsets)


def _terms_of(text: str, bigrams: bool) -> Iterable[str]:
    words = tokenize(text)
    yield from words
    if bigrams:
        yield from map(" ".join, pairwise(words))
