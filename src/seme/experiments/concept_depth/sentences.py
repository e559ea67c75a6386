"""Sentences whose label follows from a lexicon, from Python's grammar, or from how often something is denied."""

from __future__ import annotations

import builtins
import keyword
import re
from itertools import product

import numpy as np

from seme.assets.lexicons import word_polarity
from seme.assets.wordnet import synsets
from seme.experiments.concept_depth.rows import Row, balanced

FEELINGS = (
    [
        "wonderful", "excellent", "delightful", "superb", "lovely", "brilliant", "charming", "pleasant", "fantastic",
        "marvellous", "splendid", "great", "beautiful", "perfect", "enjoyable", "amazing", "admirable", "impressive",
        "terrific", "glorious", "outstanding", "magnificent", "good", "fine",
    ],
    [
        "terrible", "awful", "dreadful", "horrible", "nasty", "dismal", "miserable", "unpleasant", "disgusting", "poor",
        "appalling", "bad", "ugly", "worthless", "boring", "pathetic", "inferior", "disappointing", "lousy", "hideous",
        "abysmal", "mediocre", "dire", "rotten",
    ],
)  # fmt: skip
"""Adjectives of praise and of blame."""

_SHOWN = ("The next word is {}.", "The line begins with {}.", "You can type {} here.", "The program has {} in it.",
          "She pointed at {} on the screen.", "There is a line with {}.", "Look for {} in the file.")  # fmt: skip
_PEOPLE = ("Ann", "Bob", "Tom", "Eve", "Max", "Joe", "Kim", "Sue", "Dan", "Amy", "Ben", "Ian")
_TRAITS = (
    "tall", "rich", "young", "tired", "busy", "hungry", "married", "famous", "shy", "polite", "late", "healthy", "calm",
    "clever", "brave", "lonely", "lucky", "strict", "quiet", "careful",
    "proud", "patient", "honest", "lazy", "old", "poor", "strong", "weak", "cheerful", "bored", "thirsty", "angry",
    "modest", "generous", "stubborn", "curious",
)  # fmt: skip
_SHORTEST, _LONGEST = 4, 14  # words of an example


def keywords(count: int, rng: np.random.Generator) -> list[Row]:
    """Return Python's keywords (1) and names of its builtins (0), each in the same frames."""
    reserved = [word for word in keyword.kwlist if word.islower()]
    names = [word for word in dir(builtins) if word.isalpha() and word.islower() and word not in reserved]
    chosen = [names[number] for number in rng.permutation(len(names))[: len(reserved)]]
    frames = _SHOWN[: max(1, count // (2 * len(reserved)))]
    rows = [
        (frame.format(word), label, word)
        for label, words in ((1, reserved), (0, chosen)) for word, frame in product(words, frames)
    ]  # fmt: skip
    return balanced(rows, count, rng)


def glosses(count: int, rng: np.random.Generator) -> list[Row]:
    """Return WordNet's examples of words with a feeling, 1 where it is a good one; a word is shown once.

    Examples in which another word of the lexicon has the opposite feeling are left out.
    """
    polarity = word_polarity()
    found: dict[str, Row] = {}
    for synset in synsets():
        for text in synset.examples:
            tokens = re.findall(r"[a-z]+", text.lower())
            signs = {polarity[word] for word in tokens if word in polarity}
            own = [word for word in synset.words if word in tokens and word in polarity]
            if own and len(signs) == 1 and _SHORTEST <= len(tokens) <= _LONGEST:
                found.setdefault(own[0], (f"{text[0].upper()}{text[1:]}.", int(signs == {1}), own[0]))
    return balanced(sorted(found.values()), count, rng)


def negation(count: int, rng: np.random.Generator) -> list[Row]:
    """Return claims about a fact that was just told, denied or affirmed two or three times; 1 where they are true."""
    facts = list(product(_PEOPLE, _TRAITS))
    rows = []
    for turn, number in enumerate(rng.permutation(len(facts))):
        person, trait = facts[number]
        denied = rng.integers(0, 2, size=2 + turn % 2)
        said = " that it is ".join("false" if one else "true" for one in denied)
        text = f"{person} is {trait}. It is {said} that {person} is {trait}."
        rows.append((text, int(denied.sum() % 2 == 0), f"{person} {trait}"))
    return balanced(rows, count, rng)
