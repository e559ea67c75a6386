"""Pairs of texts out of WordNet: to train on, and to judge likeness by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets.wordnet import Synset, synsets
from seme.experiment import Context

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

_FARTHEST = 6
"""Most steps up from a synset before the walk to its partner goes down again."""


@dataclass(frozen=True, slots=True)
class Material:
    """Training pairs, and pairs of definitions with their likeness, from 0 to 1."""

    train: list[tuple[str, str]]
    first: list[str]
    second: list[str]
    likeness: npt.NDArray[np.float64]


def make(settings: Matryoshka2dSettings, context: Context) -> Material:
    """Pair definitions with sentences that show the word, and nouns with others that are near or far in the tree."""
    known = {one.id: one for one in synsets("noun")}
    rng = context.rng("pairs")
    nouns = [one for one in known.values() if one.hypernyms]
    first, second, likeness, held = [], [], [], set()
    for place in rng.permutation(len(nouns)).tolist():
        one = nouns[place]
        other = _partner(one, known, rng)
        if other.id == one.id:
            continue
        first.append(one.definition)
        second.append(other.definition)
        likeness.append(wu_palmer(one, other, known))
        held |= {one.id, other.id}
        if len(first) == settings.pairs:
            break
    train = [
        (f"{one.words[0]}: {one.definition}", one.examples[0])
        for one in known.values() if one.examples and one.id not in held
    ]  # fmt: skip
    return Material(train, first, second, np.array(likeness))


def wu_palmer(one: Synset, other: Synset, known: Mapping[str, Synset]) -> float:
    """Return twice the depth of the nearest common ancestor over the sum of depths (Wu and Palmer 1994).

    A synset's first hypernym is its parent; two without a common ancestor have 0.
    """
    above, beside = _line(one, known), _line(other, known)
    shared = next((name for name in above if name in set(beside)), None)
    if shared is None:
        return 0.0
    depth = len(above) - above.index(shared)
    return 2 * depth / (len(above) + len(beside))


def _line(one: Synset, known: Mapping[str, Synset]) -> list[str]:
    found = [one.id]
    while (above := [name for name in known[found[-1]].hypernyms if name in known]) and above[0] not in found:
        found.append(above[0])
    return found


def _partner(one: Synset, known: Mapping[str, Synset], rng: np.random.Generator) -> Synset:
    line = _line(one, known)
    place = known[line[min(int(rng.integers(0, _FARTHEST + 1)), len(line) - 1)]]
    for _ in range(int(rng.integers(1, _FARTHEST + 1))):
        below = [name for name in place.hyponyms if name in known]
        if not below:
            break
        place = known[below[int(rng.integers(len(below)))]]
    return place
