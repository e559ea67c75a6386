"""Likeness of words with several vectors (Reisinger and Mooney 2010)."""

from __future__ import annotations

import numpy as np

from seme.embeddings.disambiguated_skipgram.base import Floats
from seme.embeddings.disambiguated_skipgram.estimator import DisambiguatedSkipGram
from seme.errors import InputError


def average_similarity(senses: DisambiguatedSkipGram, first: str, second: str) -> float:
    """Return the mean cosine over all pairs of the words' senses that were kept (avgSim)."""
    one, other = (senses.kept_[senses.number(word)] for word in (first, second))
    return float(_cosines(senses, first, second)[np.ix_(one, other)].mean())


def weighted_similarity(
    senses: DisambiguatedSkipGram, first: str, second: str, contexts: tuple[list[str], list[str]]
) -> float:
    """Return the mean cosine of the words' senses, weighed by how probable each is in its word's context (avgSimC).

    Raises
    ------
    InputError
        If a context has no known word.
    """
    if len(contexts) != 2:
        raise InputError(f"contexts are {len(contexts)}, expected that of the first word and that of the second")
    weights = [
        senses.probabilities(senses.contexts_of([context]), np.array([senses.number(word)]))[0]
        for word, context in zip((first, second), contexts, strict=True)
    ]
    return float(weights[0] @ _cosines(senses, first, second) @ weights[1])


def _cosines(senses: DisambiguatedSkipGram, first: str, second: str) -> Floats:
    one, other = (senses.vectors_[senses.number(word)] for word in (first, second))
    lengths = np.linalg.norm(one, axis=1)[:, None] * np.linalg.norm(other, axis=1)
    found: Floats = one @ other.T / np.maximum(lengths, 1e-12)
    return found
