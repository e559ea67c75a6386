"""Real texts by name, without duplicates, always in the same order, in parts that have no text in common.

Which texts there are depends on the machine: the standard library's are those of the Python that runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import count, islice
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from seme.assets.corpora import (
    film_reviews,
    library_docs,
    own_texts,
    standard_docs,
    standard_source,
    wordnet_glosses,
)
from seme.errors import AssetError, InputError

Split = Literal["train", "held-out"]
_HELD_OUT = 5
_READERS: Mapping[str, Callable[[], Iterator[str]]] = MappingProxyType(
    {
        "stdlib-docs": standard_docs,
        "stdlib-source": standard_source,
        "library-docs": library_docs,
        "film-reviews": film_reviews,
        "wordnet-glosses": wordnet_glosses,
    }
)
TEXTS = tuple(_READERS)
"""Names of the texts that there are."""


def load_texts(name: str, limit: int | None = None, *, split: Split | None = None) -> list[str]:
    """Load texts.

    Two texts that differ in case or white space alone are one. A text belongs to `held-out` (a fifth of all) or to
    `train` by its own hash, so that the parts stay disjoint whatever else is added.

    Parameters
    ----------
    name
        One of `TEXTS`, or a file or folder of one's own: paragraphs of `.txt` and `.md`, or `.jsonl` with a `text` in
        each line.
    limit
        How many at most, from the beginning; `None` for all.
    split
        `train`, `held-out`, or `None` for both.

    Raises
    ------
    AssetError
        If there are no such texts or they are not installed; it names the command that installs them.
    InputError
        If `limit` or `split` cannot be used, or a file of one's own cannot be read.
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}, expected a number >= 1, or None for all")
    if split not in (None, "train", "held-out"):
        raise InputError(f"split is {split!r}, expected 'train', 'held-out' or None")
    return list(islice(_distinct(_reader(name), split), limit))


def split_of(text: str) -> Split:
    """Return the part that a text belongs to."""
    return "held-out" if _digest(text)[0] % _HELD_OUT == 0 else "train"


class _Reading:
    """What a reader gives, kept: who asks again goes on from there, for parsing a library takes some seconds."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._kept: list[str] = []
        self._rest = texts

    def __iter__(self) -> Iterator[str]:
        for number in count():
            if number == len(self._kept):
                try:
                    self._kept.append(next(self._rest))
                except StopIteration:
                    return
                except BaseException:
                    _reading.cache_clear()  # a generator that raised is at its end, and its texts would seem to be all
                    raise
            yield self._kept[number]


@cache
def _reading(name: str) -> _Reading:
    return _Reading(iter(_READERS[name]()))


def _reader(name: str) -> Iterable[str]:
    if name in _READERS:
        return _reading(name)
    path = Path(name).expanduser()
    if not path.exists():
        raise AssetError(f"there are no texts {name!r}", hint=f"It may be {', '.join(TEXTS)}, or a file or folder")
    return own_texts(path)


def _distinct(texts: Iterable[str], split: Split | None) -> Iterator[str]:
    seen = set()
    for text in texts:
        digest = _digest(text)
        if digest not in seen and text.strip() and split in (None, split_of(text)):
            seen.add(digest)
            yield text.strip()


def _digest(text: str) -> bytes:
    return hashlib.sha256(" ".join(text.split()).casefold().encode("utf-8", "surrogatepass")).digest()
