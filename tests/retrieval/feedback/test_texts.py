"""Feedback as one text, and interpolation around feedback: identities of both."""

from __future__ import annotations

import pytest

from seme.errors import InputError
from seme.retrieval.feedback import Average, TextFeedback, interpolated_feedback, joined

TEXTS = {"a": "one two three", "b": "four"}
QUERIES = ["cat and dog", "meaning of a model", "sparse"]


def test_texts_are_cut_at_the_end_and_the_query_never():
    assert joined("q r", ["one two three", "four"]) == "q r [SEP] one two three [SEP] four"
    assert joined("q r", ["one two three", "four"], separator=" | ", words=4) == "q r | one two"
    assert joined("q r", ["one two three", "four"], words=5) == "q r [SEP] one two three"
    assert joined("q r s", ["one"], words=2) == "q r s"
    assert joined("q", []) == "q"


def test_an_encoder_reads_the_query_and_its_passages(meaning):
    seen = []

    def encode(pairs):
        seen.extend(pairs)
        return meaning.encode(["feedback moves a query to its documents"] * len(pairs))

    texts = {one: one.upper() for one in "abcdef"}
    step = meaning >> TextFeedback(meaning, encode, texts, k=2) >> meaning
    first = meaning.search(QUERIES, 2)
    assert [hits.ids[0] for hits in step.search(QUERIES, 1)] == ["f"] * 3
    assert seen == [(q, [one.upper() for one in hits.ids]) for q, hits in zip(QUERIES, first, strict=True)]


def test_nothing_found_and_no_passages_leave_the_query(words, meaning):
    def never(pairs):
        raise AssertionError(pairs)

    for step in (words >> TextFeedback(meaning, never, {}), meaning >> TextFeedback(meaning, never, {}, k=0)):
        assert (step >> meaning).search(["zzz"], 3)[0].ids == meaning.search(["zzz"], 3)[0].ids


def test_another_number_of_passages_than_that_of_training_is_refused(meaning):
    class Trained:
        passages = 3

        def __call__(self, pairs):
            return meaning.encode([query for query, _ in pairs])

    with pytest.raises(InputError, match="trained for 3"):
        TextFeedback(meaning, Trained(), {}, k=5)
    TextFeedback(meaning, Trained(), {}, k=3)


def test_no_sparse_weight_is_feedback_alone_and_all_of_it_the_sparse_order(words, meaning):
    feedback = Average(meaning, k=2)
    alone = (meaning >> feedback >> meaning).search(QUERIES, 3)
    for where in ("none", "pre", "post", "both"):
        found = interpolated_feedback(words, meaning, feedback, where=where, alpha=0.0).search(QUERIES, 3)
        assert [hits.ids for hits in found] == [hits.ids for hits in alone]
    for where in ("post", "both"):
        found = interpolated_feedback(words, meaning, feedback, where=where, alpha=1.0).search(QUERIES, 1)
        assert [hits.ids for hits in found] == [hits.ids for hits in words.search(QUERIES, 1)]


def test_the_places_are_those_that_are_written_out(words, meaning):
    feedback = Average(meaning, k=2)
    hybrid = 0.3 * words + 0.7 * meaning
    written = {
        "none": meaning >> feedback >> meaning,
        "pre": hybrid >> feedback >> meaning,
        "post": meaning >> feedback >> hybrid,
        "both": hybrid >> feedback >> hybrid,
    }
    for where, step in written.items():
        found = interpolated_feedback(words, meaning, feedback, where=where, alpha=0.3)
        assert [hits.ids for hits in found.search(QUERIES, 5)] == [hits.ids for hits in step.search(QUERIES, 5)]


def test_bad_settings_are_refused(words, meaning):
    with pytest.raises(InputError, match="alpha is"):
        interpolated_feedback(words, meaning, Average(meaning), alpha=1.5)
    with pytest.raises(InputError, match="where is 'middle'"):
        interpolated_feedback(words, meaning, Average(meaning), where="middle")
    with pytest.raises(InputError, match="texts has no 'd'"):
        (meaning >> TextFeedback(meaning, meaning.encode, {"a": "x"}, k=1)).search(["dense vectors carry meaning"])
    with pytest.raises(InputError, match="k is -1"):
        TextFeedback(meaning, meaning.encode, {}, k=-1)
