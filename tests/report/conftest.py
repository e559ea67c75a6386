from __future__ import annotations

import numpy as np
import pytest

from seme.report import Claim, Report


@pytest.fixture
def report() -> Report:
    """Return a report that has one of everything, with text that would break a page if it were not escaped."""
    figures = pytest.importorskip("matplotlib.figure")
    figure = figures.Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_title("<script>alert(1)</script>")
    made = Report(paper=1, slug="atoms", title="Atoms & <b>bold</b>")
    made.settings = {"layers": (6, 12), "name": "<img src=x onerror=alert(1)>", "ratio": 0.5, "tied": True}
    made.environment = {"seed": 3, "defaults": {"layers": [6], "name": "x", "ratio": 0.5, "tied": False}}
    made.claim(Claim.at_least("holds <i>all</i>", measured=0.99, floor=0.5, paper_value="99 %", spread=(0.98, 1.0)))
    made.claim(Claim.ordered("rises", {"neurons": 0.2, "atoms": 0.1}, note="only two seeds"))
    made.claim(Claim.not_tested("scales", "needs a cluster"))
    made.baseline("random <dictionary>", {"r2": np.float32(0.25), "cosine": float("nan")})
    made.table("per layer", ["layer", "r2", "ok"], [(6, np.float64(0.5), True), (12, float("nan"), None)])
    made.figure("Angles before", figure, "All angles & <their> medians")
    made.note("one note </body>")
    made.page("Units", "<!doctype html><title>Units</title><p>unit 1</p>")
    return made
