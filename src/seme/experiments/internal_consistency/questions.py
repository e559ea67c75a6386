"""Questions with two answers that a small language model can do a little, and rationales that show how.

A question is asked in one of three forms: a `statement` that is true or false, a `question` to be answered with yes or
no, and a `choice` between two words, of which the right one is what a text would say next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from seme.assets import load_word_vectors
from seme.assets.categories import load_categories
from seme.assets.corpora import film_rows
from seme.errors import InputError

FORMS = ("statement", "question", "choice")
_ANIMALS = ("bird", "fish", "insect", "mammal")
_PLANTS = ("tree", "flower", "fruit", "vegetable")
_FREQUENT = 15
"""Words of each category, the most frequent ones."""
_SHORT = (40, 160)
"""Letters of a review."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about; `true` if the first label is right."""

    about: tuple[str, ...]
    true: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """Wording of a task by form, the words of its choice, and two questions with rationales to be shown."""

    wordings: dict[str, str]
    choice: tuple[str, str]
    shown: tuple[tuple[Question, str], ...]


_TASKS = MappingProxyType({
    "coin": _Task(
        {"statement": "A coin is heads up. {0} The coin is still heads up.",
         "question": "A coin is heads up. {0} Is the coin still heads up?",
         "choice": "A coin is heads up. {0} Is the coin heads up or tails up?"},
        (" heads", " tails"),
        ((Question(("Ann flips it. Bob flips it.",), True),
          "It was flipped 2 times. An even number of flips leaves it as it was."),
         (Question(("Ann does not flip it. Bob flips it.",), False),
          "It was flipped 1 time. An odd number of flips turns it.")),
    ),
    "kind": _Task(
        {"statement": "{0} is an animal.", "question": "Is {0} an animal?", "choice": "Is {0} an animal or a plant?"},
        (" animal", " plant"),
        ((Question(("a robin",), True), "A robin flies and sings. What flies and sings is an animal."),
         (Question(("a fern",), False), "A fern grows in the ground. What grows in the ground is a plant.")),
    ),
    "parity": _Task(
        {"statement": "{0} is even.", "question": "Is {0} even?", "choice": "Is {0} even or odd?"},
        (" even", " odd"),
        ((Question(("38",), True), "The last digit of 38 is 8. The digit 8 is even."),
         (Question(("71",), False), "The last digit of 71 is 1. The digit 1 is odd.")),
    ),
    "comparison": _Task(
        {"statement": "{0} is larger than {1}.", "question": "Is {0} larger than {1}?",
         "choice": "Is {0} larger or smaller than {1}?"},
        (" larger", " smaller"),
        ((Question(("74", "52"), True), "74 has 7 tens. 52 has 5 tens. 7 is more than 5."),
         (Question(("35", "91"), False), "35 has 3 tens. 91 has 9 tens. 3 is less than 9.")),
    ),
    "review": _Task(
        {"statement": '"{0}" This review of a film is positive.', "question": '"{0}" Is this review positive?',
         "choice": '"{0}" Is this review positive or negative?'},
        (" positive", " negative"),
        ((Question(("A warm and funny film that stays with you.",), True),
          "It calls the film warm and funny. That is praise."),
         (Question(("A dull mess without a single laugh.",), False), "It calls the film dull. That is a complaint.")),
    ),
})  # fmt: skip
TASKS = tuple(_TASKS)


@dataclass(frozen=True, slots=True)
class Asking:
    """A task in one of its forms."""

    task: str
    form: str

    def __post_init__(self) -> None:
        if self.task not in _TASKS:
            raise InputError(f"--tasks has {self.task!r}, expected {', '.join(_TASKS)}")
        if self.form not in FORMS:
            raise InputError(f"form is {self.form!r}, expected {', '.join(FORMS)}")

    @property
    def labels(self) -> tuple[str, str]:
        """What may follow the cue."""
        words = {"statement": (" True", " False"), "question": (" Yes", " No")}
        return words.get(self.form, _TASKS[self.task].choice)

    @property
    def cue(self) -> str:
        """What the label follows."""
        return {"statement": "\nTrue or False:", "question": "\nYes or No:"}.get(self.form, "\nAnswer:")

    @property
    def preamble(self) -> str:
        """What is shown before a question that is to be reasoned about: two questions with rationales."""
        return "".join(
            f"{self.asked(one)}\nReasoning: {why}{self.cue}{self._answer(one)}\n\n" for one, why in self._shown
        )  # fmt: skip

    def prompt(self, question: Question) -> str:
        """Return what a rationale follows."""
        return f"{self.preamble}{self.asked(question)}\nReasoning:"

    def direct(self, question: Question) -> str:
        """Return what an answer without a rationale follows."""
        shown = "".join(f"{self.asked(one)}{self.cue}{self._answer(one)}\n\n" for one, _ in self._shown)
        return f"{shown}{self.asked(question)}{self.cue}"

    def asked(self, question: Question) -> str:
        """Return the question in its form."""
        text = _TASKS[self.task].wordings[self.form].format(*question.about)
        return f"{'Statement' if self.form == 'statement' else 'Question'}: {text[0].upper()}{text[1:]}"

    @property
    def _shown(self) -> Sequence[tuple[Question, str]]:
        return _TASKS[self.task].shown

    def _answer(self, question: Question) -> str:
        return self.labels[0 if question.true else 1]


def whole_sentences(text: str) -> str | None:
    """Return a rationale up to its last full stop; `None` if it has none, and so was cut before it said anything."""
    kept = text.rpartition(".")[0].strip()
    return f"{kept}." if kept else None


def ask(task: str, count: int, rng: np.random.Generator) -> list[Question]:
    """Draw different questions of a task, half of them true.

    Raises
    ------
    InputError
        If there is no such task, or it has fewer questions than that.
    """
    if task not in _MAKERS:
        raise InputError(f"--tasks has {task!r}, expected {', '.join(_MAKERS)}")
    shown = [one.about for one, _ in _TASKS[task].shown]
    make = _MAKERS[task](rng)
    found: dict[tuple[str, ...], Question] = {}
    for true in rng.permutation([place % 2 == 0 for place in range(count)]):
        for _ in range(_PATIENCE):
            one = make(bool(true))
            if one.about not in found and one.about not in shown:
                break
        else:
            raise InputError(
                f"the task {task!r} has no {count} different questions", hint="Ask fewer: --questions, --development"
            )
        found[one.about] = one
    return list(found.values())


_PATIENCE = 1000


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
        return Question((acts,), true)

    return make


def _kind(rng: np.random.Generator) -> Callable[[bool], Question]:
    rank = load_word_vectors("glove-6b-50d").index
    groups: dict[str, list[str]] = {}
    for one in load_categories():
        if one.item in rank and one.category in (*_ANIMALS, *_PLANTS):
            groups.setdefault(one.category, []).append(one.item)
    frequent = {name: sorted(words, key=lambda word: rank[word])[:_FREQUENT] for name, words in groups.items()}

    def make(true: bool) -> Question:
        word = str(rng.choice(frequent[str(rng.choice(_ANIMALS if true else _PLANTS))]))
        return Question((f"{'an' if word[0] in 'aeiou' else 'a'} {word}",), true)

    return make


def _parity(rng: np.random.Generator) -> Callable[[bool], Question]:
    return lambda true: Question((str(int(rng.integers(50, 500)) * 2 + (not true)),), true)


def _comparison(rng: np.random.Generator) -> Callable[[bool], Question]:
    def make(true: bool) -> Question:
        low, high = (str(one) for one in np.sort(rng.permutation(np.arange(10, 100))[:2]))
        return Question((high, low) if true else (low, high), true)

    return make


def _review(rng: np.random.Generator) -> Callable[[bool], Question]:
    texts: dict[str, list[str]] = {"fresh": [], "rotten": []}
    for row in film_rows():
        text = row["text"].strip()
        if row["category"] in texts and _SHORT[0] <= len(text) <= _SHORT[1] and '"' not in text:
            texts[row["category"]].append(text)
    return lambda true: Question((str(rng.choice(texts["fresh" if true else "rotten"])),), true)


_MAKERS = MappingProxyType(
    {"coin": _coin, "kind": _kind, "parity": _parity, "comparison": _comparison, "review": _review}
)
