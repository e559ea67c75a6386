"""RM3 against a slow version of the formula of Abdul-Jaleel et al. 2004."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval.feedback import RM3, relevance_model
from seme.retrieval.hits import Hits
from seme.retrieval.pipelines import Query, Results

documents = st.lists(st.lists(st.sampled_from(["ca", "do", "me", "mo", "sp"]), min_size=1, max_size=6), max_size=4)


def _slow(docs, scores, size):
    vocabulary = {term for doc in docs for term in doc}
    model = {
        term: sum(Fraction(doc.count(term), len(doc)) * score for doc, score in zip(docs, scores, strict=True))
        for term in vocabulary
    }
    best = sorted(vocabulary, key=lambda term: (-model[term], term))[:size]
    total = sum(model[term] for term in best)
    return {term: float(model[term] / total) for term in best} if total else {}


@settings(max_examples=60, deadline=None)
@given(documents, st.integers(1, 5))
def test_the_relevance_model_is_that_of_exact_fractions(docs, size):
    scores = list(range(len(docs), 0, -1))
    found, expected = relevance_model(docs, scores, terms=size), _slow(docs, scores, size)
    assert sum(found.values()) == pytest.approx(1.0 if docs else 0.0)
    assert sorted(found.values()) == pytest.approx(sorted(expected.values()))


def test_the_query_is_mixed_with_the_model():
    texts = {"a": "cat cat dog", "b": "dog"}
    results = Results((Query("cat mouse"),), (Hits(("a", "b"), np.array([3.0, 1.0], np.float32)),))
    terms = RM3(texts, original=0.6).apply(results).queries[0].terms
    # By hand, "cat" and "dog" are as likely: two thirds of 3, and one third of 3 and all of 1.
    assert terms == pytest.approx({"cat": 0.4 * 0.5 + 0.6 * 0.5, "dog": 0.4 * 0.5, "mous": 0.6 * 0.5})


def test_weights_of_the_query_alone_give_its_order(words):
    plain = words.search(["cat and dogs"], 5)[0]
    only = (words >> RM3(dict.fromkeys("abcdef", "cat"), original=1.0) >> words).search(["cat and dogs"], 5)[0]
    assert only.ids == plain.ids
    assert words.search([Query("x", terms={"cat": 2.0})], 5)[0].scores == pytest.approx(
        2 * words.search(["cat"], 5)[0].scores
    )


def test_feedback_finds_what_shares_no_word_with_the_query(words):
    texts = {"a": "cat purrs", "b": "cat purrs softly", "c": "purrs softly", "d": "dog barks"}
    from seme.retrieval import BM25Index
    from seme.retrieval.pipelines import Lexical

    index = BM25Index()
    index.add(list(texts), list(texts.values()))
    lexical = Lexical(index)
    assert "c" not in lexical.search(["cat"], 5)[0].ids
    assert "c" in (lexical >> RM3(texts) >> lexical).search(["cat"], 5)[0].ids


def test_nothing_found_leaves_the_query(words):
    results = Results.of(["zzz"])
    assert RM3({}).apply(results).queries[0].terms is None
    assert (words >> RM3({}) >> words).search(["zzz"], 3)[0].ids == ()


def test_bad_settings_are_refused(words):
    with pytest.raises(InputError, match="original is 2"):
        RM3({}, original=2)
    with pytest.raises(InputError, match="k is -1"):
        RM3({}, k=-1)
    with pytest.raises(InputError, match="scores must be"):
        relevance_model([["a"]], [-1.0])
    with pytest.raises(InputError, match="the weight of 'cat' is 0"):
        words.search([Query("x", terms={"cat": 0.0})])
