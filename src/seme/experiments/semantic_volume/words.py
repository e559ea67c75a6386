"""Words with many meanings and words with one, alike in length and frequency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seme.assets import load_word_vectors
from seme.assets.wordnet import Synset, first_senses, wordnet_folder
from seme.errors import InputError

_SENSES, _FIELDS = 5, 3
_RANK = 30_000
_SHOWN = frozenset({"java", "mercury", "giraffe", "bass"})  # in the examples of the prompt


@dataclass(frozen=True, slots=True)
class Word:
    """A noun, its senses, how often each was tagged in WordNet's texts, and its rank by frequency in GloVe."""

    text: str
    senses: tuple[Synset, ...]
    counts: tuple[int, ...]
    rank: int

    @property
    def ambiguous(self) -> bool:
        """Whether it has several senses."""
        return len(self.senses) > 1


def choose_words(count: int, nouns: Mapping[str, Synset]) -> list[Word]:
    """Return so many ambiguous words (five senses or more, in three fields or more), each before a clear one.

    Ambiguous words are spread over the ranks; each takes the clear word, of those left, that is nearest to it in the
    logarithm of its rank and in its letters.
    """
    ambiguous, clear = _candidates(nouns)
    if count > min(len(ambiguous), len(clear)):
        raise InputError(f"--words is {count}, expected at most {min(len(ambiguous), len(clear))}")
    places = np.linspace(0, len(ambiguous) - 1, count).astype(int)
    left = dict.fromkeys(clear)
    found = []
    for one in (ambiguous[place] for place in places[::-1]):  # the rarest first: they have most clear words near them
        near = min(left, key=lambda other: _gap(one, other))
        del left[near]
        found += [one, near]
    return found


def _gap(one: Word, other: Word) -> float:
    return abs(float(np.log(one.rank + 1) - np.log(other.rank + 1))) + 0.5 * abs(len(one.text) - len(other.text))


def _candidates(known: Mapping[str, Synset]) -> tuple[list[Word], list[Word]]:
    rank = load_word_vectors("glove-6b-50d").index
    others = {word for part in ("verb", "adj", "adv") for word in first_senses(part)}
    tagged = _tagged()
    ambiguous, clear = [], []
    with (wordnet_folder() / "index.noun").open(encoding="utf-8") as lines:
        for line in lines:
            fields = line.split()
            text = fields[0]
            if line.startswith(" ") or not text.isalpha() or len(text) < 3 or rank.get(text, _RANK) >= _RANK:
                continue
            places = fields[6 + int(fields[3]) :]
            senses = tuple(known[f"noun-{place}"] for place in places)
            if text in _SHOWN or not any(text in one.words for one in senses):  # names and the like
                continue
            word = Word(text, senses, tuple(tagged[text, n] for n in range(1, len(senses) + 1)), rank[text])
            if len(senses) >= _SENSES and len({one.file for one in senses}) >= _FIELDS:
                ambiguous.append(word)
            elif len(senses) == 1 and text not in others:
                clear.append(word)
    return sorted(ambiguous, key=lambda one: one.rank), sorted(clear, key=lambda one: one.rank)


def _tagged() -> Counter[tuple[str, int]]:
    """Return how often each sense of each noun was tagged: (word, number of the sense) -> count."""
    found: Counter[tuple[str, int]] = Counter()
    with (wordnet_folder() / "cntlist.rev").open(encoding="utf-8") as lines:
        for line in lines:
            key, number, count = line.split()
            word, _, sense = key.partition("%")
            if sense.startswith("1:"):
                found[word, int(number)] = int(count)
    return found
