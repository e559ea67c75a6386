"""A second script: an invertible substitution of letters in all words but names, and its tokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from seme.experiments.contriever.pieces import Pieces

_WORD = re.compile(r"[^\W\d_]+", re.ASCII)
_FIRST = 0x10D0
"""Georgian letters, of which there are enough and which have no case."""
_WRITE = {ord(letter): chr(_FIRST + i) for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
_READ = {ord(there): chr(here) for here, there in _WRITE.items()}
_PIECE = re.compile(rf"[{chr(_FIRST)}-{chr(_FIRST + 25)}]+|[^{chr(_FIRST)}-{chr(_FIRST + 25)}]+")


class Script:
    """The second script: words are written in it, names and numbers stay what they are (the shared anchors).

    A name is a word with a capital that is nowhere written without, or a part of an identifier (`a_b`, `x1`).

    Parameters
    ----------
    texts
        Of the corpus, from which it follows what is a name.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._plain = {word for text in texts for word in _words(text) if word.islower()}

    def write(self, text: str) -> str:
        """Return the text in the second script."""
        return _WORD.sub(
            lambda found: found[0].casefold().translate(_WRITE) if self._is_word(found) else found[0], text
        )

    def words(self, text: str) -> str:
        """Return what of a text is no anchor, in the first script."""
        return " ".join(found[0].casefold() for found in _WORD.finditer(text) if self._is_word(found))

    def _is_word(self, found: re.Match[str]) -> bool:
        return not _in_identifier(found) and found[0].casefold() in self._plain


def read(text: str) -> str:
    """Return a text in the first script."""
    return text.translate(_READ)


def _words(text: str) -> Iterable[str]:
    return (found[0] for found in _WORD.finditer(text) if not _in_identifier(found))


def _in_identifier(found: re.Match[str]) -> bool:
    around = found.string[max(0, found.start() - 1) : found.start()] + found.string[found.end() : found.end() + 1]
    return any(one == "_" or one.isdigit() for one in around)


class TwoScripts(Pieces):
    """A tokenizer of texts in both: pieces of the second script are those of the first with ids of their own.

    So would a tokenizer be that was trained on both scripts alike. Parameters are those of `Pieces`.
    """

    def __init__(self, base: Any, texts: Iterable[str]) -> None:
        super().__init__(base, texts)
        self._single = super().__len__()

    def __len__(self) -> int:
        return 2 * self._single

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = []
        for part in _PIECE.findall(text):
            second = ord(part[0]) in _READ
            ids += [one + second * self._single for one in super()._ids(read(part))]
        return ids
