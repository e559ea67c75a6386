"""Which words are clustered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets import load_word_vectors
from seme.assets.categories import CategoryItem, load_categories
from seme.errors import InputError
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p40_concepts import ConceptsSettings

_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Things:
    """Words (n,), the category of each, and two ratings that may stand for typicality: larger is more typical."""

    words: tuple[str, ...]
    categories: tuple[str, ...]
    ratings: npt.NDArray[np.float64]
    frequency: npt.NDArray[np.float64]
    rated: bool
    """Whether people gave the ratings."""

    @property
    def names(self) -> tuple[str, ...]:
        """Categories in the order of their first item."""
        return tuple(dict.fromkeys(self.categories))


def choose(settings: ConceptsSettings, report: Report) -> Things:
    """Take the most frequent words of each category, and leave categories out of which too few are left."""
    ranks = load_word_vectors("glove-6b-50d").index
    known = [one for one in load_categories(settings.categories) if ranks.get(one.item, settings.rank) < settings.rank]
    chosen: list[CategoryItem] = []
    left_out = []
    for category in dict.fromkeys(one.category for one in known):
        members = sorted((one for one in known if one.category == category), key=lambda one: ranks[one.item])
        if len(members) < _FEWEST:
            left_out.append(category)
        else:
            chosen += members[: settings.per_category]
    doubled = {word for word, count in Counter(one.item for one in chosen).items() if count > 1}
    chosen = [one for one in chosen if one.item not in doubled]
    if len({one.category for one in chosen}) < 2:
        raise InputError(f"--categories {settings.categories!r} leaves fewer than two categories with {_FEWEST} words")
    rated = settings.categories != "wordnet"
    report.notes.append(_note(chosen, left_out, rated=rated))
    return Things(
        tuple(one.item for one in chosen),
        tuple(one.category for one in chosen),
        np.array([one.typicality for one in chosen]),
        -np.log([1.0 + ranks[one.item] for one in chosen]),
        rated,
    )


def _note(chosen: list[CategoryItem], left_out: list[str], *, rated: bool) -> str:
    counts = Counter(one.category for one in chosen)
    text = f"{len(chosen)} words of {len(counts)} categories: {', '.join(f'{c} {n}' for c, n in counts.items())}."
    if left_out:
        text += f" Too few frequent words: {', '.join(left_out)}."
    if not rated:
        text += (
            " WordNet's taxonomy stands in for people's categories, and the steps between a word and its category, or "
            "the word's frequency, for their ratings of typicality, which no package carries."
        )
    return text
