"""Query encoders that read the first hits together with the query (ANCE-PRF: Yu et al. 2021, Li et al. 2022)."""

from seme.embeddings.feedback.encoder import FeedbackEncoder
from seme.embeddings.feedback.formats import FAMILIES, Family, feedback_batch, feedback_ids
from seme.embeddings.feedback.training import FeedbackBatches, FeedbackObjective, hard_negatives

__all__ = [
    "FAMILIES",
    "Family",
    "FeedbackBatches",
    "FeedbackEncoder",
    "FeedbackObjective",
    "feedback_batch",
    "feedback_ids",
    "hard_negatives",
]
