"""More features at once, and features of more than two classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seme.experiment import Context
from seme.experiments.clear import paired
from seme.experiments.feature_bias.measuring import EASY, LEARNED, bits, ends, hard, measured, mlp
from seme.interp.feature_bias import BitFeature
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p06_feature_bias import FeatureBiasSettings

_FEWEST = 3
"""Networks of which something is claimed."""
_MORE = 2
"""Bits of the sum modulo 4 beyond those of the parity."""


def add(report: Report, settings: FeatureBiasSettings, context: Context) -> None:
    """Train on several easy and hard features, and on an easy and a hard one of four classes each."""
    _several(report, settings, context)
    _classes(report, settings, context)


def _several(report: Report, settings: FeatureBiasSettings, context: Context) -> None:
    rows, counts = [], [one for one in settings.counts if one * (1 + settings.parity) <= settings.bits]
    for count in context.progress(counts, "Number of features"):
        task = bits(settings, [*[EASY] * count, *[hard(settings)] * count])
        one = measured(f"{count} of each", lambda task=task: mlp(settings, task), task, settings, context)  # type: ignore[misc]
        easy, difficult = (part.mean(axis=1) for part in np.split(one.whole, 2, axis=1))
        gap, named = easy - difficult, f"with {count} easy and {count} hard features an easy one explains more"
        shown = [float(easy.mean()), float(difficult.mean()), float(gap.mean()), *ends(gap)] if len(gap) else [None] * 5
        rows.append([count, one.steps, len(gap), *shown])
        _claim(report, f"Also {named} (mean difference of shares)", gap, one.steps)
    columns = [
        "features of each kind",
        "updates",
        "learned all",
        "share of an easy one",
        "share of a hard one",
        "gap",
        "lowest",
        "highest",
    ]
    report.table("Number of features: networks that learned all", columns, rows)


def _classes(report: Report, settings: FeatureBiasSettings, context: Context) -> None:
    task = bits(settings, [BitFeature("number", 2), BitFeature("modulo", settings.parity + _MORE)])
    one = measured("four classes", lambda: mlp(settings, task), task, settings, context)
    gap = one.whole[:, 0] - one.whole[:, 1]
    _claim(
        report, "Of features with four classes, too, the easy one explains more (difference of shares)", gap, one.steps
    )
    rows = [
        [
            name,
            int(one.accuracy[:, column].min() >= LEARNED),
            float(one.accuracy[:, column].min()),
            float(one.shares[:, column].mean()),
            *ends(one.shares[:, column]),
        ]
        for column, name in enumerate(one.names)
    ]
    columns = ["feature", "learned by all", "lowest accuracy", "share", "lowest", "highest"]
    report.table(f"Features of four classes, after {one.steps} updates", columns, rows)


def _claim(report: Report, statement: str, gap: np.ndarray, steps: int) -> None:
    if len(gap) < _FEWEST:
        why = f"{len(gap)} networks learned all features within {steps} updates, and {_FEWEST} are wanted."
        report.claim(Claim.not_tested(statement, why))
    else:
        report.claim(paired(statement, gap, note=f"{len(gap)} networks that learned all, after {steps} updates."))
