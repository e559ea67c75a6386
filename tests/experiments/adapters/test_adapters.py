"""The parts of paper 50's experiment: verdicts from gains, what is kept, turning by Procrustes."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from seme.embeddings.adapters import Pairs
from seme.experiments.adapters import judging
from seme.experiments.adapters.measuring import MEASURES, Found, candidates, rotation, values
from seme.experiments.p50_adapters import AdaptersSettings
from seme.report import Report


def _found(task: str, gain: float, *, heterogeneous: bool) -> Found:
    rng = np.random.default_rng(len(task))
    before = {name: rng.uniform(0.2, 0.5, 300).tolist() for name in MEASURES}
    after = [{name: (np.array(before[name]) + gain).tolist() for name in MEASURES} for _ in range(2)]
    return Found(task, heterogeneous, before, before, after, ["query, softmax"] * 2)


@pytest.mark.parametrize(("gain", "verdict"), [(0.03, "holds"), (0.01, "fails"), (-0.03, "fails")])
def test_two_points_on_three_of_four_tasks_are_what_the_claim_asks(gain: float, verdict: str) -> None:
    varied = [_found(f"task {i}", g, heterogeneous=True) for i, g in enumerate((0.05, 0.05, gain, 0.0))]
    report = Report(paper=50, slug="adapters", title="Adapters")
    judging.add(report, "minilm", [*varied, _found("plain", 0.02, heterogeneous=False)])
    assert report.claims[0].verdict == verdict
    assert report.claims[0].measured == (3 if verdict == "holds" else 2)


def test_homogeneous_tasks_that_gain_more_fail_the_second_claim() -> None:
    report = Report(paper=50, slug="adapters", title="Adapters")
    judging.add(report, "minilm", [_found("a", 0.03, heterogeneous=True), _found("b", 0.05, heterogeneous=False)])
    assert "fails" in [one.verdict for one in report.claims if "homogeneous" in one.statement]


def test_rotation_finds_the_map_that_turned_the_documents() -> None:
    documents = np.random.default_rng(0).normal(size=(80, 12)).astype(np.float32)
    turn = ortho_group.rvs(12, random_state=1).astype(np.float32)
    pairs = Pairs((documents @ turn.T)[:60], documents, [[row] for row in range(60)])
    np.testing.assert_allclose(pairs.queries @ rotation(pairs), pairs.documents[:60], atol=1e-5)


def test_values_agree_with_a_plain_count() -> None:
    rng = np.random.default_rng(2)
    documents, queries = rng.normal(size=(30, 6)), rng.normal(size=(9, 6))
    pairs = Pairs(queries.astype(np.float32), documents.astype(np.float32), [[row] for row in range(9)])
    best = (pairs.queries @ pairs.documents.T).argmax(axis=1)
    found = values(pairs, pairs.queries, pairs.documents)
    assert found["Recall@1"] == found["nDCG@1"] == [float(one == row) for row, one in enumerate(best)]


def test_every_activation_is_tried_on_the_query_and_on_both_sides() -> None:
    chosen = candidates(AdaptersSettings())
    assert {(one.activation, one.mode) for one in chosen} == {
        (activation, mode) for activation in ("identity", "relu", "softmax") for mode in ("query", "both")
    }
