"""Verdicts of the claims follow from the figures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from seme.embeddings.bidr import Pool
from seme.experiments.bidr import claims
from seme.experiments.bidr.collection import Given
from seme.experiments.bidr.measuring import DENSE, Codes, Measured
from seme.experiments.p11_bidr import BidrSettings
from seme.report import Report


def measured(seed: int, *, contrastive: float, walk: float, joint: float) -> Measured:
    def values(mean: float) -> dict[str, float]:
        noise = np.random.default_rng(seed).normal(size=20) / 100
        return {f"q{i}": float(mean + one) for i, one in enumerate(noise - noise.mean())}

    names = ("contrastive", "OPQ, same encoder", "OPQ, dense encoder")
    recall = {name: values(mean) for name, mean in zip(names, (contrastive, 0.5, 0.6), strict=True)}
    found = Measured({8: Codes(recall, {"contrastive": 0.5, "OPQ, same encoder": 0.4}, 3)}, memory=0.05)
    found.verified = {name: values(0.4) for name in DENSE}
    found.verified |= {"random walk": values(walk), "joint": values(joint), "codes alone": values(0.3)}
    found.whole = {**found.verified}
    return found


def verdicts(**figures: float) -> dict[str, str]:
    report = Report(paper=11, slug="bidr", title="x")
    rows = np.zeros((1, 2), dtype=np.float32)
    given = Given(["a"], Pool(rows, rows, [np.array([0])]), rows, {})
    claims.add(report, [measured(seed, **figures) for seed in range(3)], given, BidrSettings(parts=(8,)))
    assert report.figures
    assert report.baselines
    return {one.statement: one.verdict for one in report.claims}


def of(found: dict[str, str], start: str) -> str:
    return next(verdict for statement, verdict in found.items() if statement.startswith(start))


def test_codes_must_beat_the_better_of_both_baselines():
    assert of(verdicts(contrastive=0.55, walk=0.45, joint=0.4), "Codes of 8") == "fails"
    found = verdicts(contrastive=0.65, walk=0.45, joint=0.4)
    assert of(found, "Codes of 8") == "holds"
    assert of(found, "They reconstruct worse") == "holds"


def test_stages_and_walks_are_judged_by_the_verified_candidates():
    good, bad = (verdicts(contrastive=0.6, walk=walk, joint=0.42) for walk in (0.45, 0.35))
    for start in ("Batches of a random walk", "Codes first"):
        assert (of(good, start), of(bad, start)) == ("holds", "fails")
    assert of(good, "Batches of a snowball") == "fails"
    assert of(good, "Recall, revenue") == "not tested"
