"""Finding texts and vectors again: indexes, fusion, filters and their evaluation. Needs NumPy alone."""

from seme.retrieval.bm25 import BM25Index
from seme.retrieval.dense import DenseIndex
from seme.retrieval.fusion import convex, reciprocal_rank
from seme.retrieval.hits import Hits
from seme.retrieval.hybrid import HybridHit, HybridIndex

__all__ = ["BM25Index", "DenseIndex", "Hits", "HybridHit", "HybridIndex", "convex", "reciprocal_rank"]
