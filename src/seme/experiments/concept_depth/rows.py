"""Texts with a label and a group, and draws of them in which labels are balanced."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Row = tuple[str, int, str]
"""A text, its label, its group."""


def balanced(rows: Sequence[Row], count: int, rng: np.random.Generator) -> list[Row]:
    """Return as many texts of either label, drawn."""
    found: list[Row] = []
    for label in (0, 1):
        of = [row for row in rows if row[1] == label]
        found += [of[number] for number in rng.permutation(len(of))[: count // 2]]
    return found


def true_and_false(
    by: dict[str, list[str]], count: int, rng: np.random.Generator, say: Callable[[str, str], str]
) -> list[Row]:
    """Return each item with its own kind and with another; all kinds are as often true and false of something."""
    kinds = list(by)
    each = max(1, min(*map(len, by.values()), count // (2 * len(kinds))))
    rows = []
    for place, kind in enumerate(kinds):
        for turn, number in enumerate(rng.permutation(len(by[kind]))[:each]):
            item = by[kind][number]
            other = kinds[(place + 1 + turn % (len(kinds) - 1)) % len(kinds)]
            rows += [(say(item, kind.replace("_", " ")), 1, item), (say(item, other.replace("_", " ")), 0, item)]
    return rows


def with_article(word: str) -> str:
    """Return a word with its indefinite article before it."""
    return f"{'An' if word[0] in 'aeiou' else 'A'} {word}"
