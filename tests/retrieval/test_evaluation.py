"""Measures against trec_eval, and the TREC files there and back."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval import evaluation as ev

IDS = st.text("abcdefgh0123", min_size=1, max_size=6)


def made(seed: int):
    chance = random.Random(seed)
    documents = [f"d{i}" for i in range(60)]
    judgements = {f"q{q}": {d: chance.randint(1, 3) for d in chance.sample(documents, 7)} for q in range(25)}
    # Distinct scores: trec_eval orders equals by another rule, ours is by id.
    run = {q: dict(zip(chance.sample(documents, 40), chance.sample(range(1000), 40), strict=True)) for q in judgements}
    return judgements, {q: {d: s / 7 for d, s in scores.items()} for q, scores in run.items()}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("ndcg_cut_10", ev.ndcg(10)),
        ("ndcg_cut_3", ev.ndcg(3)),
        ("recip_rank", ev.reciprocal_rank_at(60)),
        ("recall_5", ev.recall(5)),
        ("map", ev.average_precision),
    ],
)
def test_equals_trec_eval(seed, name, measure):
    judgements, run = made(seed)
    found = pytrec_eval.RelevanceEvaluator(judgements, {name}).evaluate(run)
    wanted = np.mean([values[name] for values in found.values()])
    assert ev.evaluate(judgements, run, measure) == pytest.approx(wanted, abs=1e-9)


def test_a_reciprocal_rank_ends_at_its_depth():
    judgements = {"q": {"c": 1}}
    run = {"q": {"a": 3.0, "b": 2.0, "c": 1.0}}
    assert ev.evaluate(judgements, run, ev.reciprocal_rank_at(3)) == pytest.approx(1 / 3)
    assert ev.evaluate(judgements, run, ev.reciprocal_rank_at(2)) == 0


def test_a_judged_query_missing_from_the_run_counts_as_zero():
    judgements = {"q1": {"a": 1}, "q2": {"a": 1}}
    assert ev.evaluate(judgements, {"q1": {"a": 1.0}}, ev.recall(5)) == 0.5


def test_equals_are_ranked_by_id():
    judgements = {"q": {"b": 1}}
    assert ev.evaluate(judgements, {"q": {"b": 1.0, "a": 1.0}}, ev.reciprocal_rank_at(5)) == 0.5


def test_nothing_relevant_is_refused():
    with pytest.raises(InputError, match="no relevant"):
        ev.evaluate({"q": {"a": 0}}, {"q": {"a": 1.0}}, ev.ndcg(10))


@pytest.mark.parametrize("make", [ev.ndcg, ev.recall, ev.reciprocal_rank_at])
def test_k_must_be_positive(make):
    with pytest.raises(InputError, match="k is 0"):
        make(0)


@given(
    st.dictionaries(
        IDS, st.dictionaries(IDS, st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5), max_size=4
    )
)
def test_a_run_comes_back_as_it_was(tmp_path_factory, run):
    path = tmp_path_factory.mktemp("trec") / "run.txt"
    ev.write_run(path, run)
    assert ev.read_run(path) == run


def test_judgements_come_back_as_they_were(tmp_path):
    judgements, _ = made(0)
    ev.write_judgements(tmp_path / "qrels", judgements)
    assert ev.read_judgements(tmp_path / "qrels") == judgements
    assert [p.name for p in tmp_path.iterdir()] == ["qrels"]


@pytest.mark.parametrize("document", ["", "a b", "a\tb"])
def test_an_id_that_the_format_cannot_hold_is_refused(tmp_path, document):
    with pytest.raises(InputError, match="white space"):
        ev.write_run(tmp_path / "run", {"q": {document: 1.0}})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["q Q0 d 1 nan t", "q Q0 d 1 inf t", "q Q0 d 1 x t", "q Q0 d 1"])
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "run"
    path.write_text(f"q Q0 a 1 2.5 t\n{line}\n")
    with pytest.raises(InputError, match="line 2"):
        ev.read_run(path)


def test_scores_keep_every_bit(tmp_path):
    score = math.nextafter(0.1, 1)
    ev.write_run(tmp_path / "run", {"q": {"d": score}})
    assert ev.read_run(tmp_path / "run")["q"]["d"] == score
