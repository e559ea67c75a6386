"""Questions with known answers, and whether an answer is right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seme.assets import load_word_vectors
from seme.assets.categories import load_categories
from seme.assets.wordnet import Synset, first_senses
from seme.experiment import Context
from seme.experiments.semantic_volume.capitals import CAPITALS

if TYPE_CHECKING:
    from seme.experiments.p34_semantic_volume import SemanticVolumeSettings

_EXAMPLES = {
    "capital": (("What is the capital of France?", "Paris"), ("What is the capital of Japan?", "Tokyo")),
    "kind": (("What kind of thing is a robin?", "bird"), ("What kind of thing is a hammer?", "tool")),
    "sum": (("What is 2 + 3?", "5"), ("What is 12 + 7?", "19")),
}
_TOO_WIDE = frozenset(
    {
        "entity",
        "physical entity",
        "abstraction",
        "abstract entity",
        "object",
        "physical object",
        "whole",
        "unit",
        "thing",
        "matter",
        "artifact",
        "artefact",
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the family it is from, and what its answer may be."""

    family: str
    text: str
    answers: frozenset[str]

    @property
    def prompt(self) -> str:
        """The question behind two of its family that are answered."""
        shown = "".join(f"Q: {asked}\nA: {answer}\n" for asked, answer in _EXAMPLES[self.family])
        return f"{shown}Q: {self.text}\nA:"

    def accepts(self, answer: str) -> bool:
        """Return whether an answer is right: it has one of the names in it, or is the number."""
        if self.family == "sum":
            number = re.search(r"-?\d+", answer)
            return number is not None and number.group() in self.answers
        words = f" {plain(answer)} "
        return any(f" {one} " in words for one in self.answers)


def plain(text: str) -> str:
    """Return a text's words in lower case, without accents and punctuation."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", letters.replace("'", "")))


def ask(settings: SemanticVolumeSettings, nouns: Mapping[str, Synset], context: Context) -> list[Question]:
    """Choose the questions of the three families."""
    rng = context.rng("questions")
    countries = sorted(CAPITALS)
    chosen = [countries[i] for i in np.sort(rng.permutation(len(countries))[: settings.capitals])]
    found = [
        Question("capital", f"What is the capital of {one}?", frozenset(map(plain, CAPITALS[one]))) for one in chosen
    ]
    found += _kinds(settings.kinds, nouns)
    pairs = rng.permutation([(a, b) for a in range(1, 40) for b in range(1, 20) if (a, b) not in ((2, 3), (12, 7))])
    found += [Question("sum", f"What is {a} + {b}?", frozenset({str(a + b)})) for a, b in pairs[: settings.sums]]
    return found


def _kinds(count: int, known: Mapping[str, Synset]) -> list[Question]:
    """Take the most frequent words of each category in turn; right is every hypernym of the first sense."""
    rank = load_word_vectors("glove-6b-50d").index
    groups: dict[str, list[str]] = {}
    for one in load_categories():
        if one.item in rank and one.item not in ("robin", "hammer"):
            groups.setdefault(one.category, []).append(one.item)
    ordered = [sorted(words, key=lambda word: rank[word]) for words in groups.values()]
    turns = [words[place] for place in range(max(map(len, ordered))) for words in ordered if place < len(words)]
    first = first_senses()
    found = []
    for word in turns[:count]:
        names: set[str] = set()
        level = [known[above] for above in known[first[word]].hypernyms]
        while level:
            names.update(plain(name) for one in level for name in one.words)
            level = [known[above] for one in level for above in one.hypernyms]
        article = "an" if word[0] in "aeiou" else "a"
        found.append(Question("kind", f"What kind of thing is {article} {word}?", frozenset(names - _TOO_WIDE)))
    return found
