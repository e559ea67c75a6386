"""RM3: a relevance model of the first hits, mixed with the query (Lavrenko & Croft 2001; Abdul-Jaleel et al. 2004)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.feedback.texts import first_texts
from seme.retrieval.hits import Hits
from seme.retrieval.pipelines import Query, Results, Step
from seme.retrieval.tokens import tokenize


def relevance_model(documents: Sequence[Sequence[str]], scores: npt.ArrayLike, *, terms: int = 10) -> dict[str, float]:
    """Return `P(w | R) ∝ sum_d P(w | d) · P(q | d)` of the likeliest terms, summing to 1 (Lavrenko & Croft 2001).

    P(w | d) is the share of w among the terms of d; the documents' scores stand in for P(q | d), as it is usual where
    the first round is BM25.

    Parameters
    ----------
    documents
        Terms of each document.
    scores
        One for each document, >= 0.
    terms
        How many are kept; of equally likely ones, the first in the alphabet.

    Raises
    ------
    InputError
        If there are not as many scores as documents, or one is negative or not finite.
    """
    likelihoods = np.asarray(scores, dtype=np.float64)
    if likelihoods.shape != (len(documents),) or not np.isfinite(likelihoods).all() or (likelihoods < 0).any():
        raise InputError(f"scores must be {len(documents)} finite numbers >= 0, one for each document")
    model: Counter[str] = Counter()
    for document, likelihood in zip(documents, likelihoods.tolist(), strict=True):
        for term, count in Counter(document).items():
            model[term] += likelihood * count / len(document)
    kept = sorted(model, key=lambda term: (-model[term], term))[:terms]
    total = sum(model[term] for term in kept)
    return {term: model[term] / total for term in kept} if total > 0 else {}


class RM3(Step):
    """The query's terms, mixed with those that are likely in its first hits; the hits stay.

    Parameters
    ----------
    texts
        Of the documents, by their ids.
    k
        Hits that are taken; 0 changes nothing.
    terms
        Terms of the relevance model.
    original
        Weight of the query as it was, 0 to 1; the model has the rest.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(self, texts: Mapping[str, str], *, k: int = 10, terms: int = 10, original: float = 0.5) -> None:
        if k < 0 or terms < 1:
            raise InputError(f"k is {k} and terms is {terms}, expected k >= 0 and terms >= 1")
        if not 0 <= original <= 1:
            raise InputError(f"original is {original}, it must be from 0 to 1")
        self.texts, self.k, self.terms, self.original = texts, k, terms, original

    def apply(self, results: Results) -> Results:
        """Return the same hits, with queries of weighted terms."""
        found = zip(results.queries, results.hits, strict=True)
        return results.with_queries([self._expanded(query, hits) for query, hits in found])

    def _expanded(self, query: Query, hits: Hits) -> Query:
        documents = [tokenize(text) for text in first_texts(hits, self.texts, self.k)]
        model = relevance_model(documents, np.maximum(hits.scores[: self.k], 0), terms=self.terms)
        if not model:
            return query
        own: Mapping[str, float] = query.terms if query.terms is not None else Counter(tokenize(query.text))
        total = sum(own.values())
        mixed = {term: (1 - self.original) * share for term, share in model.items()}
        for term, weight in own.items():
            mixed[term] = mixed.get(term, 0.0) + self.original * weight / total
        return query.with_terms({term: weight for term, weight in mixed.items() if weight > 0})
