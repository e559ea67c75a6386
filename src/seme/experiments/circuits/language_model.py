"""The three tasks on a language model: claims, tables and drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seme.assets import load_language_model
from seme.experiment import Context
from seme.experiments.circuits import figures
from seme.experiments.circuits.scoring import ATTRIBUTION, MEAN_DIFFERENCE, VARIANTS
from seme.experiments.circuits.task import TaskResult, measure
from seme.interp.circuits import detection
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p05_circuits import CircuitsSettings

_SHARES = (0.01, 0.02, 0.05, 0.1)
_UNTESTED = (
    "Language model: nodes are found at least as well as by the baselines (ROC AUC against patching)",
    "Language model: without the best tenth of the heads more is lost than without random ones",
    "Language model: scores take a hundredth of the seconds that patching takes",
    "Language model: the whole pipeline takes a twentieth of the seconds that patching takes",
    "Language model: ten prompts for training are enough",
)


def add(report: Report, settings: CircuitsSettings, context: Context) -> None:
    """Measure each task and set the claims beside it."""
    if not settings.tasks:
        for statement in _UNTESTED:
            report.claim(Claim.not_tested(statement, "No task of the language model was asked for: patching is slow."))
        return
    language_model = load_language_model(settings.model, device=context.device)
    results = [
        measure(task, language_model, settings, context, sweep=number == 0)
        for number, task in enumerate(context.progress(settings.tasks, "Tasks of the language model"))
    ]
    _add_tasks(report, results, settings)
    for result in results:
        _add_claims(report, result, settings)
    done = [result for result in results if result.done]
    if done:
        _add_areas(report, done)
        _add_times(report, done, settings)
        _add_checks(report, done)
        _add_drawings(report, done)


def _add_tasks(report: Report, results: Sequence[TaskResult], settings: CircuitsSettings) -> None:
    rows = [
        [one.name, one.tokens, one.right, one.difference, one.broken, int(one.truth.sum()), one.stability]
        for one in results
    ]
    report.table(
        "Can the model do the tasks?",
        [
            "task",
            "tokens of a prompt",
            "right",
            "logit difference, positive",
            "negative",
            "heads in the circuit",
            "Spearman correlation of effects on halves of the pairs",
        ],
        rows,
    )
    report.note(
        f"A head is in the circuit if what it says on the negative prompt, put into the positive one at every token, "
        f"changes the logit difference by {settings.share:.0%} or more, up or down, on the mean of {settings.patched} "
        "pairs. The autoencoder sees the last token alone, as in the paper."
    )


def _add_claims(report: Report, one: TaskResult, settings: CircuitsSettings) -> None:
    if not one.done:
        why = "The model does not do it." if one.difference <= 0 else "All heads or none are in the circuit."
        report.claim(Claim.not_tested(f"{one.name}: the circuit is found", why))
        return
    nodes = one.areas["nodes"]
    for baseline in (MEAN_DIFFERENCE, ATTRIBUTION):
        other = one.areas[baseline][0]
        report.claim(
            Claim.at_least(
                f"{one.name}: nodes are found at least as well as by {baseline} (ROC AUC less that of the baseline)",
                measured=float(np.mean(nodes)) - other,
                floor=0.0,
                spread=(min(nodes) - other, max(nodes) - other),
                paper_value="better than the state of the art",
                note=f"{np.mean(nodes):.3f} against {other:.3f}; {settings.seeds} autoencoders.",
            )
        )
        report.baseline(f"{one.name}: {baseline}", {"ROC AUC": other})
    chance = one.areas["shuffled sides"]
    report.claim(
        Claim.equal(
            f"{one.name}: with shuffled sides nothing is found (ROC AUC of nodes, mean over shuffles)",
            measured=float(np.mean(chance)),
            value=0.5,
            tolerance=0.05,
            spread=(min(chance), max(chance)),
        )
    )
    report.claim(
        Claim.at_least(
            f"{one.name}: without the best tenth of the heads more is lost than in any random draw (share of the logit "
            "difference, less the most of the draws)",
            measured=one.lost["nodes"] - one.lost["random, most"],
            floor=1e-9,
            note=f"{one.lost['nodes']:.3f} against {one.lost['random, most']:.3f} at most and "
            f"{one.lost['random, mean']:.3f} on the mean of {settings.draws} draws; mean ablation.",
        )
    )
    _add_prompts_claim(report, one, settings)


def _add_prompts_claim(report: Report, one: TaskResult, settings: CircuitsSettings) -> None:
    statement = f"{one.name}: few prompts are enough to train on (ROC AUC over that with many)"
    own = next(area for count, area, _ in one.sweeps["training"] if count == settings.training)
    most, area, _ = one.sweeps["training"][-1]
    if most <= settings.training:
        report.claim(Claim.not_tested(statement, "No larger number of prompts was asked for."))
        return
    report.claim(
        Claim.at_least(
            statement,
            measured=own / area,
            floor=0.95,
            paper_value="5 to 10 prompts",
            note=f"{own:.3f} with {settings.training} prompts, {area:.3f} with {most}, in steps of as many "
            "rows; the same seed.",
        )
    )


def _add_areas(report: Report, done: Sequence[TaskResult]) -> None:
    names = [*VARIANTS, MEAN_DIFFERENCE, ATTRIBUTION, "shuffled sides"]
    rows: list[list[Any]] = []
    for one in done:
        for name in names:
            areas = one.areas[name]
            best = detection(one.ranked[name], one.truth) if name in one.ranked else None
            parts = [best.f1, best.precision, best.recall] if best else [None, None, None]
            rows.append([one.name, name, float(np.mean(areas)), min(areas), max(areas), *parts])
    columns = ["task", "ranking", "ROC AUC, mean", "lowest", "highest", "best F1", "precision there", "recall there"]
    report.table("Who finds the circuit", columns, rows)
    report.table("ROC AUC by what counts as the circuit", ["task", "share lost", "heads", *names[:-1]], _by_share(done))


def _by_share(done: Sequence[TaskResult]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for one in done:
        for share in _SHARES:
            truth = np.abs(one.lost_by_head) >= share
            if 0 < truth.sum() < truth.size:
                areas = [detection(one.ranked[name], truth).auc for name in (*VARIANTS, MEAN_DIFFERENCE, ATTRIBUTION)]
                rows.append([one.name, share, int(truth.sum()), *areas])
    return rows


def _add_times(report: Report, done: Sequence[TaskResult], settings: CircuitsSettings) -> None:
    _claim_times(report, done, settings)
    passes = done[0].truth.size + 4
    steps = list(done[0].seconds)
    columns = ["task", *steps, "patching, were it on as many pairs as the scores"]
    rows = [
        [one.name, *one.seconds.values(), one.seconds["patching"] * settings.prompts / settings.patched] for one in done
    ]
    report.table("Time in seconds", columns, rows)
    report.table(
        "Forward passes over prompts",
        ["method", "positive and negative prompts"],
        [
            ["activation patching, each starting at its head's layer", passes * settings.patched],
            ["scores by codes", 2 * settings.prompts],
            [ATTRIBUTION, 4 * settings.patched],
        ],
    )


def _claim_times(report: Report, done: Sequence[TaskResult], settings: CircuitsSettings) -> None:
    def total(*steps: str) -> float:
        return sum(one.seconds[step] for one in done for step in steps)

    patching = total("patching")
    pipeline = total("training", "scoring nodes")
    whole = pipeline + total("activations")
    same = f"Patching on {settings.patched} pairs, scores on {settings.prompts}; a mean over {len(done)} tasks."
    statements = (
        (
            "Scores of nodes take a hundredth of the seconds of patching (given activations and autoencoder)",
            total("scoring nodes"),
            100.0,
            "hours to seconds",
        ),
        (
            "All that the method needs takes a hundredth of the seconds of patching (activations, training, scores)",
            whole,
            100.0,
            "hours to seconds",
        ),
        ("Training and scores take a twentieth of the seconds of patching (given activations)", pipeline, 20.0, ""),
    )
    for statement, seconds, factor, paper in statements:
        report.claim(
            Claim.ratio_at_least(
                statement,
                measured=patching / len(done),
                baseline=seconds / len(done),
                factor=factor,
                paper_value=paper,
                note=same,
            )
        )
    slowest = max(one.seconds["training"] + one.seconds["scoring nodes"] for one in done)
    report.claim(
        Claim.at_most(
            "Training and scores take half a minute (seconds, given activations, the slowest task)",
            measured=slowest,
            ceiling=30.0,
        )
    )


def _add_checks(report: Report, done: Sequence[TaskResult]) -> None:
    tables = (
        (
            (
                "What remains of the logit difference when only some heads say what they say "
                "(the others: mean of negatives)"
            ),
            "heads kept",
            [one.checks for one in done],
        ),
        (
            "What is lost without a tenth of the heads (share of the logit difference)",
            "heads taken away",
            [one.lost for one in done],
        ),
    )
    for name, first, columns in tables:
        rows = [[label, *(column[label] for column in columns)] for label in columns[0]]
        report.table(name, [first, *(one.name for one in done)], rows)
    for argument, label in (("features", "features m"), ("training", "prompts for training")):
        report.table(
            f"Language model: ROC AUC of nodes by {label}",
            ["task", label, "ROC AUC", "unexplained variance"],
            [[one.name, *row] for one in done for row in one.sweeps[argument]],
        )


def _add_drawings(report: Report, done: Sequence[TaskResult]) -> None:
    names = ("nodes", "edges", MEAN_DIFFERENCE, ATTRIBUTION)
    report.figure(
        "ROC curves",
        figures.roc_curves({one.name: {n: (one.ranked[n], one.truth) for n in names} for one in done}),
        "How well heads of the circuit are told from the others, against activation patching; the first autoencoder.",
    )
    report.figure(
        "Heads",
        figures.head_maps({one.name: (one.ranked["nodes"], one.lost_by_head) for one in done}),
        "Left of each pair: how many codes a head has on positive prompts alone. Right: the share of the logit "
        "difference that is lost when the head is patched (blue: it rises).",
    )
