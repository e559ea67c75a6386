"""Third to fifth claims: where layers agree, what rationales do to consistency, and balanced thresholds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiments.internal_consistency.benches import DEDUCTION, Bench
from seme.experiments.internal_consistency.measures import pooled
from seme.interp.consistency import Balanced, InternalConsistency, agreement
from seme.report import Claim, Report

Floats = npt.NDArray[np.float64]


def add(report: Report, benches: list[Bench]) -> None:
    """Go through the layers of both kinds of models, and hold answers with rationales against direct ones."""
    kinds = {"language model": [one for one in benches if one.family != DEDUCTION],
             "deduction from scratch": [one for one in benches if one.family == DEDUCTION]}  # fmt: skip
    curves = {name: _curves(found) for name, found in kinds.items() if found}
    for name, curve in curves.items():
        _claim_depth(report, name, curve)
    _draw(report, curves)
    _claim_rationales(report, benches)
    _claim_balance(report, benches)


def _curves(benches: list[Bench]) -> tuple[Floats, Floats]:
    """Return agreement with the last layer by layer, the mean over tasks, for right paths and for wrong ones."""
    found = []
    for right in (True, False):
        rows = [
            agreement(one.said)[one.correct == right].mean(axis=0) for one in benches if (one.correct == right).any()
        ]
        found.append(np.mean(rows, axis=0) if rows else np.full(benches[0].said.shape[1], np.nan))
    return found[0], found[1]


def _claim_depth(report: Report, name: str, curve: tuple[Floats, Floats]) -> None:
    right, wrong = curve
    both = right if np.isnan(wrong).any() else wrong if np.isnan(right).any() else (right + wrong) / 2
    last = len(both) - 1
    report.claim(
        Claim.at_least(f"{name}: agreement with the last layer rises with depth (Spearman over layers)",
                       measured=float(spearmanr(np.arange(1, last + 1), both[1:]).statistic), floor=0.7,
                       note=f"{both[1]:.3f} at the first layer, {both[last - 1]:.3f} at the last but one.")
    )  # fmt: skip
    if np.isnan(right).any() or np.isnan(wrong).any():
        report.claim(Claim.not_tested(f"{name}: right and wrong paths differ most in middle or late-middle layers",
                                      "All paths were right, or all wrong."))  # fmt: skip
        return
    gap = right - wrong
    peak = int(np.argmax(gap[1:])) + 1
    report.claim(
        Claim.equal(f"{name}: right and wrong paths differ most in middle or late-middle layers (relative depth)",
                    measured=peak / last, value=0.65, tolerance=0.25,
                    note=f"Largest at layer {peak} of {last}, with {gap[peak]:.3f}; at the last it is {gap[-1]:.3f} by "
                         "definition.")
    )  # fmt: skip


def _claim_rationales(report: Report, benches: list[Bench]) -> None:
    rows = []
    for one in benches:
        balanced = Balanced().fit(one.direct)
        said = balanced.predict(one.direct)[:, -1]
        rows.append([
            one.name, float((said == one.truth[one.direct.questions]).mean()), float(one.correct.mean()),
            float(InternalConsistency(balanced)(one.direct).mean()), float(one.consistency.mean()),
        ])  # fmt: skip
    columns = ["task", "accuracy, direct", "accuracy, rationale", "IC, direct", "IC, rationale"]
    report.table("With a rationale and without", columns, rows)
    tasks = pooled(benches)
    values = {row[0]: np.array(row[1:], dtype=np.float64) for row in rows}
    for label, families in (
        ("language model", [t for t in tasks if t != DEDUCTION]),
        ("deduction from scratch", [DEDUCTION]),
    ):
        found = [values[one.name] for task in families for one in tasks.get(task, [])]
        if not found:
            continue
        mean, spread = np.mean(found, axis=0), np.std(found, axis=0)
        report.claim(
            Claim.ordered(f"{label}: rationales raise accuracy",
                          {"direct": float(mean[0]), "rationale": float(mean[1])},
                          spread=float(spread[1]), paper_value="CoT raises accuracy")
        )  # fmt: skip
        report.claim(
            Claim.ordered(f"{label}: rationales lower mean internal consistency",
                          {"rationale": float(mean[3]), "direct": float(mean[2])}, spread=float(spread[3]),
                          paper_value="inconsistency between middle and last layers appears with CoT")
        )  # fmt: skip


def _claim_balance(report: Report, benches: list[Bench]) -> None:
    worst = 0.0
    for one in benches:
        scores = one.balanced.scores(one.paths)
        off = np.abs(scores.mean(axis=0) - 1 / scores.shape[2]).max()
        worst = max(worst, round(float(off * len(scores)), 6))
    report.claim(
        Claim.at_most("Balanced thresholds make labels equally frequent at every layer (largest deviation from 1/C, in "
                      "paths)", measured=worst, ceiling=1.0,
                      note="Paths at a threshold count 1/C. Paths that repeat each other word by word have equal "
                           "probabilities, and several may lie at a threshold.")
    )  # fmt: skip


def _draw(report: Report, curves: dict[str, tuple[Floats, Floats]]) -> None:
    figure = Figure(figsize=(7.4, 3), layout="constrained")
    for axes, (name, (right, wrong)) in zip(
        figure.subplots(1, len(curves), squeeze=False, sharey=True)[0], curves.items(), strict=True
    ):
        depth = np.arange(len(right))
        axes.plot(depth[1:], right[1:], "o-", color="black", ms=3, label="right")
        axes.plot(depth[1:], wrong[1:], "s--", color="0.45", ms=3, label="wrong")
        axes.axhline(0.5, color="0.3", lw=0.8, ls=":")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("layer")
        axes.set_ylabel("agreement with the last layer")
        axes.legend(fontsize=8)
    report.figure("Agreement by layer", figure,
                  "Share of paths on which a layer says what the last one says, for right and wrong answers; the "
                  "dotted line is chance.")  # fmt: skip
