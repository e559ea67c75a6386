"""Where a caption names an object, and how much of what it names is not there (CHAIR; Rohrbach et al. 2018)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from seme.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Mention:
    """An object that tokens name, and the place of the first of them."""

    position: int
    object: str


class ObjectNames:
    """Objects and the tokens that name them.

    Parameters
    ----------
    names
        Of each object, its names (synonyms, plurals) as tokens; the longest that fits counts.
    inside
        Tokens that go on with a word: after one of these, what stands before them is part of a longer word.

    Raises
    ------
    InputError
        If there is no object, or a name has no tokens or belongs to two objects.
    """

    def __init__(self, names: Mapping[str, Sequence[Sequence[int]]], *, inside: Collection[int] = ()) -> None:
        self._objects: dict[tuple[int, ...], str] = {}
        for thing, spellings in names.items():
            for spelling in spellings:
                ids = tuple(map(int, spelling))
                other = self._objects.setdefault(ids, thing)
                if not ids or other != thing:
                    raise InputError(
                        f"names has the tokens {ids} for {other!r} and for {thing!r}"
                        if ids
                        else f"names has a name without tokens for {thing!r}"
                    )
        if not self._objects:
            raise InputError("names has no object", hint='For example {"cat": [" cat", " cats"]} for ObjectNames.of')
        self._starts = {ids[0] for ids in self._objects}
        self._longest = max(map(len, self._objects))
        self._inside = frozenset(inside)

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, names: Mapping[str, Sequence[str]]) -> Self:
        """Take names as they stand in a sentence, after a space: `{"cat": ["cat", "cats", "kitten"]}`."""
        ids = {
            thing: [tokenizer.encode(f" {one.strip()}", add_special_tokens=False) for one in spellings]
            for thing, spellings in names.items()
        }
        pieces: Sequence[str] = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        return cls(ids, inside=[number for number, piece in enumerate(pieces) if _goes_on(piece)])

    @property
    def objects(self) -> tuple[str, ...]:
        """All objects, in the order in which they were given."""
        return tuple(dict.fromkeys(self._objects.values()))

    def starts(self, token: int) -> bool:
        """Return whether a token is the first of some object's name."""
        return token in self._starts

    def find(self, ids: Sequence[int]) -> list[Mention]:
        """Return the objects that tokens name, in order."""
        found, place = [], 0
        while place < len(ids):
            length = self._at(ids, place)
            if length:
                found.append(Mention(place, self._objects[tuple(ids[place : place + length])]))
            place += max(length, 1)
        return found

    def _at(self, ids: Sequence[int], place: int) -> int:
        """Return how many tokens the longest name at a place has; 0 if none is there."""
        if ids[place] in self._starts:
            for length in range(min(self._longest, len(ids) - place), 0, -1):
                ended = place + length == len(ids) or ids[place + length] not in self._inside
                if ended and tuple(ids[place : place + length]) in self._objects:
                    return length
        return 0


def _goes_on(piece: str) -> bool:
    # The marks of a space, and of most bytes, are letters too: only ASCII ones are letters of the text.
    return piece.startswith("##") or (piece[:1].isascii() and piece[:1].isalpha())


@dataclass(frozen=True, slots=True)
class Chair:
    """Hallucination of captions.

    `instance` is the share of mentions whose object is not there (CHAIR_I), `sentence` the share of captions with one
    (CHAIR_S), `recall` the share of the objects there that are named, `mentions` their number per caption.
    """

    instance: float
    sentence: float
    recall: float
    mentions: float


def chair(named: Sequence[Sequence[str]], present: Sequence[Collection[str]]) -> Chair:
    """Measure captions by what each names, repetitions included, and what is there.

    Raises
    ------
    InputError
        If there are not as many of both, nothing is there, or no caption names anything.
    """
    if not named or len(named) != len(present):
        raise InputError(f"named has {len(named)} captions and present {len(present)}, expected as many, at least one")
    total, there = sum(map(len, named)), sum(len(set(one)) for one in present)
    if not total or not there:
        raise InputError(
            "no caption names an object" if there else "present is empty for all captions",
            hint="Look at the captions: empty ones, and names that are missing in the list, count for nothing",
        )
    wrong = [sum(one not in here for one in names) for names, here in zip(named, present, strict=True)]
    hits = sum(len(set(names) & set(here)) for names, here in zip(named, present, strict=True))
    return Chair(sum(wrong) / total, sum(map(bool, wrong)) / len(named), hits / there, total / len(named))
