"""Disambiguated Skip-gram: vectors of the senses of words, learned end to end (Grzegorczyk 2019), and its rivals."""

from seme.embeddings.disambiguated_skipgram.estimator import DisambiguatedSkipGram
from seme.embeddings.disambiguated_skipgram.mssg import MultiSenseSkipGram
from seme.embeddings.disambiguated_skipgram.settings import SenseSettings
from seme.embeddings.disambiguated_skipgram.similarity import average_similarity, weighted_similarity
from seme.embeddings.disambiguated_skipgram.stream import Lexicon, Stream

__all__ = [
    "DisambiguatedSkipGram",
    "Lexicon",
    "MultiSenseSkipGram",
    "SenseSettings",
    "Stream",
    "average_similarity",
    "weighted_similarity",
]
