"""Texts with a label that is true or false of them, and what of them must not be torn apart by a split."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from seme.assets.categories import WORDNET_CATEGORIES, load_categories
from seme.assets.corpora import film_rows
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.concept_depth.rows import Row, balanced, true_and_false, with_article
from seme.experiments.concept_depth.sentences import FEELINGS, glosses, keywords, negation
from seme.experiments.p36_concept_depth import TASKS
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

MAIN = ("sentiment", "continents", "coin")
LEVELS = {
    "living": "lexical",
    "keywords": "lexical",
    "kinds": "factual",
    "continents": "factual",
    "sentiment": "emotional",
    "reviews": "emotional",
    "glosses": "emotional",
    "coin": "inferential",
    "order": "inferential",
    "negation": "inferential",
}

_GOOD, _BAD = FEELINGS
_FRAMES = (
    "The film was {}.",
    "I found the meal {}.",
    "Their new house is {}.",
    "What a {} day it was.",
    "She called the concert {}.",
    "We had a {} time there.",
    "He gave a {} speech.",
    "The weather has been {}.",
    "My aunt is a {} cook.",
)
_CONTINENTS = ("Africa", "America", "Asia", "Europe")
_NAMES = ["Ann", "Bob", "Tom", "Eve", "Max", "Joe", "Kim", "Sue", "Dan", "Amy", "Ben", "Ian"]
_LIVING = frozenset({"bird", "fish", "insect", "mammal", "tree", "flower"})
_MADE = frozenset({"furniture", "vehicle", "weapon", "tool", "clothing", "toy", "building", "musical_instrument"})
_LONGEST_REVIEW = 110


@dataclass(frozen=True, slots=True)
class Task:
    """Texts (n,), their labels of 0 and 1 (1 is true, good or heads), and their groups."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    groups: tuple[str, ...]

    @property
    def level(self) -> str:
        """Lexical, factual, emotional or inferential."""
        return LEVELS[self.name]

    def first(self, count: int) -> Task:
        """Return the task with its first texts alone."""
        return Task(self.name, self.texts[:count], self.labels[:count], self.groups[:count])


def choose(settings: ConceptDepthSettings, context: Context, report: Report) -> list[Task]:
    """Make the tasks, and say what stands in for the paper's data."""
    unknown = [name for name in settings.tasks if name not in TASKS]
    if unknown or not settings.tasks:
        raise InputError(f"--tasks {unknown or 'is empty'}", hint=f"There are {', '.join(TASKS)}")
    made = [
        make(name, settings.main_texts if name in MAIN else settings.texts, context.rng("task", name))
        for name in settings.tasks
    ]
    report.notes.append(
        "The paper's nine data sets are on no package index; what stands in for them: WordNet (living things against "
        "artefacts; 'a heron is a kind of bird', true or false), the cities of the time-zone database ('the city of X "
        "is in Asia', true or false), Python's keywords against names of its library, adjectives in templates, "
        "WordNet's examples of words that the General Inquirer calls positive or negative, short film reviews of "
        "Rotten Tomatoes, the parity of coin flips and of negations, and transitive order. Splits hold out words, "
        "cities, adjectives, films and facts; those of coin and order hold out texts, which have patterns of flips in "
        "common with what was trained on, as those of negations have."
    )
    return made


def make(name: str, count: int, rng: np.random.Generator) -> Task:
    """Make a task of at most so many texts, groups whole and in a random order."""
    rows = _MAKERS[name](count, rng)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[2], []).append(row)
    names = list(groups)
    kept: list[Row] = []
    for number in rng.permutation(len(names)):
        if len(kept) + len(groups[names[number]]) <= count:
            kept += groups[names[number]]
    texts, labels, of = zip(*kept, strict=True)
    return Task(name, texts, labels, of)


def _sentiment(count: int, _rng: np.random.Generator) -> list[Row]:
    frames = _FRAMES[: max(1, count // len(_GOOD + _BAD))]  # rather all words in fewer frames
    return [
        (frame.format(word), label, word)
        for label, words in ((1, _GOOD), (0, _BAD))
        for word, frame in product(words, frames)
    ]


def _reviews(count: int, rng: np.random.Generator) -> list[Row]:
    rows = [
        (row["text"].strip(), int(row["category"] == "fresh"), row["movie_name"])
        for row in film_rows()
        if row["category"] in ("fresh", "rotten") and 20 <= len(row["text"].strip()) <= _LONGEST_REVIEW
    ]
    return balanced(rows, count, rng)


def _living(count: int, rng: np.random.Generator) -> list[Row]:
    rows = [
        (f"The word is {one.item}.", int(one.category in _LIVING), one.item)
        for one in load_categories()
        if one.category in _LIVING | _MADE
    ]
    return balanced(rows, count, rng)


def _kinds(count: int, rng: np.random.Generator) -> list[Row]:
    by: dict[str, list[str]] = {name: [] for name in WORDNET_CATEGORIES[:12]}
    for one in load_categories():
        if one.category in by:
            by[one.category].append(one.item)
    return true_and_false(by, count, rng, lambda item, kind: f"{with_article(item)} is a kind of {kind}.")


def _continents(count: int, rng: np.random.Generator) -> list[Row]:
    zones = sorted(zone.split("/") for zone in zoneinfo.available_timezones() if zone.count("/") == 1)
    by = {name: [city.replace("_", " ") for place, city in zones if place == name] for name in _CONTINENTS}
    if min(map(len, by.values())) < 5:
        raise InputError("there is no time-zone database with cities", hint="pip install tzdata")
    return true_and_false(by, count, rng, lambda city, place: f"The city of {city} is in {place}.")


def _coin(count: int, rng: np.random.Generator) -> list[Row]:
    rows = []
    for number in range(4 * count):
        flips = rng.integers(0, 2, size=2 + number % 2)
        people = rng.choice(_NAMES, size=len(flips), replace=False)
        acts = " ".join(
            f"{person} {'flips' if flip else 'keeps'} it." for person, flip in zip(people, flips, strict=True)
        )
        text = f"A coin is heads up. {acts}"
        rows.append((text, int(flips.sum() % 2 == 0), text))
    return balanced(list(dict.fromkeys(rows)), count, rng)


def _order(count: int, rng: np.random.Generator) -> list[Row]:
    rows = []
    for _ in range(2 * count):
        high, middle, low = rng.choice(_NAMES, size=3, replace=False)
        pairs = [f"{high} is taller than {middle}.", f"{middle} is taller than {low}."]
        told = " ".join(pairs[number] for number in rng.permutation(2))
        label = int(rng.integers(2))
        text = f"{told} So {high if label else low} is taller than {low if label else high}."
        rows.append((text, label, told))
    return balanced(list(dict.fromkeys(rows)), count, rng)


_MAKERS: dict[str, Callable[[int, np.random.Generator], list[Row]]] = {
    "living": _living,
    "kinds": _kinds,
    "continents": _continents,
    "sentiment": _sentiment,
    "reviews": _reviews,
    "coin": _coin,
    "order": _order,
    "keywords": keywords,
    "glosses": glosses,
    "negation": negation,
}
