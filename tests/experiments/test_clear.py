"""A figure counts as beyond a bound only where its interval does."""

from __future__ import annotations

import numpy as np
import pytest

from seme.experiments.clear import clearly_above, clearly_below, clearly_near, note_late_rule, paired, unpaired
from seme.experiments.intervals import interval
from seme.report import Report

DRAWS = np.random.default_rng(0).normal(size=4000)


@pytest.mark.parametrize(("shift", "verdict"), [(1.0, "fails"), (3.0, "holds")])
def test_a_figure_within_its_spread_does_not_hold(shift: float, verdict: str) -> None:
    assert clearly_above("More", shift, interval(DRAWS + shift)).verdict == verdict
    assert clearly_below("Less", -shift, interval(DRAWS - shift)).verdict == verdict


def test_near_is_judged_by_the_farther_end() -> None:
    assert clearly_near("Near", 2005, (1990, 2010), value=2000, tolerance=10).verdict == "holds"
    assert clearly_near("Near", 2005, (1980, 2010), value=2000, tolerance=10).verdict == "fails"


def test_a_difference_within_its_spread_does_not_hold() -> None:
    assert paired("a", [0.1, 0.12, 0.11]).verdict == "holds"
    assert paired("a", [0.5, -0.3, 0.4]).verdict == "fails"
    assert unpaired("a", [1.0, 1.1, 0.9], [0.0, 0.1, -0.1]).verdict == "holds"
    assert unpaired("a", [1.0, -1.0, 0.9], [0.0, 0.1, -0.1]).verdict == "fails"


def test_the_note_names_what_was_chosen_late() -> None:
    report = Report(paper=1, slug="a", title="A")
    note_late_rule(report)
    note_late_rule(report, "were the seeds", "was the model")
    assert report.notes[0].endswith("had been seen.")
    assert report.notes[1].endswith("had been seen; so were the seeds; so was the model.")
