"""Facts that no model knows, and questions that it may answer from the text, in two steps, or from memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.experiments.attention_influence.texts import look_up
from seme.interp.heads.retrieval import Needle

FOUND_WITH = (
    Needle("The secret ingredient of the winter soup is a spoonful of smoked chestnut honey.",
           "What is the secret ingredient of the winter soup?", "a spoonful of smoked chestnut honey"),
    Needle("The best thing to do in San Francisco is eat a sandwich and sit in Dolores Park on a sunny day.",
           "What is the best thing to do in San Francisco?", "eat a sandwich and sit in Dolores Park on a sunny day"),
    Needle("The old map says that the treasure is buried under seven flat stones near the abandoned windmill.",
           "Where does the old map say that the treasure is buried?",
           "under seven flat stones near the abandoned windmill"),
    Needle("Doctor Hollis paid for the violin with forty silver buttons and a blue parrot.",
           "What did Doctor Hollis pay for the violin with?", "forty silver buttons and a blue parrot"),
)  # fmt: skip
"""Heads are found with these."""

MASKED_WITH = (
    Needle("The lighthouse keeper painted his boat with three stripes of orange and violet.",
           "What did the lighthouse keeper paint his boat with?", "three stripes of orange and violet"),
    Needle("The favourite breakfast of Captain Moreau is toasted rye bread with pickled lemon.",
           "What is the favourite breakfast of Captain Moreau?", "toasted rye bread with pickled lemon"),
    Needle("The museum of Tarvik keeps a glass piano that belonged to a blind gardener.",
           "What does the museum of Tarvik keep?", "a glass piano that belonged to a blind gardener"),
    Needle("The password of the night train is eleven purple elephants dancing slowly.",
           "What is the password of the night train?", "eleven purple elephants dancing slowly"),
    Needle("Every spring the baker of Elmstead hides a golden thimble inside the largest pumpkin.",
           "What does the baker of Elmstead hide every spring?", "a golden thimble inside the largest pumpkin"),
)  # fmt: skip
"""Other ones: they are asked for under masks."""

_STEP = " lies in the"
_KNOWN = (
    ("The capital of France is", "Paris"), ("The capital of Italy is", "Rome"), ("The capital of Japan is", "Tokyo"),
    ("The largest planet in our solar system is", "Jupiter"), ("The opposite of hot is", "cold"),
    ("The capital of England is", "London"), ("The first month of the year is", "January"),
    ("The author of Romeo and Juliet is William", "Shakespeare"), ("The capital of Germany is", "Berlin"),
    ("Water is made of hydrogen and", "oxygen"), ("The day that comes after Monday is", "Tuesday"),
    ("The capital of Spain is", "Madrid"), ("The planet that we live on is called", "Earth"),
    ("The opposite of black is", "white"), ("The capital of Russia is", "Moscow"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A text that is to be gone on with, the word that is right, and how many tokens there are for it."""

    text: str
    answer: str
    tokens: int


def questions(kind: str, count: int, rng: np.random.Generator) -> list[Question]:
    """Return questions of a kind: `look-up`, `two steps` (written out), or `memory`."""
    if kind == "memory":
        return [Question(text, f" {word}", 4) for text, word in _KNOWN[:count]]
    return [_from_text(rng, two_steps=kind == "two steps") for _ in range(count)]


def _from_text(rng: np.random.Generator, *, two_steps: bool) -> Question:
    """Return a text in which two things were looked up, and a third is asked for."""
    found = look_up(rng, two_steps=two_steps)
    start, end = found.answers[2]
    asked = found.text[:start]
    if two_steps:  # from the place where the first step is to be written
        asked = asked[: asked.rindex(_STEP) + len(_STEP)]
    return Question(asked, found.text[start:end], 14 if two_steps else 6)
