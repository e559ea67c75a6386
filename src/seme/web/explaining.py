"""Why a paper was found, in the words of whoever searched."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from seme.retrieval.tokens import tokenize


def matched_words(text: str, matched: Mapping[str, float]) -> list[tuple[str, int]]:
    """Return the words of a search that matched, as they were typed, the weightiest first.

    Parameters
    ----------
    text
        What was searched for.
    matched
        Stem -> its share of the BM25 score.

    Returns
    -------
    list of (str, int)
        Each word with its percentage of the whole score by words.
    """
    whole = sum(matched.values())
    shares: dict[str, float] = {}
    for stem, share in matched.items():
        word = _typed(text).get(stem, stem)
        shares[word] = shares.get(word, 0.0) + share
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return [(word, round(100 * share / whole)) for word, share in ranked] if whole > 0 else []


@lru_cache(maxsize=256)
def _typed(text: str) -> dict[str, str]:
    """Return stem -> the first word of a text that has it."""
    stems: dict[str, str] = {}
    for word in text.split():
        for stem in tokenize(word):
            stems.setdefault(stem, word.strip(".,;:!?\"'()[]"))
    return stems
