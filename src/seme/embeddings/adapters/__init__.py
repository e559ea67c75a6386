"""Adapters: low-rank corrections that make the vectors of a frozen encoder fit a task (ADDER, 2023; paper 50)."""

from seme.embeddings.adapters.estimator import RetrievalAdapter
from seme.embeddings.adapters.losses import CosineEmbeddingLoss, SoftmaxLoss, TripletLoss
from seme.embeddings.adapters.module import FreeMap, LowRankAdapter
from seme.embeddings.adapters.negatives import hard_negatives
from seme.embeddings.adapters.pairs import Pairs
from seme.embeddings.adapters.ranking import best_rows, ndcg_values, quality, recall_values
from seme.embeddings.adapters.selection import Selected, select_adapter
from seme.embeddings.adapters.settings import AdapterSettings

__all__ = [
    "AdapterSettings",
    "CosineEmbeddingLoss",
    "FreeMap",
    "LowRankAdapter",
    "Pairs",
    "RetrievalAdapter",
    "Selected",
    "SoftmaxLoss",
    "TripletLoss",
    "best_rows",
    "hard_negatives",
    "ndcg_values",
    "quality",
    "recall_values",
    "select_adapter",
]
