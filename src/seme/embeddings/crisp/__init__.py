"""CRISP: multi-vector encoders that are trained through clusters of their own tokens (2025).

The loss is computed on the clusters' means, so that the model learns tokens that cluster well, and a text is stored as
a handful of vectors. `seme.retrieval.multivector` is the index that they are searched in.
"""

from seme.embeddings.crisp.clusterability import within_share
from seme.embeddings.crisp.encoder import MultiVectorEncoder, unpadded
from seme.embeddings.crisp.kmeans import masked_kmeans
from seme.embeddings.crisp.reductions import (
    All,
    Clusters,
    Reduced,
    Reduction,
    Side,
    Single,
    Spacing,
    Tail,
    means,
    reduction,
)
from seme.embeddings.crisp.scoring import ChamferLoss, chamfer
from seme.embeddings.crisp.training import CrispObjective, PairBatches, padded, train_above

__all__ = [
    "All",
    "ChamferLoss",
    "Clusters",
    "CrispObjective",
    "MultiVectorEncoder",
    "PairBatches",
    "Reduced",
    "Reduction",
    "Side",
    "Single",
    "Spacing",
    "Tail",
    "chamfer",
    "masked_kmeans",
    "means",
    "padded",
    "reduction",
    "train_above",
    "unpadded",
    "within_share",
]
