"""How embeddings divide things into concepts, held against people's categories (Shani et al. 2025, paper 40).

`tradeoff` has the objective that sets the bits of a partition against the distances within its clusters, `bottleneck`
the least bits for each distance, `partitions` clusterings and chance, `typicality` the order within a category.
"""

from seme.interp.concepts.bottleneck import Curve, rate_distortion
from seme.interp.concepts.partitions import Agreement, agreement, cluster, shuffled
from seme.interp.concepts.soft import SoftClusters, soft_clusters
from seme.interp.concepts.tradeoff import Tradeoff, complexity, conditional_entropy, distortion, tradeoff
from seme.interp.concepts.typicality import closeness, pooled_correlation, typicality_correlations

__all__ = [
    "Agreement",
    "Curve",
    "SoftClusters",
    "Tradeoff",
    "agreement",
    "closeness",
    "cluster",
    "complexity",
    "conditional_entropy",
    "distortion",
    "pooled_correlation",
    "rate_distortion",
    "shuffled",
    "soft_clusters",
    "tradeoff",
    "typicality_correlations",
]
