"""How alike samples are word by word: ROUGE-L over pairs (Lin 2004; as a score, Fomicheva et al. 2020)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from seme.interp.uncertainty.samples import Floats, Samples

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class LexicalDissimilarity:
    """1 - mean ROUGE-L (F) over pairs of a question's samples."""

    def __call__(self, samples: Samples) -> Floats:
        """Return the scores (questions,), 0 where all samples have the same words in the same order."""
        return np.array([1 - _mean_rouge(row) for row in samples.texts])


def rouge_l(first: str, second: str) -> float:
    """Return the F-measure of the longest common subsequence of two texts' lower-case words; 1 where both are empty."""
    a, b = _WORD.findall(first.lower()), _WORD.findall(second.lower())
    if not a or not b:
        return float(not a and not b)
    return 2 * _longest_common(a, b) / (len(a) + len(b))


def _mean_rouge(row: Sequence[str]) -> float:
    known: dict[tuple[str, str], float] = {}
    total = 0.0
    for a, b in combinations(sorted(row), 2):
        if (a, b) not in known:
            known[a, b] = rouge_l(a, b)
        total += known[a, b]
    return total / (len(row) * (len(row) - 1) / 2)


def _longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    lengths = [0] * (len(b) + 1)
    for word in a:
        above = 0
        for place, other in enumerate(b, 1):
            above, lengths[place] = (
                lengths[place],
                above + 1 if word == other else max(lengths[place], lengths[place - 1]),
            )
    return lengths[-1]
