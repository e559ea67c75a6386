"""Retrievers that compose like functions: `first >> feedback >> second`, `0.3 * words + 0.7 * meaning`, `.cut(10)`.

A step maps results to results (queries, each with the hits so far): a retriever searches anew by the query, a re-ranker
scores the hits again, and feedback writes the query anew from its hits. The laws that hold are in docs/retrievers.md.
"""

from seme.retrieval.pipelines.rerank import Rerank
from seme.retrieval.pipelines.results import Query, Results
from seme.retrieval.pipelines.runs import run
from seme.retrieval.pipelines.sources import Dense, Impacts, Lexical
from seme.retrieval.pipelines.steps import Chain, Cut, Identity, RankFusion, Step, Sum

__all__ = [
    "Chain",
    "Cut",
    "Dense",
    "Identity",
    "Impacts",
    "Lexical",
    "Query",
    "RankFusion",
    "Rerank",
    "Results",
    "Step",
    "Sum",
    "run",
]
