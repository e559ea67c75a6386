"""A corpus in which pairs of unrelated words are joined to pseudo-words, so that the sense of each place is known."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seme.assets import load_texts
from seme.errors import InputError
from seme.experiment import Context

if TYPE_CHECKING:
    from seme.experiments.p19_disambiguated_skipgram import DisambiguatedSkipgramSettings

_WORD = re.compile(r"[a-z]+")
_COMMON = 0.004
"""Share of all words above which a word is left out: it says nothing of what is meant."""
_SHORTEST = 4
SETTINGS = ("frequent, balanced", "frequent, unbalanced", "rare, balanced", "rare, unbalanced")


@dataclass(frozen=True, slots=True)
class PseudoWord:
    """A token that stands for two words; `labels` are 0 or 1 at its places, in the order of the corpus."""

    name: str
    setting: str
    labels: tuple[int, ...]

    @property
    def share(self) -> float:
        """Share of places of the first word."""
        return 1 - float(np.mean(self.labels))


@dataclass(frozen=True, slots=True)
class Hidden:
    """Words of each text, with pseudo-words among them."""

    texts: tuple[tuple[str, ...], ...]
    pseudo: tuple[PseudoWord, ...]


def make(settings: DisambiguatedSkipgramSettings, context: Context) -> Hidden:
    """Read the texts and hide pseudo-words in them.

    Raises
    ------
    InputError
        If too few words are frequent enough.
    """
    raw = [text for name in settings.texts for text in load_texts(name, settings.limit)]
    texts = [_WORD.findall(text.lower()) for text in raw]
    counts = Counter(word for text in texts for word in text)
    most = _COMMON * counts.total()
    texts = [[word for word in text if counts[word] <= most] for text in texts]
    rng = context.rng("pseudo-words")
    places: dict[str, list[tuple[int, int]]] = {}
    for number, text in enumerate(texts):
        for at, word in enumerate(text):
            places.setdefault(word, []).append((number, at))
    free = {word for word, found in places.items() if len(word) >= _SHORTEST and len(found) <= most}
    pseudo = []
    for setting in SETTINGS:
        total = settings.frequent if setting.startswith("frequent") else settings.rare
        shares = (settings.share, 1 - settings.share) if "unbalanced" in setting else (0.5, 0.5)
        need = [round(total * share) for share in shares]
        for _ in range(settings.pairs):
            pair = _draw(free, places, need, rng)
            free -= set(pair)
            pseudo.append(_join(texts, places, pair, need, setting, rng))
    return Hidden(tuple(map(tuple, texts)), tuple(pseudo))


def _draw(
    free: set[str], places: dict[str, list[tuple[int, int]]], need: list[int], rng: np.random.Generator
) -> tuple[str, str]:
    """Return two words that are about as frequent as they need to be."""
    drawn: list[str] = []
    for wanted in need:
        fitting = sorted(word for word in free - set(drawn) if wanted <= len(places[word]) <= 4 * wanted)
        if not fitting:
            raise InputError(
                f"no word is left that occurs {wanted} to {4 * wanted} times",
                hint="Lower frequent, rare or pairs, or raise limit",
            )
        drawn.append(fitting[int(rng.integers(len(fitting)))])
    return drawn[0], drawn[1]


def _join(
    texts: list[list[str]],
    places: dict[str, list[tuple[int, int]]],
    pair: tuple[str, str],
    need: list[int],
    setting: str,
    rng: np.random.Generator,
) -> PseudoWord:
    """Write the pseudo-word at some places of both words."""
    name, chosen = f"{pair[0]}/{pair[1]}", []
    for label, (word, wanted) in enumerate(zip(pair, need, strict=True)):
        picked = rng.choice(len(places[word]), wanted, replace=False)
        chosen += [(*places[word][one], label) for one in picked.tolist()]
    for text, at, _ in chosen:
        texts[text][at] = name
    return PseudoWord(name, setting, tuple(label for _, _, label in sorted(chosen)))
