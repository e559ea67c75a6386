"""The verdicts follow from what was found, and what is searched is what was asked for."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from seme.embeddings.crisp import All, reduction
from seme.embeddings.encoder import TextEncoder
from seme.errors import AssetError
from seme.experiment import Context
from seme.experiments.crisp import claims, features, tables
from seme.experiments.crisp.corpus import Corpus
from seme.experiments.crisp.measuring import Found, hard_rows, named
from seme.experiments.crisp.searching import Material, Result, Tokens, search
from seme.experiments.p24_crisp import CrispSettings
from seme.report import Report

SETTINGS = CrispSettings(collections=("c",), reductions=("C4x8", "C8x32"), simpler=("Tail4x8",), seeds=2)


def result(value, *, noisy=None, vectors=8.0, within=0.5):
    values = {f"q{i}": value for i in range(4)}
    after = {f"q{i}": value - 0.1 if noisy is None else noisy for i in range(4)}
    names = ("C4x8", "C8x32")
    return Result({"c": values}, {"c": after}, vectors, 96.0, dict.fromkeys(names, within))


def found(**changed):
    results = {
        "MV": [result(0.9, vectors=96.0, within=0.6)] * 2,
        "C4x8 post-hoc": [result(0.7)] * 2,
        "C4x8 post-hoc Ward": [result(0.7)] * 2,
        "C8x32 post-hoc": [result(0.8, vectors=32.0)] * 2,
        "C8x32 post-hoc Ward": [result(0.8, vectors=32.0)] * 2,
        "C4x8": [result(0.86)] * 2,
        "C8x32": [result(0.9, vectors=32.0)] * 2,
        "Tail4x8": [result(0.5)],
    }
    return Found({**results, **changed}, {"MV": {5e-5: 0.8, 2e-4: 0.7}, "C4x8": {5e-5: 0.6, 2e-4: 0.7}})


def verdicts(one):
    report = Report(paper=24, slug="crisp", title="t")
    claims.add(report, one, SETTINGS)
    return {claim.statement: claim.verdict for claim in report.claims}


def test_all_claims_hold_where_the_figures_are_the_papers():
    made = verdicts(found())
    assert {one for one in made.values() if one != "not tested"} == {"holds"}
    assert sum(one == "not tested" for one in made.values()) == 3


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"C4x8": [result(0.7)] * 2}, "afterwards"),
        ({"C8x32": [result(0.85, vectors=32.0)] * 2}, "C8x32 keeps"),
        ({"C4x8": [result(0.86, vectors=13.0)] * 2}, "C4x8 stores"),
        ({"Tail4x8": [result(0.87)]}, "Tail4x8"),
        ({"C4x8": [result(0.86, within=0.59)] * 2, "C8x32": [result(0.9, vectors=32.0, within=0.6)] * 2}, "cluster b"),
        ({"C4x8": [result(0.86, noisy=0.7)] * 2}, "unrelated"),
    ],
)
def test_a_claim_fails_where_its_figure_does(changed, word):
    failed = [statement for statement, verdict in verdicts(found(**changed)).items() if verdict == "fails"]
    assert any(word in one for one in failed), failed


def test_tables_and_figure_are_made_of_unlike_numbers_of_seeds():
    report = Report(paper=24, slug="crisp", title="t")
    tables.add(report, found(), SETTINGS)
    assert [len(one.rows) for one in report.tables] == [8, 4, 2, 2]
    assert report.tables[-1].rows == [["MV", 0.8, 0.7, "5e-05"], ["C4x8", 0.6, 0.7, "0.0002"]]
    assert report.figures


def test_of_rates_that_find_as_much_the_first_is_taken():
    assert Found({}, {"MV": {1e-3: 0.5, 1e-4: 0.5, 1e-5: 0.4}}).rate("MV") == 1e-3


def test_hard_negatives_stay_within_their_collection():
    nothing = Corpus("c", {}, {}, {}, {}, [])
    parts = [
        Material(nothing, [], [], [], [np.array(row) for row in near], [], [], [])
        for near in ([[1], [0]], [[2, 1], [0], [0]])
    ]
    assert [one.tolist() for one in hard_rows(parts)] == [[1], [0], [4, 3], [2], [2]]


def test_nearest_wrong_documents_and_states_are_found_once_and_read_again(tmp_path):
    settings = SETTINGS.model_copy(update={"hard": 2})
    context = Context(folder=tmp_path, cache=tmp_path)
    pairs = [
        ("sort a list", "Sort a list in place."),
        ("read a file", "Open and read a file."),
        ("sort", "Sorted list."),
    ]
    try:
        encoder = TextEncoder.load("minilm")
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")
    rows = features.near(encoder, pairs, settings, context)
    assert rows[0].tolist() == [2]  # of the two nearest, the one that is not its own
    states = features.states(encoder, ["one", "two words"], 16, settings, context)
    assert [one.shape for one in states] == [(3, 384), (4, 384)]
    nothing = None  # what is read needs no encoder
    assert [one.tolist() for one in features.near(nothing, pairs, settings, context)] == [one.tolist() for one in rows]
    again = features.states(nothing, ["one", "two words"], 16, settings, context)
    assert all(np.array_equal(a, b) for a, b in zip(states, again, strict=True))


def test_a_search_ranks_by_reduced_vectors_and_counts_them():
    rng = np.random.default_rng(0)
    documents = [rng.normal(size=(12, 5)).astype(np.float32) for _ in range(6)]
    queries = [one[:2] for one in documents[:3]]
    right = {f"q{i}": {f"d{i}": 1} for i in range(3)}
    corpus = Corpus("c", {f"d{i}": "" for i in range(6)}, dict.fromkeys(right, ""), {}, right, [])
    made = Tokens(documents, queries, [one[::-1].copy() for one in queries])
    material = Material(corpus, [], [], [], [], documents, queries, queries)
    exact = search(All(), [made], [material], {"C2x3": reduction("C2x3")})
    assert exact.vectors == exact.tokens == 12
    assert exact.drop == pytest.approx(0)
    assert 0 < exact.within["C2x3"] < 1
    assert search(reduction("C2x3"), [made], [material], {}).share == 0.25
    assert named("C2x3", SETTINGS).normalise
