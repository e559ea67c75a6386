"""An easy and a hard feature learned together, and each alone: the measurement that all else stands beside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import paired, unpaired
from seme.experiments.feature_bias.measuring import (
    EASY,
    Condition,
    bits,
    defaults,
    ends,
    hard,
    looked,
    mlp,
    shares,
)
from seme.experiments.keeping import kept
from seme.interp.feature_bias import (
    Ensemble,
    Represented,
    component_accuracy,
    downstream_agreement,
    flip_thresholds,
    representational_similarity,
    train,
    unit_density,
    variance_explained,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p06_feature_bias import FeatureBiasSettings

_COMPONENTS = (1, 2, 4, 8, 16)
_COMPARED = 256
"""Samples between which distances are compared."""


def add(report: Report, settings: FeatureBiasSettings, context: Context) -> dict[str, Any]:
    """Train on both, on the hard one first, and on each alone; return what was measured."""

    def run() -> dict[str, Any]:
        return _measure(settings, context)

    found = kept(context.cache, ("feature-bias-joint", 2, context.seed, settings.model_dump_json()), run)
    both = Condition(found["both"])
    _claim(report, both, found, settings)
    _draw(report, found)
    return found


def _measure(settings: FeatureBiasSettings, context: Context) -> dict[str, Any]:
    task = bits(settings, [EASY, hard(settings)])
    curve: list[tuple[int, list[Represented]]] = []

    def watch(steps: int, model: Ensemble) -> None:
        curve.append((steps, looked(model, task, settings)))

    trained, recipe = {}, defaults(settings)
    model = mlp(settings, task)
    curve.append((0, looked(model, task, settings)))
    untrained = shares(curve[0][1])
    stages = (("both", None), ("easy", (1.0, 0.0)), ("hard", (0.0, 1.0)))
    for name, prevalence in context.progress(stages, "Easy and hard"):
        one = model if name == "both" else mlp(settings, task, seed=1)
        follow = watch if name == "both" else None
        steps = train(one, task, recipe, seed=context.seed, prevalence=prevalence, watch=follow).steps
        trained[name] = (looked(one, task, settings), steps)
        if name == "both":
            readout = model.readout()
        if name == "hard":
            more = train(one, task, recipe, seed=context.seed + 1).steps
            trained["hard first"] = (looked(one, task, settings), steps + more)
    other = mlp(settings, task, seed=2)
    train(other, task, recipe, seed=context.seed + 2, prevalence=(0.0, 1.0))
    layers = {name: part[0][1].hidden for name, part in trained.items()}
    layers["hard, again"] = looked(other, task, settings)[1].hidden
    both = trained["both"][0]
    totals = [_total(both, member) for member in range(settings.seeds)]
    return {
        **{name: _plain(part, steps, list(task.names)) for name, (part, steps) in trained.items()},
        "untrained": untrained.tolist(),
        "shuffled": _shuffled(both, context).tolist(),
        "curve": [[steps, shares(part, scale=totals).tolist()] for steps, part in curve],
        "total": totals,
        "parts": _parts(both, task.features[0].bits, task.features[1].bits),
        "by sample": _by_sample(both),
        **_consequences(both, readout, context.seed),
        "similarity": _similarities(layers, settings.seeds),
    }


def _plain(part: list[Represented], steps: int, names: list[str]) -> dict[str, Any]:
    return {
        "names": names,
        "shares": shares(part).tolist(),
        "accuracy": part[1].accuracy.tolist(),
        "steps": steps,
    }


def _total(part: list[Represented], member: int) -> float:
    fit, test = part
    return variance_explained((fit.hidden[member], fit.labels), (test.hidden[member], test.labels)).total


def _by_sample(part: list[Represented]) -> list[list[float]]:
    fit, test = part
    return [
        variance_explained((fit.hidden[member], fit.labels), (test.hidden[member], test.labels)).by_sample.tolist()
        for member in range(len(fit.hidden))
    ]


def _parts(part: list[Represented], easy: int, bits: int) -> dict[str, list[float]]:
    """Return what the bits explain that the hard feature is made of, alone and together, and what noise explains."""
    fit, test = part
    own, noise = slice(easy, easy + bits), slice(easy + bits, None)

    def explained(member: int, which: slice) -> Any:
        pair = [(one.hidden[member], one.inputs[:, which]) for one in (fit, test)]
        return variance_explained(pair[0], pair[1], most_correlation=0.2)

    members = range(len(fit.hidden))
    mine = [explained(member, own) for member in members]
    rest = [explained(member, noise) for member in members] if fit.inputs.shape[1] > easy + bits else []
    return {
        "one of its bits": [float(one.features.mean()) for one in mine],
        "its bits together": [one.together for one in mine],
        "a bit of noise": [float(one.features.mean()) for one in rest],
    }


def _shuffled(part: list[Represented], context: Context) -> np.ndarray:
    rng = context.rng("shuffled")
    mixed = [replace(one, labels=rng.permutation(one.labels[:, :1])) for one in part]
    return shares(mixed)


def _consequences(part: list[Represented], readout: Any, seed: int) -> dict[str, Any]:
    """Return flips, components, downstream choices and densities of the networks that learned both."""
    fit, test = part
    weights, biases = (one.double().cpu().numpy() for one in readout)
    found: dict[str, Any] = {name: [] for name in ("push", "factor", "crossed", "components", "downstream", "density")}
    counts = [one for one in _COMPONENTS if one <= fit.hidden.shape[2]]
    for member in range(len(fit.hidden)):
        layer = test.hidden[member]

        def read(x: np.ndarray, w: Any = weights[member], b: Any = biases[member]) -> np.ndarray:
            said: np.ndarray = x @ w.T + b
            return said

        flips = flip_thresholds(read, layer[:1024], test.labels[:1024])
        for name in ("push", "factor", "crossed"):
            found[name].append([min(1e6, float(one)) for one in getattr(flips, name)])
        seen, unseen = ((one.hidden[member][:1024], one.labels[:1024]) for one in part)
        found["components"].append(component_accuracy(seen, unseen, counts).tolist())
        found["downstream"].append(downstream_agreement(layer, test.labels, seed=seed))
        units = variance_explained((fit.hidden[member], fit.labels), (layer, test.labels)).units
        densities = [unit_density(one) for one in units]
        found["density"].append([[one.share, one.participation] for one in densities])
    return {**found, "counts": counts}


def _similarities(layers: dict[str, np.ndarray], members: int) -> dict[str, list[float]]:
    pairs = (("both", "easy"), ("both", "hard"), ("hard", "hard, again"), ("easy", "hard"))
    return {
        f"{a} · {b}": [
            representational_similarity(layers[a][member, :_COMPARED], layers[b][member, :_COMPARED])
            for member in range(members)
        ]
        for a, b in pairs
    }


def _claim(report: Report, both: Condition, found: dict[str, Any], settings: FeatureBiasSettings) -> None:
    easy, hard_share = both.shares[:, 0], both.shares[:, 1]
    ratios = easy / np.maximum(hard_share, 1e-6)
    report.claim(
        Claim.ratio_at_least(
            f"The easy feature explains several times what the hard one does ({both.names[1]})",
            measured=float(easy.mean()),
            baseline=max(1e-6, float(hard_share.mean())),
            factor=3.0,
            spread=ends(ratios),
            paper_value="about 55 % and 5 %",
            note=f"Mean shares over {settings.seeds} networks; the spread is that of single networks. "
            f"Lowest accuracy {both.learned:.4f} after {both.steps} updates.",
        )
    )
    report.claim(
        Claim.at_least(
            "The easy feature explains more in every network (smallest difference of shares)",
            measured=float(both.gap.min()),
            floor=0.0,
            spread=ends(both.gap),
        )
    )
    first = Condition(found["hard first"])
    report.claim(
        unpaired(
            "Learning the hard feature first narrows the gap (gap when learned together less gap hard first)",
            both.gap,
            first.gap,
            paper_value="narrows",
            note=f"Gap: share of easy less hard, {both.gap.mean():.3f} and {first.gap.mean():.3f}. Lowest "
            f"accuracy {first.learned:.4f} after {first.steps} updates in all.",
        )
    )
    report.claim(
        paired(
            "Even then the easy feature explains at least as much (share of easy less hard)",
            first.gap,
            paper_value="does not close the gap",
        )
    )
    _claim_chance(report, found, both.names)
    _add_tables(report, found, both.names)


def _add_tables(report: Report, found: dict[str, Any], names: list[str]) -> None:
    rows: list[list[Any]] = []
    for label in ("both", "hard first", "easy", "hard"):
        one = Condition(found[label])
        low, high = ends(one.gap)
        rows.append([label, one.steps, *one.accuracy.min(axis=0).tolist(), *one.mean, float(one.gap.mean()), low, high])
    columns = [
        "trained on",
        "updates",
        *(f"lowest accuracy, {one}" for one in names),
        *(f"share, {one}" for one in names),
        "gap",
        "lowest gap",
        "highest gap",
    ]
    report.table("An easy and a hard feature", columns, rows)
    shares = Condition(found["both"]).shares
    rows = [[name, float(shares[:, column].mean()), *ends(shares[:, column])] for column, name in enumerate(names)]
    rows += [[name, float(np.mean(one)), *ends(one)] for name, one in found["parts"].items() if one]
    whole = np.array(found["by sample"])
    rows += [
        [f"{name}, mean of the samples' shares", float(whole[:, column].mean()), *ends(whole[:, column])]
        for column, name in enumerate(names)
    ]
    report.table("What the bits of the hard feature explain beside it", ["feature", "share", "lowest", "highest"], rows)


def _claim_chance(report: Report, found: dict[str, Any], names: list[str]) -> None:
    shuffled = np.array(found["shuffled"])
    report.claim(
        Claim.equal(
            "A feature that is shuffled explains nothing (mean share)",
            measured=float(shuffled.mean()),
            value=0.0,
            tolerance=0.01,
            spread=ends(shuffled),
        )
    )
    untrained = np.array(found["untrained"])
    for column, name in enumerate(names):
        report.baseline(f"Untrained network, {name}", {"share of variance": float(untrained[:, column].mean())})
    report.baseline("A shuffled feature", {"share of variance": float(shuffled.mean())})


def _draw(report: Report, found: dict[str, Any]) -> None:
    names = Condition(found["both"]).names
    figure = Figure(figsize=(8.4, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
    steps = [one[0] for one in found["curve"]]
    values = np.stack([np.array(one[1]) for one in found["curve"]])
    for column, (name, style) in enumerate(zip(names, ("-o", "--s"), strict=True)):
        line = left.plot(steps, values[:, :, column].mean(axis=1), style, ms=4, label=name)[0]
        low, high = values[:, :, column].min(axis=1), values[:, :, column].max(axis=1)
        left.fill_between(steps, low, high, alpha=0.2, color=line.get_color(), lw=0)
    left.set(xlabel="updates", ylabel="share of the final layer's variance", title="learned together")
    left.legend(fontsize=8)
    shown = ("both", "hard first")
    for column, (name, hatch) in enumerate(zip(names, ("", "//"), strict=True)):
        part = np.stack([np.array(found[one]["shares"])[:, column] for one in shown])
        middle = part.mean(axis=1)
        error = np.abs(np.stack([part.min(axis=1), part.max(axis=1)]) - middle)
        right.bar(
            np.arange(2) + 0.36 * column,
            middle,
            0.34,
            yerr=error,
            capsize=3,
            hatch=hatch,
            label=name,
            color=("0.35", "0.75")[column],
            edgecolor="black",
        )
    right.set_xticks(np.arange(2) + 0.18, ["together", "hard first"])
    right.set_ylabel("share of variance")
    right.legend(fontsize=8)
    report.figure(
        "Easy and hard",
        figure,
        "What an easy and a hard feature explain of the last hidden layer: along training, in shares of the final "
        "layer's variance, and at its end (bands and bars: lowest and highest network).",
    )
