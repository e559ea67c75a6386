"""Texts whose kinds are known: real ones, look-ups, noise, boilerplate, and shuffles of the real ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NAMES = (
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "ivory", "juniper", "kettle", "linen",
    "maple", "nectar", "onyx", "pepper", "quartz", "raven", "saffron", "timber", "umber", "velvet", "willow", "zephyr",
)  # fmt: skip
PLACES = ("north tower", "south gate", "old mill", "stone bridge", "east wing", "harbour", "glass house", "market")
_SYLLABLES = ("ba", "co", "di", "fu", "ge", "hi", "jo", "ka", "lu", "me", "no", "pi", "ra", "so", "tu", "ve", "wi")
_NOTICES = (
    (
        "Copyright (c) {0} {1}. All rights reserved. Redistribution and use in source and binary forms, with or "
        "without modification, are permitted provided that the above copyright notice and this list of conditions are "
        "kept in all copies or substantial portions of the software, which is provided as is, without warranty of any "
        "kind, express or implied, including the warranties of merchantability and fitness for a particular purpose."
    ),
    (
        "This site of {1} uses cookies to improve your experience. By going on you agree to our terms of service and "
        "privacy policy of {0}. Subscribe to our newsletter, follow us, and share this page with your friends. Sign in "
        "or create an account to leave a comment. Contact us, about us, careers, press, help, site map, accessibility."
    ),
)


@dataclass(frozen=True, slots=True)
class LookUp:
    """A text that states facts and looks some up, and the letters of each value that is looked up: (start, end)."""

    text: str
    answers: tuple[tuple[int, int], ...]


def look_up(rng: np.random.Generator, *, two_steps: bool) -> LookUp:
    """Write codes of things, or places of things by their boxes, and then look some of them up again."""
    names = [NAMES[one] for one in rng.choice(len(NAMES), 8, replace=False)]
    if two_steps:
        places = [PLACES[one] for one in rng.choice(len(PLACES), 4, replace=False)]
        facts = [f"The {a} lies in the {b} box." for a, b in zip(names[:4], names[4:], strict=True)]
        facts += [f"The {b} box is at the {place}." for b, place in zip(names[4:], places, strict=True)]
        asked = [
            (f"So the {a} lies in the {b} box, at the ", place, ". ")
            for a, b, place in zip(names[:4], names[4:], places, strict=True)
        ]
    else:
        codes = ["".join(rng.choice(list("0123456789abcdef"), 6)) for _ in range(4)]
        facts = [f'"{name}": "{code}",' for name, code in zip(names[:4], codes, strict=True)]
        asked = [(f'The value of "{name}" is "', code, '". ') for name, code in zip(names[:4], codes, strict=True)]
    text = " ".join(facts[one] for one in rng.permutation(len(facts))) + "\n"
    answers = []
    for one in rng.permutation(4):
        before, value, after = asked[one]
        answers.append((len(text) + len(before), len(text) + len(before) + len(value)))
        text += before + value + after
    return LookUp(text, tuple(answers))


def noise(rng: np.random.Generator, words: int = 120) -> str:
    """Write words that mean nothing."""
    return " ".join("".join(rng.choice(_SYLLABLES, rng.integers(1, 4))) for _ in range(words))


def boilerplate(rng: np.random.Generator) -> str:
    """Write a notice that could stand anywhere."""
    first, second = (_NOTICES[one] for one in rng.permutation(len(_NOTICES)))
    year, name = int(rng.integers(1990, 2025)), NAMES[rng.integers(len(NAMES))].title()
    return f"{first} {second}".format(year, name)


def shuffled_lines(text: str, rng: np.random.Generator) -> str:
    """Return a text with its lines in another order."""
    return "\n".join(_shuffled(text.split("\n"), rng))


def shuffled_sentences(text: str, rng: np.random.Generator) -> str:
    """Return a text with its sentences in another order."""
    return " ".join(_shuffled(sentences(text), rng))


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without line breaks."""
    return [one for one in re.split(r"(?<=[.!?:])\s+", " ".join(text.split())) if one]


def _shuffled(parts: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [parts[one] for one in rng.permutation(len(parts))]
