"""Paper 17: data for a task, selected by the monosemantic units that samples activate (MONA, arXiv 2503.15573).

`embed_codes` gives each sample a sparse embedding, `select` takes those nearest to the examples of a task, and
`unit_profiles` shows which units tell two tasks apart.
"""

from seme.interp.selection.choosing import Selection, budget_count, copies_of_targets, select
from seme.interp.selection.embedding import POOLINGS, Pooling, embed_activations, embed_codes
from seme.interp.selection.profiles import Profiles, unit_profiles
from seme.interp.selection.routers import embed_routers
from seme.interp.selection.similarity import (
    AGGREGATES,
    METRICS,
    Aggregate,
    Metric,
    prototype,
    similarity,
    task_scores,
    weighted_jaccard,
)

__all__ = [
    "AGGREGATES",
    "METRICS",
    "POOLINGS",
    "Aggregate",
    "Metric",
    "Pooling",
    "Profiles",
    "Selection",
    "budget_count",
    "copies_of_targets",
    "embed_activations",
    "embed_codes",
    "embed_routers",
    "prototype",
    "select",
    "similarity",
    "task_scores",
    "unit_profiles",
    "weighted_jaccard",
]
