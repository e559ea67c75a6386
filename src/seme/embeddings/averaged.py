"""Texts as the mean of their words' static vectors: the cheapest encoder there is, and a baseline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from seme.assets.word_vectors import WordVectors, load_word_vectors

_WORD = re.compile(r"\w\w+")
_STARTS = {"wordllama-256": "▁"}
"""What words begin with where the vectors are of word pieces."""


class AveragedWords:
    """Means of word vectors, at unit length.

    Parameters
    ----------
    name
        Of the encoder.
    vectors
        Words in lower case and their vectors.
    start
        What a word begins with among `vectors.words`.
    """

    def __init__(self, name: str, vectors: WordVectors, *, start: str = "") -> None:
        self.name, self._vectors, self._start = name, vectors, start
        self.dim = int(vectors.vectors.shape[1])

    @classmethod
    def load(cls, name: str) -> Self:
        """Load one of `seme.assets.WORD_VECTORS`.

        Raises
        ------
        AssetError
            If there are none of that name, or they are not installed.
        """
        return cls(f"averaged-{name}", load_word_vectors(name), start=_STARTS.get(name, ""))

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the vectors (n, d) of texts, float32; one of which no word is known gets the first word's vector."""
        index, start = self._vectors.index, self._start
        found = np.empty((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            words = [index[start + word] for word in _WORD.findall(text.lower()) if start + word in index]
            found[row] = np.asarray(self._vectors.vectors[words or [0]]).mean(axis=0)
        lengths = np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        unit: npt.NDArray[np.float32] = (found / lengths).astype(np.float32)
        return unit
