"""What is measured of codes, and the verdicts that follow from it."""

from __future__ import annotations

import numpy as np
import pytest

from seme.embeddings.binary_paragraphs import Terms
from seme.experiments.binary_paragraphs import claims
from seme.experiments.binary_paragraphs.corpora import Labelled, Material, chance
from seme.experiments.binary_paragraphs.measuring import Found
from seme.experiments.p19_binary_paragraphs import BinaryParagraphsSettings
from seme.report import Report

DOCUMENTS = Labelled(tuple("dddd"), ("x", "x", "y", "y"))
SYSTEMS = (
    "BPV-32",
    "BPV, carried over",
    "Binary PV-DM-32",
    "PV-DBOW, cosine",
    "PV-DBOW, LSH-32",
    "LSH, carried over",
    "Real-Binary, code",
    "Real-Binary, re-ranked",
    "Real-Binary, cosine",
    "Semantic hashing-32",
    "Semantic hashing-128",
)


def test_ranks_are_measured_with_their_ties_and_without_the_query_itself():
    found = Found()
    found.add("right", np.array([[2.0, 1.0, 0.0, 0.0]]), DOCUMENTS, Labelled(("q",), ("x",)))
    assert found.precision["right"] == [1.0]
    found.add("tied", np.zeros((1, 4)), DOCUMENTS, Labelled(("q",), ("x",)))
    assert 0.5 < found.precision["tied"][0] < 0.8
    found.add("itself", np.eye(4), DOCUMENTS, DOCUMENTS, itself=True)
    assert found.precision["itself"] == pytest.approx([(1 + 1 / 2 + 1 / 3) / 3] * 4)  # one of three equals is right
    assert chance(DOCUMENTS, DOCUMENTS) == 0.5


def of_values(values: dict[str, float], touched: float) -> Found:
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.01, size=20)
    lists = {name: (values.get(name, 0.2) + noise).tolist() for name in SYSTEMS}
    return Found(lists, {**lists}, {name: [0.3, 0.2] for name in SYSTEMS}, touched)


def test_verdicts_follow_from_the_figures():
    other = Labelled(tuple("dddddddd"), tuple("abcdefgh"))
    material = Material(DOCUMENTS, Labelled(("q",), ("x",)), other, Terms(("a", "b"), np.array([1, 1])))
    good = {"BPV-32": 0.4, "BPV, carried over": 0.3, "Real-Binary, re-ranked": 0.5}
    expected = {1.0: {"holds"}, -1.0: {"fails"}}
    for sign, verdicts in expected.items():
        values = {name: 0.2 + sign * (value - 0.2) for name, value in good.items()}
        report = Report(paper=19, slug="binary-paragraphs", title="t")
        claims.add(report, [of_values(values, 0.1 - 0.05 * sign)] * 3, material, BinaryParagraphsSettings())
        assert {one.verdict for one in report.claims} == verdicts, sign
        assert len(report.claims) == 9
        assert report.baselines[-1].metrics["MAP carried over"] == pytest.approx(1 / 8)
