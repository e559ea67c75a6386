"""Manipulations of what does not matter for the computation: complexity, prevalence, depth, width, optimiser."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.clear import clearly_above, unpaired
from seme.experiments.feature_bias.measuring import EASY, LEARNED, Condition, bits, ends, hard, measured, mlp
from seme.experiments.intervals import difference_interval, mean_interval, rank_interval
from seme.interp.feature_bias import BitFeature
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p06_feature_bias import FeatureBiasSettings

_FEWEST = 3
"""Networks of which something is claimed."""


def add(report: Report, found: dict[str, Any], settings: FeatureBiasSettings, context: Context) -> None:
    """Train under each manipulation, and claim what the paper says of it."""
    complexity = _complexity(report, settings, context)
    prevalence = _prevalence(report, settings, context)
    depth = _depth(report, Condition(found["both"]), settings, context)
    _variants(report, Condition(found["both"]), settings, context)
    _draw(report, complexity, prevalence, depth)


def _complexity(report: Report, settings: FeatureBiasSettings, context: Context) -> Condition:
    features = [EASY, BitFeature("or", 2), BitFeature("parity", 2), BitFeature("parity", max(3, settings.parity))]
    task = bits(settings, features)
    one = measured("complexity", lambda: mlp(settings, task), task, settings, context)
    _claim_complexity(report, one)
    rows = [
        [name, *ends(one.accuracy[:, column]), float(one.shares[:, column].mean()), *ends(one.shares[:, column])]
        for column, name in enumerate(one.names)
    ]
    columns = ["feature", "lowest accuracy", "highest accuracy", "share", "lowest", "highest"]
    report.table("Complexity: four features in one network", columns, rows)
    return one


def _claim_complexity(report: Report, one: Condition) -> None:
    """Claim the order of the features over the networks that have learned all: others show what they cannot do."""
    statement = "The more complex a feature, the less it explains (Spearman over features and networks)"
    whole = one.whole
    if len(whole) < _FEWEST:
        why = f"{len(whole)} networks learned all four features within {one.steps} updates, and {_FEWEST} are wanted."
        report.claim(Claim.not_tested(statement, why))
        return
    ranks = np.tile(np.arange(len(one.names)), (len(whole), 1))
    report.claim(
        Claim.at_most(
            statement,
            measured=float(spearmanr(ranks.ravel(), whole.ravel()).statistic),
            ceiling=-0.8,
            spread=ends([spearmanr(range(len(one.names)), row).statistic for row in whole]),
            note=f"{', '.join(one.names)}, all in one network; {len(whole)} networks that learned all, of "
            f"{len(one.shares)}, after {one.steps} updates. The spread is that of single networks.",
        )
    )


def _prevalence(report: Report, settings: FeatureBiasSettings, context: Context) -> dict[float, Condition]:
    task, found = bits(settings, [EASY, EASY]), {}
    for share in context.progress(settings.prevalences, "Prevalence"):
        found[share] = measured(
            f"prevalence {share}", lambda: mlp(settings, task), task, settings, context, prevalence=(1.0, share)
        )
    for share, one in found.items():
        if share < 1:
            report.claim(
                clearly_above(
                    f"Of two equally easy features the rarer explains less (difference of shares, labels in "
                    f"{share:g} of the samples)",
                    float(one.gap.mean()),
                    mean_interval(one.gap),
                )
            )
    shares = np.concatenate([one.shares[:, 1] for one in found.values()])
    rho, spread = rank_interval(np.repeat(list(found), settings.seeds), shares)
    report.claim(
        clearly_above("A feature explains more the more often it has a label (Spearman over networks)", rho, spread)
    )
    rows = [[share, one.steps, one.learned, *one.mean, *ends(one.gap)] for share, one in found.items()]
    columns = [
        "labels of the second",
        "updates",
        "lowest accuracy",
        "share, first",
        "share, second",
        "lowest gap",
        "highest gap",
    ]
    report.table("Prevalence: two linear features", columns, rows)
    return found


def _depth(report: Report, both: Condition, settings: FeatureBiasSettings, context: Context) -> dict[int, Condition]:
    task, found = bits(settings, [EASY, hard(settings)]), {}
    for depth in context.progress(settings.depths, "Depth"):
        if depth == len(settings.widths):
            found[depth] = both
            continue
        # All have as wide a last layer: the first layers are those of the settings, and more of the last follow.
        last = settings.widths[-1]
        widths = [*[*settings.widths, *[last] * depth][: depth - 1], last]
        make = partial(mlp, settings, task, widths=widths)
        found[depth] = measured(f"depth {depth}", make, task, settings, context)
    learned = {depth: one for depth, one in found.items() if one.learned >= LEARNED}
    if len(learned) >= 2:
        shallow, *_, deep = learned
        report.claim(
            Claim.ordered(
                "The gap does not shrink with depth (share of easy less hard, mean)",
                {f"{depth} layers": float(one.gap.mean()) for depth, one in learned.items()},
                strict=False,
                paper_value="deeper: larger gap",
                note="Depths at which all networks learned both features in 99 % of the samples.",
            )
        )
        report.claim(
            unpaired(
                f"The gap is larger with {deep} layers than with {shallow}",
                learned[deep].gap,
                learned[shallow].gap,
                paper_value="deeper: larger gap",
            )
        )
    else:
        why = "Fewer than two depths learned both features within the updates allowed (--steps)."
        report.claim(Claim.not_tested("The gap does not shrink with depth", why, paper_value="deeper: larger gap"))
    rows = [
        [depth, one.steps, one.learned, *one.mean, float(one.gap.mean()), *ends(one.gap)]
        for depth, one in found.items()
    ]
    columns = ["hidden layers", "updates", "lowest accuracy", "share, easy", "share, hard", "gap", "lowest", "highest"]
    report.table("Depth", columns, rows)
    return found


def _variants(report: Report, both: Condition, settings: FeatureBiasSettings, context: Context) -> None:
    task = bits(settings, [EASY, hard(settings)])
    narrow = [max(8, width // 2) for width in settings.widths]
    kinds: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "half as wide": ({"widths": narrow}, {}),
        "dropout 0.1": ({"dropout": 0.1}, {}),
        "a third of the rate": ({}, {"rate": settings.rate / 3}),
        "AdamW, decay 0.1": ({}, {"optimiser": "adamw", "weight_decay": 0.1}),
        "SGD with momentum": ({}, {"optimiser": "sgd", "rate": 0.05}),
    }
    if context.quick:
        kinds = {"dropout 0.1": kinds["dropout 0.1"]}
    found = {"as above": both}
    for name in context.progress(kinds, "Variants"):
        network, training = kinds[name]
        found[name] = measured(name, partial(mlp, settings, task, **network), task, settings, context, **training)
    rows = []
    for name, one in found.items():
        gap = one.whole[:, 0] - one.whole[:, -1]
        shown = [*one.whole.mean(axis=0).tolist(), float(gap.mean()), *ends(gap)] if len(gap) else [None] * 5
        rows.append([name, one.steps, len(gap), *shown])
    columns = ["network", "updates", "learned both", "share, easy", "share, hard", "gap", "lowest", "highest"]
    report.table("Width, dropout and optimiser: networks that learned both", columns, rows)
    if "half as wide" in found:
        change = found["half as wide"].gap.mean() - both.gap.mean()
        low, high = difference_interval(found["half as wide"].gap, both.gap)
        report.claim(
            Claim.at_most(
                "Width has little effect (change of the gap at half the width, farther end of the 95 % interval)",
                measured=max(abs(low), abs(high)),
                ceiling=0.1,
                spread=(low, high),
                paper_value="little effect",
                note=f"Mean change {change:.3f}.",
            )
        )


def _draw(
    report: Report, complexity: Condition, prevalence: dict[float, Condition], depth: dict[int, Condition]
) -> None:
    figure = Figure(figsize=(10.2, 3.2), layout="constrained")
    axes = figure.subplots(1, 3)
    _points(axes[0], complexity.names, complexity.shares.T, "complexity")
    axes[0].set_ylabel("share of variance")
    _points(
        axes[1],
        [f"{share:g}" for share in prevalence],
        [one.shares[:, 1] for one in prevalence.values()],
        "prevalence of the feature",
    )
    _points(axes[2], [str(one) for one in depth], [one.gap for one in depth.values()], "hidden layers")
    axes[2].set_ylabel("share of easy less hard")
    axes[2].axhline(0, color="0.6", lw=0.8)
    report.figure(
        "Manipulations",
        figure,
        "What a feature explains by its complexity (four in one network) and by how often it has a label, and the gap "
        "between easy and hard by depth. Circles are networks, bars their means.",
    )


def _points(axes: Any, labels: list[str], values: Any, title: str) -> None:
    for place, one in enumerate(values):
        axes.plot(np.full(len(one), place), one, "o", mfc="none", color="0.4", ms=5)
        axes.plot([place - 0.25, place + 0.25], [np.mean(one)] * 2, color="black", lw=2.5)
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_title(title, fontsize=10)
