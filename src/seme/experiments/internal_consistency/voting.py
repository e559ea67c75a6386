"""Second claim: votes that are weighted by internal consistency are right more often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.internal_consistency.bench import DEDUCTION, Bench
from seme.experiments.internal_consistency.measures import Floats, band, pooled, resampled
from seme.experiments.intervals import interval
from seme.interp.consistency import Even, InternalConsistency, LayerWeights, Margin, Soft, vote
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_TIES = 20
_ORDERS = 100
_METHODS = ("SC", "SC+IC", "SC+Δ", "SC+soft", "SC+IC tune", "SC+IC transfer")


def add(report: Report, benches: list[Bench], settings: InternalConsistencySettings, context: Context) -> None:
    """Vote in every way, on every task."""
    rights = {one.name: _rights(one, benches) for one in context.progress(benches, "Voting")}
    accuracies = {
        name: {method: float(values.mean()) for method, values in found.items()} for name, found in rights.items()
    }
    single = {one.name: float(one.correct.mean()) for one in benches}
    greedy = {one.name: _greedy(one) for one in benches}
    at_once = {name: float(right.mean()) for name, right in greedy.items()}
    report.table(
        "Accuracy of votes",
        ["task", "one path", "greedy path", *_METHODS],
        [[name, single[name], at_once[name], *(accuracies[name][method] for method in _METHODS)] for name in rights],
    )
    for method in ("SC", "SC+Δ", "SC+soft"):
        report.baseline(method, {"accuracy": _mean(pooled(benches), {n: a[method] for n, a in accuracies.items()})})
    report.baseline("greedy path", {"accuracy": _mean(pooled(benches), at_once)})
    _claim(report, benches, rights, accuracies, greedy, settings, context)
    _draw(report, benches, settings, context)


def _rights(bench: Bench, benches: list[Bench]) -> dict[str, Floats]:
    """Return how often each question is answered rightly (questions,), over ways to decide ties, by method."""
    consistency = bench.consistency
    tuned = _tuned(bench)
    weights = {
        "SC": Even()(bench.paths),
        "SC+IC": consistency,
        "SC+Δ": Margin(bench.balanced)(bench.paths),
        "SC+soft": Soft(bench.balanced)(bench.paths),
        "SC+IC tune": tuned,
        "SC+IC transfer": _transferred(bench, benches),
    }
    return {name: answered(bench, one) for name, one in weights.items()}


def answered(bench: Bench, weights: npt.ArrayLike) -> Floats:
    """Return the share of ways to decide ties in which each question's vote is right."""
    votes = [vote(bench.paths, weights, predictions=bench.said[:, -1], seed=seed) for seed in range(_TIES)]
    return np.asarray(np.mean([one.answers == bench.truth[one.questions] for one in votes], axis=0), dtype=np.float64)


def _tuned(bench: Bench) -> Floats:
    """Return IC with layer weights learned on the other half of the questions, for either half."""
    half = bench.paths.questions % 2 == 0
    found = bench.consistency.copy()
    for here in (half, ~half):
        right = bench.correct[~here]
        if 0 < right.sum() < len(right):
            whole = InternalConsistency(bench.balanced)
            weights = LayerWeights().fit(bench.paths.select(~here), right, whole).weights_
            found[here] = InternalConsistency(bench.balanced, weights=weights)(bench.paths)[here]
    return found


def _transferred(bench: Bench, benches: Sequence[Bench]) -> Floats:
    """Return IC with the mean of the layer weights learned on the other tasks of models with as many layers."""
    others = [
        one
        for one in benches
        if one is not bench and one.said.shape[1] == bench.said.shape[1] and 0 < one.correct.mean() < 1
    ]
    if not others:
        return bench.consistency
    learned = [LayerWeights().fit(one.paths, one.correct, InternalConsistency(one.balanced)).weights_ for one in others]
    return InternalConsistency(bench.balanced, weights=np.mean(learned, axis=0))(bench.paths)


def _greedy(bench: Bench) -> Floats:
    """Return whether the greedy path answers rightly, for each question that has one (questions,)."""
    said = bench.balanced.predict(bench.greedy)[:, -1]
    return np.asarray(said == bench.truth[bench.greedy.questions], dtype=np.float64)


def _beside_greedy(bench: Bench, right: Floats, greedy: Floats) -> Floats:
    """Return by how much votes are more often right than the greedy path, for each question that has both."""
    voted = np.unique(bench.paths.questions)
    _, here, there = np.intersect1d(voted, bench.greedy.questions, return_indices=True)
    return right[here] - greedy[there]


def _mean(tasks: dict[str, list[Bench]], values: dict[str, float]) -> float:
    """Return the mean over tasks, of the mean over a task's models."""
    return float(np.mean([np.mean([values[one.name] for one in found]) for found in tasks.values()]))


def _claim(
    report: Report,
    benches: list[Bench],
    rights: dict[str, dict[str, Floats]],
    accuracies: dict[str, dict[str, float]],
    greedy: dict[str, Floats],
    settings: InternalConsistencySettings,
    context: Context,
) -> None:
    tasks = pooled(benches)
    _claim_votes(report, tasks, rights, accuracies, settings, context)
    to_greedy = [
        [_beside_greedy(one, rights[one.name]["SC+IC"], greedy[one.name]) for one in found] for found in tasks.values()
    ]
    gain = float(np.mean([np.mean([task.mean() for task in found]) for found in to_greedy]))
    report.claim(
        clearly_above(
            "Weighted by internal consistency, votes are more often right than the greedy path",
            gain,
            interval(_resampled(to_greedy, settings.resamples, context.rng("greedy"))),
            note="Questions are resampled, paired.",
        )
    )


def _claim_votes(
    report: Report,
    tasks: dict[str, list[Bench]],
    rights: dict[str, dict[str, Floats]],
    accuracies: dict[str, dict[str, float]],
    settings: InternalConsistencySettings,
    context: Context,
) -> None:
    """Compare weighted votes with plain ones: on the worst task, and on average."""
    by_task = {
        task: float(np.mean([accuracies[one.name]["SC+IC"] - accuracies[one.name]["SC"] for one in found]))
        for task, found in tasks.items()
    }
    to_votes = [[rights[one.name]["SC+IC"] - rights[one.name]["SC"] for one in found] for found in tasks.values()]
    drawn = _resampled(to_votes, settings.resamples, context.rng("votes"))
    worst = min(by_task, key=by_task.__getitem__)
    report.claim(
        Claim.at_least(
            "Weighted by internal consistency, votes are not less often right on any task (difference in "
            "accuracy to SC, worst task)",
            measured=by_task[worst],
            floor=-0.005,
            spread=(min(by_task.values()), max(by_task.values())),
            note="; ".join(f"{task} {gain:+.4f}" for task, gain in by_task.items()),
        )
    )
    sums = {method: _mean(tasks, {n: a[method] for n, a in accuracies.items()}) for method in _METHODS}
    gained = interval(drawn)
    report.claim(
        Claim.at_least(
            "Weighted by internal consistency, votes are right more often on average over tasks (lower end "
            "of the 95 % interval of the difference in accuracy to SC)",
            measured=gained[0],
            floor=0.0,
            spread=gained,
            paper_value="a significant boost, about 2 to 5 points",
            note=f"SC {sums['SC']:.4f}, SC+IC {sums['SC+IC']:.4f}; questions are resampled, paired.",
        )
    )


def _resampled(gains: list[list[Floats]], count: int, rng: np.random.Generator) -> Floats:
    """Return the mean over tasks, of the mean over a task's models, over samples of the questions (count,)."""
    return np.array(
        [
            np.mean([np.mean([rng.choice(gain, len(gain)).mean() for gain in task]) for task in gains])
            for _ in range(count)
        ]
    )


def _draw(report: Report, benches: list[Bench], settings: InternalConsistencySettings, context: Context) -> None:
    """Draw accuracy against the number of paths, over random orders."""
    groups = {
        "language model": [one for one in benches if one.family != DEDUCTION],
        "deduction from scratch": [one for one in benches if one.family == DEDUCTION],
    }
    shown = {name: found for name, found in groups.items() if found}
    figure = Figure(figsize=(7.4, 3), layout="constrained")
    for axes, (name, found) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown.items(), strict=True):
        most = min(int(np.bincount(one.paths.questions).max()) for one in found)
        counts = np.arange(1, most + 1)
        for method, style, color, shade in (("SC", "o--", "0.45", "0.9"), ("SC+IC", "s-", "black", "0.75")):
            curves = [_by_count(one, method, counts, context) for one in found]
            drawn = [
                resampled(curve, np.arange(len(curve)), settings.resamples, context.rng("curve", one.name))
                for one, curve in zip(found, curves, strict=True)
            ]
            axes.fill_between(counts, *band(np.mean(drawn, axis=0)), color=shade, alpha=0.6, lw=0)
            axes.plot(counts, np.mean([curve.mean(0) for curve in curves], 0), style, color=color, ms=4, label=method)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("paths of a question")
        axes.set_ylabel("accuracy")
        axes.legend(fontsize=8)
    report.figure(
        "Accuracy by number of paths",
        figure,
        f"Accuracy of votes over the first paths of a question, mean over {_ORDERS} random orders of them "
        "and over tasks; ties count half. Bands are 95 % intervals over resampled questions.",
    )


def _by_count(bench: Bench, method: str, counts: npt.NDArray[np.int64], context: Context) -> Floats:
    """Return how often each question's vote is right (questions, counts)."""
    weights = bench.consistency if method == "SC+IC" else np.ones(len(bench.consistency))
    signed = np.where(bench.correct, weights, -weights)  # of two labels
    groups = [np.flatnonzero(bench.paths.questions == one) for one in np.unique(bench.paths.questions)]
    rng = context.rng("orders", bench.name)
    totals = np.zeros((len(groups), len(counts)))
    for _ in range(_ORDERS):
        for place, group in enumerate(groups):
            leads = np.cumsum(signed[rng.permutation(group)])
            leads = leads[np.minimum(counts, len(group)) - 1]
            totals[place] += np.where(np.abs(leads) < 1e-12, 0.5, leads > 0)
    return totals / _ORDERS
