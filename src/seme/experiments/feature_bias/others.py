"""Text and pictures: a feature's place in a transformer's answer, and convolutions with and without shortcuts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import paired
from seme.experiments.feature_bias.measuring import EASY, Condition, ends, measured, measured_parts
from seme.interp.feature_bias import BitFeature, BitTask, Cnn, Ensemble, ImageTask, Sequencer, WordTask
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p06_feature_bias import FeatureBiasSettings

_WIDTH = 32
_FEWEST = 3
"""Networks of which something is claimed."""
_PARTS = {"asking state": slice(0, _WIDTH), "words, mean": slice(_WIDTH, 2 * _WIDTH)}


def add(report: Report, settings: FeatureBiasSettings, context: Context) -> None:
    """Train transformers on words and convolutional networks on pictures."""
    position = _position(report, settings, context)
    pictures = _pictures(report, settings, context)
    _draw(report, position, pictures)


def _position(report: Report, settings: FeatureBiasSettings, context: Context) -> dict[str, Condition]:
    def run(features: list[Any], label: str, most: int) -> dict[str, Condition]:
        bits = BitTask(features, noise=max(0, 8 - sum(one.bits for one in features)))
        task = WordTask(bits)

        def make() -> Ensemble:
            network = lambda: Sequencer(task.vocabulary, bits.width, len(features), width=_WIDTH)  # noqa: E731
            return Ensemble(network, settings.seeds)

        return measured_parts(label, make, task, settings, context, _PARTS, steps=most, rate=2e-3, chunk=50, size=64)

    found = run([EASY, EASY], "position", settings.words)
    first = found["asking state"]
    report.claim(
        Claim.at_least(
            "Of two equal features a transformer shows the one that it says first (share of networks)",
            measured=float((first.gap > 0).mean()),
            floor=0.8,
            spread=ends(first.gap),
            paper_value="earlier in the output, more variance",
            note=f"In the state that asks for the first label, after the last block; the spread is that of "
            f"the difference of shares. In the mean of the words' states it is "
            f"{found['words, mean'].gap.mean():.3f} on average. Lowest accuracy {first.learned:.4f}.",
        )
    )
    kinds = {"two linear": found}
    if not context.quick:
        kinds["XOR, then linear"] = run([BitFeature("parity", 2), EASY], "position, hard first", settings.words * 3)
    rows = [
        [label, part, one.steps, one.learned, *one.mean, *ends(one.gap)]
        for label, kind in kinds.items()
        for part, one in kind.items()
    ]
    columns = [
        "features, as they are said",
        "layer",
        "updates",
        "lowest accuracy",
        "share, first",
        "share, second",
        "lowest gap",
        "highest gap",
    ]
    report.table("Position: transformers on words", columns, rows)
    return found


def _pictures(report: Report, settings: FeatureBiasSettings, context: Context) -> dict[str, Condition]:
    statements = (
        "Without shortcuts a convolutional network shows colour more than shape (difference of shares)",
        "With shortcuts it shows shape more than colour (difference of shares)",
    )
    values = ("colour", "ResNet: shape")
    if settings.pictures == 0:
        for statement, value in zip(statements, values, strict=True):
            report.claim(Claim.not_tested(statement, "--pictures is 0, as in the quick run.", paper_value=value))
        return {}
    task, found = ImageTask(noise=0.05), {}
    for name, residual in context.progress((("plain", False), ("residual", True)), "Pictures"):
        found[name] = measured(
            f"pictures, {name}",
            partial(_networks, settings.seeds, residual=residual),
            task,
            settings,
            context,
            steps=settings.pictures,
            size=64,
            rate=3e-3,
        )
    for (name, one), statement, value in zip(found.items(), statements, values, strict=True):
        if len(one.whole) < _FEWEST:
            why = f"{len(one.whole)} networks learned all features within {one.steps} updates; {_FEWEST} are wanted."
            report.claim(Claim.not_tested(statement, why, paper_value=value))
        else:
            gap = (one.whole[:, 0] - one.whole[:, -1]) * (1 if name == "plain" else -1)
            report.claim(
                paired(
                    statement,
                    gap,
                    paper_value=value,
                    note=f"{len(gap)} networks that learned all features, of {len(one.shares)}, after {one.steps} "
                    "updates.",
                )
            )
    _show_pictures(report, found)
    return found


def _show_pictures(report: Report, found: dict[str, Condition]) -> None:
    rows = [
        [
            name,
            feature,
            one.steps,
            float(one.accuracy[:, column].min()),
            float(one.shares[:, column].mean()),
            *ends(one.shares[:, column]),
        ]
        for name, one in found.items()
        for column, feature in enumerate(one.names)
    ]
    columns = ["network", "feature", "updates", "lowest accuracy", "share", "lowest", "highest"]
    report.table("Pictures: convolutional networks", columns, rows)


def _networks(count: int, *, residual: bool) -> Ensemble:
    return Ensemble(lambda: Cnn(3, residual=residual), count)


def _draw(report: Report, position: dict[str, Condition], pictures: dict[str, Condition]) -> None:
    panels: dict[str, tuple[list[str], Any]] = {
        f"transformer: {name}": (["said first", "said second"], one.shares.T) for name, one in position.items()
    }
    panels |= {f"pictures: {name}": (one.names, one.shares.T) for name, one in pictures.items()}
    figure = Figure(figsize=(2.6 * len(panels), 3.0), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for panel, (title, (labels, values)) in zip(axes, panels.items(), strict=True):
        for place, one in enumerate(values):
            panel.plot(np.full(len(one), place), one, "o", mfc="none", color="0.4", ms=5)
            panel.plot([place - 0.25, place + 0.25], [np.mean(one)] * 2, color="black", lw=2.5)
        panel.set_xticks(range(len(labels)), labels, fontsize=8)
        panel.set_xlim(-0.5, len(labels) - 0.5)
        panel.set_title(title, fontsize=9)
    axes[0].set_ylabel("share of variance")
    report.figure("Text and pictures", figure, "What features explain of the layer; circles are networks, bars means.")
