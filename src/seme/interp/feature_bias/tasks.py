"""Data whose features are known, independent of each other and balanced, by construction (Lampinen et al. 2024).

Labels are drawn first, and then what has these labels: so no feature tells anything of another, however complex it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Kind: TypeAlias = Literal["linear", "or", "and", "majority", "parity", "number", "modulo"]
Labels: TypeAlias = npt.NDArray[np.int64]
_KINDS = ("linear", "or", "and", "majority", "parity", "number", "modulo")
_MOST_BITS = 12
_MODULUS = 4


class Task(Protocol):
    """Inputs with several features, each of two or more classes."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""

    @property
    def classes(self) -> tuple[int, ...]:
        """Of each feature."""

    def sample(
        self, count: int, rng: np.random.Generator, *, balanced: bool = False
    ) -> tuple[npt.NDArray[Any], Labels]:
        """Return inputs (count, ...) and labels (count, features)."""


@dataclass(frozen=True, slots=True)
class BitFeature:
    """A function of some bits.

    Parameters
    ----------
    kind
        `linear` is one bit; `or`, `and` and `majority` are of several; `parity` is whether an odd number of bits is set
        (of two: XOR). `number` has 2^bits classes, the number that the bits write; `modulo` four, the sum of the bits
        modulo 4.
    bits
        How many bits it reads.

    Raises
    ------
    InputError
        If there is no such feature.
    """

    kind: Kind
    bits: int = 1

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InputError(f"kind is {self.kind!r}, expected one of {', '.join(_KINDS)}")
        if not 1 <= self.bits <= _MOST_BITS or (self.kind == "linear") != (self.bits == 1):
            raise InputError(
                f"bits is {self.bits} for {self.kind}, expected 1 for linear and 2 to {_MOST_BITS} for others"
            )
        if self.kind == "majority" and self.bits % 2 == 0:
            raise InputError(f"bits is {self.bits} for majority, expected an odd number: an even one may tie")
        if self.kind == "modulo" and self.bits < _MODULUS - 1:
            raise InputError(f"bits is {self.bits} for modulo, expected at least {_MODULUS - 1}: all sums must occur")

    @property
    def name(self) -> str:
        """As it is shown: `parity of 4`."""
        return self.kind if self.bits == 1 else f"{self.kind} of {self.bits}"

    @property
    def classes(self) -> int:
        """Labels that there are."""
        return 1 << self.bits if self.kind == "number" else _MODULUS if self.kind == "modulo" else 2

    def compute(self, bits: npt.NDArray[np.int64]) -> Labels:
        """Return the label (n,), from 0, of bits (n, bits), each 0 or 1."""
        total = bits.sum(axis=1)
        found = {
            "linear": total,
            "or": total > 0,
            "and": total == self.bits,
            "majority": total > self.bits / 2,
            "parity": total % 2,
            "number": bits @ (1 << np.arange(self.bits)),
            "modulo": total % _MODULUS,
        }[self.kind]
        return np.asarray(found).astype(np.int64)


class BitTask:
    """Vectors of -1 and 1 in which blocks of bits carry features, and the rest is noise.

    Parameters
    ----------
    features
        In the order of their blocks.
    noise
        Bits behind them that say nothing.

    Raises
    ------
    InputError
        If there is no feature, or `noise` is negative.
    """

    def __init__(self, features: Sequence[BitFeature], *, noise: int = 0) -> None:
        if not features:
            raise InputError("features is empty, expected at least one")
        if noise < 0:
            raise InputError(f"noise is {noise}, expected 0 bits or more")
        self.features, self.noise = tuple(features), noise
        self._tables = [_configurations(feature) for feature in self.features]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(feature.name for feature in self.features)

    @property
    def classes(self) -> tuple[int, ...]:
        """Of each feature."""
        return tuple(feature.classes for feature in self.features)

    @property
    def width(self) -> int:
        """Bits of an input."""
        return sum(feature.bits for feature in self.features) + self.noise

    def sample(
        self, count: int, rng: np.random.Generator, *, balanced: bool = False
    ) -> tuple[npt.NDArray[np.float32], Labels]:
        """Return inputs (count, width) of -1 and 1 and labels (count, features), each from 0.

        Parameters
        ----------
        count
            Samples.
        rng
            Of all that is drawn.
        balanced
            Take every combination of labels equally often, in a random order, instead of drawing them.

        Raises
        ------
        InputError
            If `count` is not positive, or combinations cannot be equally often in it.
        """
        labels = _labels(count, self.classes, rng, balanced=balanced)
        blocks = []
        for column, tables in enumerate(self._tables):
            wanted = labels[:, column]
            block = np.empty((count, tables[0].shape[1]), dtype=np.int64)
            for label, table in enumerate(tables):
                rows = wanted == label
                block[rows] = table[rng.integers(0, len(table), int(rows.sum()))]
            blocks.append(block)
        blocks.append(rng.integers(0, 2, (count, self.noise)))
        return (2 * np.concatenate(blocks, axis=1) - 1).astype(np.float32), labels

    def labels(self, inputs: npt.NDArray[Any]) -> Labels:
        """Compute the labels (n, features) of inputs (n, width) of -1 and 1."""
        bits, found, start = (np.asarray(inputs) > 0).astype(np.int64), [], 0
        for feature in self.features:
            found.append(feature.compute(bits[:, start : start + feature.bits]))
            start += feature.bits
        return np.stack(found, axis=1)


class WordTask:
    """The same features in text: a bit is said by a word of one of two sets of synonyms.

    An input is the words, and behind them the labels but the last, which a decoder reads one after another as it says
    them: (bits + features - 1) numbers of tokens.

    Parameters
    ----------
    bits
        What the words say.
    synonyms
        Words in each of the two sets.

    Raises
    ------
    InputError
        If there is no synonym, or a feature has more than two classes.
    """

    def __init__(self, bits: BitTask, *, synonyms: int = 8) -> None:
        if max(bits.classes) > 2:
            raise InputError(f"bits has features of {max(bits.classes)} classes, and words say features of two")
        if synonyms < 1:
            raise InputError(f"synonyms is {synonyms}, expected at least 1")
        self.bits, self.synonyms = bits, synonyms

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return self.bits.names

    @property
    def classes(self) -> tuple[int, ...]:
        """Of each feature: two."""
        return self.bits.classes

    @property
    def vocabulary(self) -> int:
        """Tokens: the words, the two labels, and the one that asks for the first label."""
        return 2 * self.synonyms + 3

    def sample(
        self, count: int, rng: np.random.Generator, *, balanced: bool = False
    ) -> tuple[npt.NDArray[np.int64], Labels]:
        """Return tokens (count, bits + features - 1) and labels (count, features)."""
        values, labels = self.bits.sample(count, rng, balanced=balanced)
        words = (values > 0) * self.synonyms + rng.integers(0, self.synonyms, values.shape)
        said = 2 * self.synonyms + labels[:, :-1]
        return np.concatenate([words, said], axis=1).astype(np.int64), labels


class ImageTask:
    """Small pictures of a thing: its colour (easy), the direction of its stripes, and its shape (hard).

    Parameters
    ----------
    size
        Of a side, in pixels.
    noise
        Deviation of the noise on each pixel.

    Raises
    ------
    InputError
        If the picture is too small for a thing.
    """

    names = ("colour", "texture", "shape")
    classes = (2, 2, 2)
    _THING = 8

    def __init__(self, *, size: int = 12, noise: float = 0.1) -> None:
        if size < self._THING:
            raise InputError(f"size is {size}, expected at least {self._THING} pixels")
        if not noise >= 0:
            raise InputError(f"noise is {noise}, expected 0 or more")
        self.size, self.noise = size, noise
        span = np.arange(self._THING)
        away = np.abs(span - (self._THING - 1) / 2)
        disc = np.add.outer(away**2, away**2) <= (self._THING / 2) ** 2
        cross = (away[:, None] < 1.6) | (away[None] < 1.6)
        self._shapes = np.stack([disc, cross]).astype(np.float32)
        stripes = 0.5 + 0.5 * (span % 2).astype(np.float32)
        flat = np.broadcast_to(stripes, (self._THING, self._THING))
        self._stripes = np.stack([flat, flat.T])

    def sample(
        self, count: int, rng: np.random.Generator, *, balanced: bool = False
    ) -> tuple[npt.NDArray[np.float32], Labels]:
        """Return pictures (count, 3, size, size) and labels (count, 3): colour, texture, shape."""
        labels = _labels(count, self.classes, rng, balanced=balanced)
        pictures = rng.normal(0, self.noise, (count, 3, self.size, self.size)).astype(np.float32)
        things = self._shapes[labels[:, 2]] * self._stripes[labels[:, 1]]
        places = rng.integers(0, self.size - self._THING + 1, (count, 2))
        span = np.arange(self._THING)
        rows, columns = places[:, :1] + span, places[:, 1:] + span
        # Red things and blue ones.
        channel = np.where(labels[:, 0] == 1, 0, 2)
        pictures[np.arange(count)[:, None, None], channel[:, None, None], rows[:, :, None], columns[:, None]] += things
        return pictures, labels


def _labels(count: int, classes: tuple[int, ...], rng: np.random.Generator, *, balanced: bool) -> Labels:
    if count < 1:
        raise InputError(f"count is {count}, expected at least 1")
    if not balanced:
        return rng.integers(0, classes, (count, len(classes)))
    combinations = int(np.prod(classes))
    if count % combinations:
        raise InputError(f"count is {count}, expected a multiple of {combinations}, the combinations of labels")
    rows = np.indices(classes).reshape(len(classes), -1).T
    return rng.permutation(np.repeat(rows, count // combinations, axis=0), axis=0)


def _configurations(feature: BitFeature) -> list[npt.NDArray[np.int64]]:
    """Return, for each label, all settings of a feature's bits that have it."""
    rows = (np.arange(2**feature.bits)[:, None] >> np.arange(feature.bits)) & 1
    found = feature.compute(rows)
    return [rows[found == label] for label in range(feature.classes)]
