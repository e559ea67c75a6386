"""Pairs of texts out of WordNet: to train on, to choose by, and to judge likeness by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class Pairs:
    """Definitions of nouns, two and two, and how alike the tree says they are, from 0 to 1."""

    first: list[str]
    second: list[str]
    likeness: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Material:
    """Training pairs of two kinds, and the pairs that rates are chosen by and that methods are judged by."""

    examples: list[tuple[str, str]]
    hypernyms: list[tuple[str, str]]
    validation: Pairs
    test: Pairs


def make(settings: Matryoshka2dSettings, context: Context) -> Material:
    """Pair words with sentences that show them and nouns with their hypernyms; hold pairs of nouns out of both.

    No synset of a held pair is trained on, nor any other with the same definition, and none is in both parts.
    """
    everything = list(synsets())
    nouns = {one.id: one for one in everything if one.id.startswith("noun")}
    rng = context.rng("pairs")
    order = rng.permutation([name for name, one in nouns.items() if one.hypernyms]).tolist()
    held: set[str] = set()
    test = _pairs(settings.pairs, order, nouns, held, rng)
    validation = _pairs(settings.validation, order, nouns, held, rng)
    examples = [
        (f"{one.words[0]}: {one.definition}", one.examples[0])
        for one in everything
        if one.examples and one.definition not in held
    ]
    hypernyms = [
        (one.definition, above.definition)
        for one in nouns.values()
        if (above := nouns.get(next(iter(one.hypernyms), ""))) and not {one.definition, above.definition} & held
    ]
    return Material(examples, hypernyms, validation, test)


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


def _pairs(
    count: int, order: Sequence[str], known: Mapping[str, Synset], held: set[str], rng: np.random.Generator
) -> Pairs:
    found: list[tuple[Synset, Synset]] = []
    taken: set[str] = set()
    for name in order:
        if len(found) == count:
            break
        one = known[name]
        other = _partner(one, known, rng)
        both = {one.definition, other.definition}
        if len(both) == 2 and not both & held:
            found.append((one, other))
            taken |= both
    held |= taken
    likeness = np.array([wu_palmer(one, other, known) for one, other in found])
    return Pairs([one.definition for one, _ in found], [other.definition for _, other in found], likeness)


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
