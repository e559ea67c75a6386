"""One vector of many sizes: nested training of prefixes (Matryoshka representation learning; Kusupati et al. 2022)."""

from seme.embeddings.matryoshka.cascade import Answers, Cascade
from seme.embeddings.matryoshka.compression import PrincipalComponents, random_coordinates
from seme.embeddings.matryoshka.heads import NestedCrossEntropy, SeparateHeads, TiedHeads, nested_logits
from seme.embeddings.matryoshka.loss import MatryoshkaLoss
from seme.embeddings.matryoshka.nesting import checked_dims, checked_weights, nested_dims, prefix, truncate

__all__ = [
    "Answers",
    "Cascade",
    "MatryoshkaLoss",
    "NestedCrossEntropy",
    "PrincipalComponents",
    "SeparateHeads",
    "TiedHeads",
    "checked_dims",
    "checked_weights",
    "nested_dims",
    "nested_logits",
    "prefix",
    "random_coordinates",
    "truncate",
]
