"""Pseudo-relevance feedback: the first hits are taken as relevant, and the query is written anew from them.

Each kind is a step between two searches: `dense >> Rocchio(dense) >> dense`. A query for which nothing was found stays
as it was.
"""

from seme.retrieval.feedback.interpolated import PLACES, interpolated_feedback
from seme.retrieval.feedback.rm3 import RM3, relevance_model
from seme.retrieval.feedback.texts import TextFeedback, joined
from seme.retrieval.feedback.vectors import Average, Rocchio, rocchio

__all__ = [
    "PLACES",
    "RM3",
    "Average",
    "Rocchio",
    "TextFeedback",
    "interpolated_feedback",
    "joined",
    "relevance_model",
    "rocchio",
]
