"""A corpus as one stream of word numbers, and the windows around its places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words that are known, and how often each occurs.

    Parameters
    ----------
    names
        Words; the number of a word is its place.
    counts
        How often each occurs (V,).
    """

    names: tuple[str, ...]
    counts: Numbers

    @classmethod
    def learn(cls, texts: Sequence[Sequence[str]], *, least: int = 5, limit: int = 20_000) -> Self:
        """Take the words that occur `least` times, the most frequent `limit` at most.

        Raises
        ------
        InputError
            If fewer than two words are left, or a text is no list of words.
        """
        if any(isinstance(text, str) for text in texts):
            raise InputError(
                "texts hold a string, expected the words of each text", hint="[text.split() for text in …]"
            )
        counts = Counter(chain.from_iterable(texts))
        kept = sorted((name for name, n in counts.items() if n >= least), key=lambda name: (-counts[name], name))[
            :limit
        ]
        if len(kept) < 2:
            raise InputError(
                f"{len(kept)} words occur {least} times in {len(texts)} texts",
                hint="Give more texts or a lower `least`",
            )
        return cls(tuple(kept), np.array([counts[name] for name in kept], dtype=np.int64))

    def numbers(self) -> dict[str, int]:
        """Return the number of each word."""
        return {name: number for number, name in enumerate(self.names)}


@dataclass(frozen=True, slots=True)
class Stream:
    """Known words of all texts, one after the other.

    Parameters
    ----------
    words
        Numbers of the words (n,).
    starts, stops
        Where the text of each word starts and stops (n,).
    size
        Number of known words V, which fills up windows at the ends of texts.
    """

    words: Numbers
    starts: Numbers
    stops: Numbers
    size: int

    @classmethod
    def read(cls, texts: Sequence[Sequence[str]], lexicon: Lexicon) -> Self:
        """Read the known words of texts."""
        index = lexicon.numbers()
        found = [[index[word] for word in text if word in index] for text in texts]
        lengths = np.array([len(one) for one in found], dtype=np.int64)
        stops = np.cumsum(lengths)
        return cls(
            np.array(list(chain.from_iterable(found)), dtype=np.int64),
            np.repeat(stops - lengths, lengths),
            np.repeat(stops, lengths),
            len(lexicon.names),
        )

    def __len__(self) -> int:
        return len(self.words)

    def windows(self, places: Numbers, width: int) -> Numbers:
        """Return the words up to `width` before and after some places (m, 2 · width); V beyond a text's ends."""
        around = places[:, None] + np.concatenate([np.arange(-width, 0), np.arange(1, width + 1)])
        inside = (around >= self.starts[places][:, None]) & (around < self.stops[places][:, None])
        return np.where(inside, self.words[np.clip(around, 0, max(len(self.words) - 1, 0))], self.size)
