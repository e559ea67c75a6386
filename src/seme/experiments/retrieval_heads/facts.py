"""Facts that no model knows, and questions that it may answer from the text, in two steps, or from memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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

_PEOPLE = ("Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Iris", "Jack")
_PLACES = ("Norway", "Brazil", "Egypt", "Canada", "Japan", "Kenya", "Poland", "Chile", "India", "Ireland")
_THINGS = ("key", "ring", "coin", "map", "watch", "pen", "book", "knife", "lamp", "flute")
_BOXES = ("red", "green", "yellow", "black", "white", "blue", "brown", "grey", "pink", "orange")
_ROOMS = ("kitchen", "garden", "cellar", "attic", "library", "garage", "bedroom", "office", "hall", "barn")
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
    return [_look_up(rng) if kind == "look-up" else _two_steps(rng) for _ in range(count)]


def _look_up(rng: np.random.Generator) -> Question:
    people, places = _some(rng, _PEOPLE, 5), _some(rng, _PLACES, 5)
    facts = " ".join(f"{person} lives in {place}." for person, place in zip(people, places, strict=True))
    asked = int(rng.integers(5))
    text = f"{facts}\nQuestion: Where does {people[asked]} live?\nAnswer: {people[asked]} lives in"
    return Question(text, f" {places[asked]}", 4)


def _two_steps(rng: np.random.Generator) -> Question:
    things, boxes, rooms = _some(rng, _THINGS, 3), _some(rng, _BOXES, 3), _some(rng, _ROOMS, 3)
    first = [f"The {thing} is in the {box} box." for thing, box in zip(things, boxes, strict=True)]
    second = [f"The {box} box is in the {room}." for box, room in zip(boxes, rooms, strict=True)]
    facts = " ".join([*first, *(second[one] for one in rng.permutation(3))])
    asked = int(rng.integers(3))
    example = (
        "The ball is in the silver box. The silver box is in the tower.\nQuestion: In which room is the ball?\n"
        "Answer: The ball is in the silver box. The silver box is in the tower.\n\n"
    )
    text = f"{example}{facts}\nQuestion: In which room is the {things[asked]}?\nAnswer: The {things[asked]} is in the"
    return Question(text, f" {rooms[asked]}", 14)


def _some(rng: np.random.Generator, words: Sequence[str], count: int) -> list[str]:
    return [words[one] for one in rng.choice(len(words), count, replace=False)]
