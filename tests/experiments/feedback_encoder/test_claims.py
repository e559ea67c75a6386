"""The verdicts of the report of paper 16 follow from figures made up."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from seme.experiments.feedback_encoder import claims
from seme.experiments.feedback_encoder.measuring import RECALLED, STRONG, UNTRAINED, WEAK, Found
from seme.experiments.feedback_encoder.training import Variant
from seme.experiments.p16_feedback_encoder import FeedbackEncoderSettings
from seme.report import Report

MEASURES = ("nDCG@10", f"recall@{RECALLED}", "MRR@10, one judged", "MRR, one judged")


def _values(level: float) -> dict[str, dict[str, float]]:
    return {measure: {f"q{i}": level + 0.01 * i for i in range(4)} for measure in MEASURES}


def _found(trained: dict[str, float]) -> Found:
    found = Found()
    for base, level in ((STRONG, 0.5), (WEAK, 0.2)):
        found.systems[base] = {name: _values(level if name == "base" else level - 0.05) for name in UNTRAINED}
        found.trained[base] = [_values(trained[base] + 0.001 * seed) for seed in range(3)]
    found.variants = {Variant(k, 1e-5, 200, 0): _values(0.5 + 0.1 * k) for k in (1, 3)}
    return found


@pytest.mark.parametrize(
    ("trained", "failing"),
    [
        ({STRONG: 0.55, WEAK: 0.4}, set()),
        ({STRONG: 0.55, WEAK: 0.21}, {"The stronger the base"}),
        ({STRONG: 0.4, WEAK: 0.4}, {"A trained feedback", "Training is needed", "Where one document"}),
    ],
)
def test_verdicts(trained, failing):
    report = Report(paper=16, slug="feedback-encoder", title="x")
    claims.add(report, _found(trained), FeedbackEncoderSettings())
    fails = [one.statement for one in report.claims if one.verdict == "fails"]
    assert {start for start in failing if any(one.startswith(start) for one in fails)} == failing
    assert all(any(one.startswith(start) for start in failing) for one in fails)


def test_one_seed_shows_no_spread():
    found = _found({STRONG: 0.55, WEAK: 0.4})
    found.trained[STRONG] = found.trained[STRONG][:1]
    report = Report(paper=16, slug="feedback-encoder", title="x")
    claims.add(report, found, FeedbackEncoderSettings(seeds=1))
    assert [one.verdict for one in report.claims if "Hyper-parameters" in one.statement] == ["not tested"]
