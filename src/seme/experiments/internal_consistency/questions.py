"""Questions with two answers that a small language model can do a little, and rationales that show how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from seme.assets import load_word_vectors
from seme.assets.categories import load_categories
from seme.errors import InputError

CUE = "\nTrue or False:"
LABELS = (" True", " False")


@dataclass(frozen=True, slots=True)
class Question:
    """A statement that is to be judged."""

    text: str
    true: bool


_SHOWN = MappingProxyType({
    "coin": (
        ("A coin is heads up. Ann flips it. Bob flips it. The coin is still heads up.",
         "It was flipped 2 times. An even number of flips leaves it as it was.", "True"),
        ("A coin is heads up. Ann does not flip it. Bob flips it. The coin is still heads up.",
         "It was flipped 1 time. An odd number of flips turns it.", "False"),
    ),
    "kind": (
        ("A robin is a bird.", "A robin has feathers and sings. An animal with feathers is a bird.", "True"),
        ("A hammer is a fruit.", "A hammer drives nails. A thing that drives nails is a tool.", "False"),
    ),
    "parity": (
        ("38 is even.", "The last digit of 38 is 8. The digit 8 is even.", "True"),
        ("71 is even.", "The last digit of 71 is 1. The digit 1 is odd.", "False"),
    ),
    "comparison": (
        ("74 is larger than 52.", "74 has 7 tens. 52 has 5 tens. 7 is more than 5.", "True"),
        ("35 is larger than 91.", "35 has 3 tens. 91 has 9 tens. 3 is less than 9.", "False"),
    ),
})  # fmt: skip


def prompt(task: str, question: Question) -> str:
    """Return what a rationale follows: two questions with rationales, and the question."""
    shown = "".join(
        f"Statement: {text}\nReasoning: {why}{CUE} {answer}\n\n" for text, why, answer in _SHOWN[task]
    )  # fmt: skip
    return f"{shown}Statement: {question.text}\nReasoning:"


def direct_prompt(task: str, question: Question) -> str:
    """Return what an answer without a rationale follows."""
    shown = "".join(f"Statement: {text}{CUE} {answer}\n\n" for text, _, answer in _SHOWN[task])
    return f"{shown}Statement: {question.text}{CUE}"


def whole_sentences(text: str) -> str | None:
    """Return a rationale up to its last full stop; `None` if it has none, and so was cut before it said anything."""
    kept = text.rpartition(".")[0].strip()
    return f"{kept}." if kept else None


def ask(task: str, count: int, rng: np.random.Generator) -> list[Question]:
    """Draw questions of a task, half of them true."""
    if task not in _MAKERS:
        raise InputError(f"--tasks has {task!r}, expected {', '.join(_MAKERS)}")
    truths = rng.permutation([place % 2 == 0 for place in range(count)])
    make = _MAKERS[task](rng)
    found: dict[str, Question] = {}
    for true in truths:
        while (one := make(bool(true))).text in found:
            pass
        found[one.text] = one
    return list(found.values())


def _coin(rng: np.random.Generator) -> Callable[[bool], Question]:
    names = ("Cid", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivan", "Jo", "Kim", "Lea")

    def make(true: bool) -> Question:
        people = rng.permutation(names)[: int(rng.integers(2, 4))]
        flips = rng.integers(0, 2, len(people)).astype(bool)
        if (flips.sum() % 2 == 0) != true:
            flips[0] = not flips[0]
        acts = " ".join(
            f"{name} {'flips' if flip else 'does not flip'} it." for name, flip in zip(people, flips, strict=True)
        )
        return Question(f"A coin is heads up. {acts} The coin is still heads up.", true)

    return make


def _kind(rng: np.random.Generator) -> Callable[[bool], Question]:
    rank = load_word_vectors("glove-6b-50d").index
    groups: dict[str, list[str]] = {}
    for one in load_categories():
        if one.item in rank and one.item not in ("robin", "hammer"):
            groups.setdefault(one.category, []).append(one.item)
    frequent = {name: sorted(words, key=lambda word: rank[word])[:12] for name, words in groups.items()}
    names = list(frequent)

    def make(true: bool) -> Question:
        own, other = rng.permutation(names)[:2]
        word = str(rng.choice(frequent[str(own)]))
        said = str(own if true else other).replace("_", " ")
        return Question(f"{_article(word)} {word} is {_article(said).lower()} {said}.", true)

    return make


def _article(word: str) -> str:
    return "An" if word[0] in "aeiou" else "A"


def _parity(rng: np.random.Generator) -> Callable[[bool], Question]:
    def make(true: bool) -> Question:
        number = int(rng.integers(50, 500)) * 2 + (not true)
        return Question(f"{number} is even.", true)

    return make


def _comparison(rng: np.random.Generator) -> Callable[[bool], Question]:
    def make(true: bool) -> Question:
        low, high = np.sort(rng.permutation(np.arange(10, 100))[:2])
        first, second = (high, low) if true else (low, high)
        return Question(f"{first} is larger than {second}.", true)

    return make


_MAKERS = MappingProxyType({"coin": _coin, "kind": _kind, "parity": _parity, "comparison": _comparison})
