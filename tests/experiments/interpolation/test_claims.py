"""What the report of paper 28 counts, on figures made up."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib")

from seme.experiments.interpolation import claims
from seme.experiments.interpolation.cell import MIXED, SYSTEMS, Cell
from seme.experiments.interpolation.measuring import MEASURES
from seme.experiments.p28_interpolation import InterpolationSettings
from seme.report import Report


def _cell(sparse: str, **means: float) -> Cell:
    values = {
        system: {measure: {"q1": means.get(system, 0.1), "q2": means.get(system, 0.1)} for measure in MEASURES}
        for system in SYSTEMS
    }
    sweep = {system: {0.0: 0.1, 0.5: 0.2, 1.0: 0.1} for system in MIXED}
    precision = {"dense": {"q1": 0.0}, "hybrid": {"q1": 1.0}}
    return Cell("c", sparse, "d", values, dict.fromkeys(MIXED, 0.5), sweep, precision)


def test_ranks_count_from_the_best_and_equals_share():
    found = claims.ranks([_cell("bm25", both=0.9, hybrid=0.5, post=0.5)])
    assert found["both"] == [1.0] * len(MEASURES)
    assert found["hybrid"] == found["post"] == [2.5] * len(MEASURES)
    assert found["dense"] == [5.5] * len(MEASURES)


@pytest.mark.parametrize(("both", "verdict"), [(0.9, "holds"), (0.2, "fails")])
def test_the_main_claim_follows_the_figures(both, verdict):
    cells = [_cell(sparse, both=both, hybrid=0.5, post=0.3, pre=0.3) for sparse in ("bm25", "splade-tiny")]
    report = Report(paper=28, slug="interpolation", title="x")
    claims.add(report, cells, InterpolationSettings(collections=("c",), dense=("d",)))
    assert [one.verdict for one in report.claims[:2]] == [verdict, verdict]
    assert {one.verdict for one in report.claims[2:]} == {"holds"}
