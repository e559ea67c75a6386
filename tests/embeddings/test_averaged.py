"""Means of word vectors."""

import numpy as np

from seme.assets.word_vectors import WordVectors
from seme.embeddings.averaged import AveragedWords

_WORDS = WordVectors(["cat", "dog", "stone"], np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32))


def test_a_text_is_the_mean_of_its_known_words_at_unit_length() -> None:
    found = AveragedWords("tiny", _WORDS).encode(["Cat, dog!", "dog dog cat", "a dog of unknown breed"])
    expected = np.array([[1, 1], [1, 2], [0, 1]]) / np.sqrt([[2], [5], [1]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_text_without_known_words_gets_the_first_words_vector() -> None:
    assert AveragedWords("tiny", _WORDS).encode([""]).tolist() == [[1.0, 0.0]]


def test_word_pieces_begin_with_their_mark() -> None:
    marked = WordVectors(["▁cat", "cat"], np.array([[1, 0], [0, 1]], dtype=np.float32))
    assert AveragedWords("pieces", marked, start="▁").encode(["cat"]).tolist() == [[1.0, 0.0]]
