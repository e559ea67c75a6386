"""Texts to the terms that BM25 counts."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

LONGEST_TERM = 40
_WORD = re.compile(r"\w+(?:\+\+|#)?(?:[-.'’]\w+)*")
_PART = re.compile(r"\w+(?:\+\+|#)?")
_STOP = frozenset(
    """a an and are as at be but by can do does for from has have how if in into is it its no not of on or our so such
    than that the their then there these they this those to was we were what when where which who why will with you
    your""".split()  # noqa: SIM905  # words are read more easily than a list of quotes
)
_STEMMER = Stemmer.Stemmer("english", 0)


def tokenize(text: str) -> list[str]:
    """Return the terms of a text: words, case-folded, without accents and English endings, less the stop words.

    A hyphenated word gives its parts and itself joined (`top-k` gives `top`, `k` and `topk`), so that each spelling
    finds the others. Terms are cut to `LONGEST_TERM` characters.
    """
    terms: list[str] = []
    for word in _WORD.findall(_fold(text)):
        terms.extend(_terms_of(word))
    return terms


@lru_cache(maxsize=200_000)
def _terms_of(word: str) -> tuple[str, ...]:
    parts = [part[:LONGEST_TERM].strip("_") for part in _PART.findall(word)]
    if len(parts) > 1 and "'" not in word and "’" not in word:
        parts.append("".join(parts)[:LONGEST_TERM])
    return tuple(_STEMMER.stemWord(part) for part in parts if part and part not in _STOP)


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))
