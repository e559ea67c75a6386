"""What the bias does to analyses of the layer: flips, classifiers, principal components, similarities of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.clear import paired, unpaired
from seme.experiments.feature_bias.measuring import Condition, Shares, ends
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p06_feature_bias import FeatureBiasSettings


def add(report: Report, found: dict[str, Any], settings: FeatureBiasSettings) -> None:
    """Add what follows from the networks that learned both features."""
    names = Condition(found["both"]).names
    push, crossed = np.array(found["push"]), np.array(found["crossed"])
    report.claim(
        paired(
            "The hard feature flips under a smaller push than the easy one (length for easy less hard)",
            push[:, 0] - push[:, 1],
            note=f"Along the difference of means, far enough to flip half of the samples: {push[:, 1].mean():.2f} "
            f"for hard, {push[:, 0].mean():.2f} for easy; larger for easy in {(push[:, 0] > push[:, 1]).sum()} "
            f"of {len(push)} networks.",
        )
    )
    report.claim(
        Claim.at_most(
            "Such a push leaves the other feature alone (share that flips, worst network)",
            measured=float(np.minimum(crossed, 1).max()),
            ceiling=0.05,
        )
    )
    chosen = np.array(found["downstream"])
    report.claim(
        Claim.at_least(
            "A classifier trained where both agree follows the easy feature where they differ (share)",
            measured=float(chosen.mean()),
            floor=0.8,
            spread=ends(chosen),
            note="0.5 would be no preference. Half of the samples are held out by construction: those in "
            "which the features differ.",
        )
    )
    _claim_similarity(report, found)
    components, density = np.array(found["components"]), np.array(found["density"])
    _claim_room(report, components, density)
    _add_tables(report, found, names, density, settings)
    _draw(report, found, names, components)


def _claim_room(report: Report, components: Shares, density: Shares) -> None:
    """Claim how much room the easy feature takes: in the first component, and over units."""
    few = components[:, 0]
    report.claim(
        paired(
            "The first principal component says the easy feature better than the hard one (accuracy)",
            few[:, 0] - few[:, 1],
            note=f"Easy {few[:, 0].mean():.3f}, hard {few[:, 1].mean():.3f}.",
        )
    )
    report.claim(
        paired(
            "The easy feature is spread over more units (share of units of which it explains over 5 %)",
            density[:, 0, 0] - density[:, 1, 0],
            note=f"Easy {density[:, 0, 0].mean():.3f}, hard {density[:, 1, 0].mean():.3f}.",
        )
    )


def _claim_similarity(report: Report, found: dict[str, Any]) -> None:
    similar = {name: np.array(one) for name, one in found["similarity"].items()}
    easy, hard, again = (similar[one] for one in ("both · easy", "both · hard", "hard · hard, again"))
    report.claim(
        paired(
            "Who learned both is more like who learned the easy feature than who learned the hard one (RSA)",
            easy - hard,
            note=f"{easy.mean():.3f} and {hard.mean():.3f}.",
        )
    )
    report.claim(
        unpaired(
            "Two that learned the hard feature alone are less alike than both and easy are (RSA)",
            easy,
            again,
            paper_value="may be less alike than either is to a simpler task's model",
            note=f"{again.mean():.3f} and {easy.mean():.3f}.",
        )
    )


def _add_tables(
    report: Report, found: dict[str, Any], names: list[str], density: np.ndarray, settings: FeatureBiasSettings
) -> None:
    rows = [
        [
            name,
            float(np.mean(np.array(found["push"])[:, column])),
            float(np.mean(np.array(found["factor"])[:, column])),
            float(density[:, column, 0].mean()),
            float(density[:, column, 1].mean()),
        ]
        for column, name in enumerate(names)
    ]
    columns = [
        "feature",
        "push that flips half",
        "in differences of means",
        "share of units over 5 %",
        "units, participation ratio",
    ]
    report.table(f"Pushes and units (mean of {settings.seeds} networks)", columns, rows)
    rows = [[name, float(np.mean(one)), *ends(one)] for name, one in found["similarity"].items()]
    report.table("Similarity of networks (RSA, Pearson)", ["networks", "mean", "lowest", "highest"], rows)


def _draw(report: Report, found: dict[str, Any], names: list[str], components: np.ndarray) -> None:
    figure = Figure(figsize=(8.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for column, (name, style) in enumerate(zip(names, ("-o", "--s"), strict=True)):
        part = components[:, :, column]
        line = left.plot(found["counts"], part.mean(axis=0), style, ms=4, label=name)[0]
        left.fill_between(found["counts"], part.min(axis=0), part.max(axis=0), alpha=0.2, color=line.get_color(), lw=0)
    left.axhline(0.5, color="0.6", lw=0.8)
    left.set(xscale="log", xlabel="principal components", ylabel="accuracy of a linear reading")
    left.set_xticks(found["counts"], [str(one) for one in found["counts"]])
    left.minorticks_off()
    left.legend(fontsize=8)
    labels = list(found["similarity"])
    values = [np.array(found["similarity"][one]) for one in labels]
    middle = np.array([one.mean() for one in values])
    error = np.abs(np.array([ends(one) for one in values]).T - middle)
    right.barh(range(len(labels)), middle, xerr=error, capsize=3, color="0.7", edgecolor="black")
    right.set_yticks(range(len(labels)), labels)
    right.set_xlabel("correlation of distances (RSA)")
    report.figure(
        "Analyses",
        figure,
        "Left: each feature read from the first principal components of the layer. Right: how alike networks look that "
        "learned the named features (lowest and highest pair of networks).",
    )
