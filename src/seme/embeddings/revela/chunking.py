"""Documents to chunks of a few tokens, cut where sentences and lines end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from seme.errors import InputError

_ENDS = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=\n)(?=.)")


def split_chunks(text: str, count: Callable[[str], int], *, longest: int = 120, shortest: int = 1) -> list[str]:
    """Return the chunks of a document in their order; together they are the document without white space at cuts.

    Pieces between ends of sentences and lines are packed until a chunk is full; a piece that is too long itself is cut
    between words, and a word between characters.

    Parameters
    ----------
    text
        A document.
    count
        How many tokens a text has; two texts put together have at most as many as both.
    longest, shortest
        Tokens of a chunk; a shorter one is left out.

    Raises
    ------
    InputError
        If the lengths cannot be used.
    """
    if not 1 <= shortest <= longest:
        raise InputError(f"shortest is {shortest} and longest {longest}, expected 1 <= shortest <= longest")
    found: list[str] = []
    held, length = "", 0
    for piece in _pieces(text, count, longest):
        tokens = count(piece)
        if held.strip() and length + tokens > longest:
            found.append(held)
            held, length = "", 0
        held, length = held + piece, length + tokens
    stripped = (one.strip("\n").rstrip() for one in (*found, held))
    return [one for one in stripped if one.strip() and count(one) >= shortest]


def _pieces(text: str, count: Callable[[str], int], longest: int) -> Iterator[str]:
    for piece in _between(text, [match.end() for match in _ENDS.finditer(text)]):
        if count(piece) <= longest:
            yield piece
            continue
        for word in _between(piece, [match.end() for match in re.finditer(r"\s+", piece)]):
            yield from [word] if count(word) <= longest else _halved(word, count, longest)


def _halved(word: str, count: Callable[[str], int], longest: int) -> Iterator[str]:
    if len(word) < 2 or count(word) <= longest:
        yield word
        return
    for half in (word[: len(word) // 2], word[len(word) // 2 :]):
        yield from _halved(half, count, longest)


def _between(text: str, ends: Sequence[int]) -> Iterator[str]:
    start = 0
    for end in (*ends, len(text)):
        if end > start:
            yield text[start:end]
            start = end
