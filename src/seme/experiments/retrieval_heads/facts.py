"""Facts that no model knows, and questions that it may answer from the text, in two steps, or from memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.assets import load_texts
from seme.experiments.attention_influence.texts import NAMES, PLACES, look_up
from seme.interp.heads.retrieval import Needle

FOUND_WITH = (
    Needle(
        "The secret ingredient of the winter soup is a spoonful of smoked chestnut honey.",
        "What is the secret ingredient of the winter soup?",
        "a spoonful of smoked chestnut honey",
    ),
    Needle(
        "The best thing to do in San Francisco is eat a sandwich and sit in Dolores Park on a sunny day.",
        "What is the best thing to do in San Francisco?",
        "eat a sandwich and sit in Dolores Park on a sunny day",
    ),
    Needle(
        "The old map says that the treasure is buried under seven flat stones near the abandoned windmill.",
        "Where does the old map say that the treasure is buried?",
        "under seven flat stones near the abandoned windmill",
    ),
    Needle(
        "Doctor Hollis paid for the violin with forty silver buttons and a blue parrot.",
        "What did Doctor Hollis pay for the violin with?",
        "forty silver buttons and a blue parrot",
    ),
)
"""Heads are found with these."""

MASKED_WITH = (
    Needle(
        "The lighthouse keeper painted his boat with three stripes of orange and violet.",
        "What did the lighthouse keeper paint his boat with?",
        "three stripes of orange and violet",
    ),
    Needle(
        "The favourite breakfast of Captain Moreau is toasted rye bread with pickled lemon.",
        "What is the favourite breakfast of Captain Moreau?",
        "toasted rye bread with pickled lemon",
    ),
    Needle(
        "The museum of Tarvik keeps a glass piano that belonged to a blind gardener.",
        "What does the museum of Tarvik keep?",
        "a glass piano that belonged to a blind gardener",
    ),
    Needle(
        "The password of the night train is eleven purple elephants dancing slowly.",
        "What is the password of the night train?",
        "eleven purple elephants dancing slowly",
    ),
    Needle(
        "Every spring the baker of Elmstead hides a golden thimble inside the largest pumpkin.",
        "What does the baker of Elmstead hide every spring?",
        "a golden thimble inside the largest pumpkin",
    ),
)
"""Other ones: they are asked for under masks."""

_STEPS = 30
"""Tokens for two written steps and the answer."""
_KNOWN = (
    ("The capital of France is", "Paris"),
    ("The capital of Italy is", "Rome"),
    ("The capital of Japan is", "Tokyo"),
    ("The largest planet in our solar system is", "Jupiter"),
    ("The opposite of hot is", "cold"),
    ("The capital of England is", "London"),
    ("The first month of the year is", "January"),
    ("The author of Romeo and Juliet is William", "Shakespeare"),
    ("The capital of Germany is", "Berlin"),
    ("Water is made of hydrogen and", "oxygen"),
    ("The day that comes after Monday is", "Tuesday"),
    ("The capital of Spain is", "Madrid"),
    ("The planet that we live on is called", "Earth"),
    ("The opposite of black is", "white"),
    ("The capital of Russia is", "Moscow"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """A text that is to be gone on with, the word that is right, and how many tokens there are for it."""

    text: str
    answer: str
    tokens: int


def questions(kind: str, count: int, rng: np.random.Generator) -> list[Question]:
    """Return questions of a kind.

    `memory`, `look-up`, `steps` (a place that takes two look-ups, which are written out), `answer only` (the same, said
    at once), and `extract` (a definition out of a glossary).
    """
    if kind == "memory":
        return [Question(text, f" {word}", 4) for text, word in _KNOWN[:count]]
    if kind == "look-up":
        return [_from_text(rng) for _ in range(count)]
    if kind == "extract":
        return _from_glossary(count, rng)
    return [_chained(rng, steps=kind == "steps") for _ in range(count)]


def _from_text(rng: np.random.Generator) -> Question:
    """Return a text in which two things were looked up, and a third is asked for."""
    found = look_up(rng, two_steps=False)
    start, end = found.answers[2]
    return Question(found.text[:start], found.text[start:end], 6)


def _chained(rng: np.random.Generator, *, steps: bool) -> Question:
    """Return things in boxes and boxes in places, two of which were asked for as examples, and a third is."""
    names = [NAMES[one] for one in rng.choice(len(NAMES), 6, replace=False)]
    places = [PLACES[one] for one in rng.choice(len(PLACES), 3, replace=False)]
    first = [f"The {thing} lies in the {box} box." for thing, box in zip(names[:3], names[3:], strict=True)]
    second = [f"The {box} box is at the {place}." for box, place in zip(names[3:], places, strict=True)]
    facts = [*first, *second]
    text = "\n".join(facts[one] for one in rng.permutation(len(facts))) + "\n\n"
    *shown, asked = rng.permutation(3).tolist()
    for one in shown:
        said = f"Steps: {first[one]} {second[one]} Answer: {places[one]}" if steps else f"Answer: at the {places[one]}"
        text += f"Question: Where is the {names[one]}?\n{said}\n"
    text += f"Question: Where is the {names[asked]}?\n" + ("Steps:" if steps else "Answer: at the")
    return Question(text, places[asked], _STEPS if steps else 5)


def _from_glossary(count: int, rng: np.random.Generator) -> list[Question]:
    """Return glossaries of four words, of which one was asked for as an example, and another is."""
    entries = [one.partition("; ")[0].partition(": ") for one in load_texts("wordnet-glosses", 3000, split="held-out")]
    short = [(word, gloss) for word, _, gloss in entries if 4 <= len(gloss.split()) <= 9]
    made = []
    for _ in range(count):
        chosen = [short[one] for one in rng.choice(len(short), 4, replace=False)]
        shown, asked = rng.choice(4, 2, replace=False).tolist()
        text = "\n".join(f"{word}: {gloss}" for word, gloss in chosen) + "\n\n"
        text += f"Question: What is the meaning of {chosen[shown][0]}?\nAnswer: {chosen[shown][1]}\n"
        text += f"Question: What is the meaning of {chosen[asked][0]}?\nAnswer:"
        made.append(Question(text, f" {chosen[asked][1]}", 24))
    return made
