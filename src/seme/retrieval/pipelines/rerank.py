"""Scoring anew what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.fusion import ordered
from seme.retrieval.hits import Hits
from seme.retrieval.pipelines.results import NONE, Query, Results
from seme.retrieval.pipelines.steps import Step

Scorer = Callable[[Query, Sequence[str]], npt.ArrayLike]


class Rerank(Step):
    """All hits in the order of other scores; `first.cut(100) >> Rerank(score)` bounds how many that are.

    Parameters
    ----------
    score
        From a query and the ids of documents to one score for each, e.g. `Dense.score`.
    """

    def __init__(self, score: Scorer) -> None:
        self.score = score

    def apply(self, results: Results) -> Results:
        """Return the hits in their new order.

        Raises
        ------
        InputError
            If the scores are not one finite number for each document.
        """
        found = zip(results.queries, results.hits, strict=True)
        return results.with_hits([self._order(query, hits) for query, hits in found])

    def _order(self, query: Query, hits: Hits) -> Hits:
        if not len(hits):
            return NONE
        scores = np.asarray(self.score(query, hits.ids), dtype=np.float64)
        if scores.shape != (len(hits),) or not np.isfinite(scores).all():
            raise InputError(f"score gave {scores.shape} for {len(hits)} documents, expected as many finite numbers")
        return ordered(dict(zip(hits.ids, scores.tolist(), strict=True)))
