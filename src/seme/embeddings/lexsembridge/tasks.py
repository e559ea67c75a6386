"""Queries that ask for detail: keywords of a passage, and spans cut out of it (LexSemBridge's diagnostic tasks)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from seme.errors import InputError

_WORD = re.compile(r"[^\W\d_]{3,}")


def keyword_queries(passages: Mapping[str, str], *, words: int = 5) -> dict[str, str]:
    """Return the words of each passage that set it apart, as a query of its own id.

    Words are ranked by count times log(passages / passages that have it), equals in the order of the alphabet. The
    paper does not name its extractor. A passage without a word of three letters has no query.

    Raises
    ------
    InputError
        If there is no passage, or `words` is not positive.
    """
    if not passages or words < 1:
        raise InputError(f"there are {len(passages)} passages and words is {words}, expected at least 1 of both")
    counts = {key: Counter(word.casefold() for word in _WORD.findall(text)) for key, text in passages.items()}
    spread = Counter(word for one in counts.values() for word in one)
    queries = {}
    for key, one in counts.items():
        ranked = sorted(one, key=lambda word: (-one[word] * math.log(len(passages) / spread[word]), word))
        if ranked:
            queries[key] = " ".join(ranked[:words])
    return queries


def span_queries(passages: Mapping[str, str], *, words: int, rng: np.random.Generator) -> dict[str, str]:
    """Return a run of words out of each passage, at a random place, as a query of its own id (PoP-n).

    A passage of no more than `words` words has no query: it would be the passage itself.

    Raises
    ------
    InputError
        If `words` is not positive.
    """
    if words < 1:
        raise InputError(f"words is {words}, expected at least 1")
    queries = {}
    for key, text in passages.items():
        parts = text.split()
        if len(parts) > words:
            start = int(rng.integers(0, len(parts) - words + 1))
            queries[key] = " ".join(parts[start : start + words])
    return queries
