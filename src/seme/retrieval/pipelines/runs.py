"""Runs for TREC files and measures."""

from __future__ import annotations

from collections.abc import Mapping

from seme.retrieval.pipelines.results import Query
from seme.retrieval.pipelines.steps import Step


def run(step: Step, queries: Mapping[str, str | Query], *, k: int = 1000) -> dict[str, dict[str, float]]:
    """Return `{query: {document: score}}`, as `evaluation.evaluate` and `evaluation.write_run` take it.

    Parameters
    ----------
    step
        What searches.
    queries
        By their names.
    k
        Most documents of a query.
    """
    found = step.search(list(queries.values()), k)
    return {name: dict(hits) for name, hits in zip(queries, found, strict=True)}
