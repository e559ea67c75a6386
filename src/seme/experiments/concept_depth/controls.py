"""What the curves are held against: shuffled labels, words alone, embeddings, no training; and other probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seme.experiment import Context
from seme.experiments.concept_depth.curves import Curve, score
from seme.experiments.concept_depth.recording import Recorder
from seme.experiments.concept_depth.tasks import MAIN, Task
from seme.interp.depth import concept_depth
from seme.interp.probes import LayerScores, Probe, bag_of_words
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

_ERRORS = 3.0


def add(
    report: Report,
    tasks: list[Task],
    recorder: Recorder,
    found: dict[str, Curve],
    settings: ConceptDepthSettings,
    context: Context,
) -> None:
    """Measure every control, claim that shuffled labels are at chance, and show the rest."""
    shuffled = {
        task.name: score(task, found[task.name].states, settings, context, shuffled=True)
        for task in context.progress(tasks, "Shuffled labels")
    }
    _claim_shuffled(report, shuffled)
    rows = []
    for task in tasks:
        curve, scores = found[task.name], found[task.name].scores
        words = float(score(task, bag_of_words(task.texts), settings, context).mean[0])
        none = _untrained(task, recorder, settings, context)
        control = shuffled[task.name]
        report.baseline(
            f"Bag of words, {task.name}", {"accuracy": words, "accuracy of the best layer": curve.depth.peak}
        )
        rows.append(
            [
                task.name,
                curve.depth.peak,
                words,
                float(scores.mean[0]),
                None if none is None else float(none.mean.max()),
                float(control.mean.max()),
                float(scores.selectivity(control)[scores.best]),
            ]
        )
    columns = [
        "task",
        "best layer",
        "bag of words",
        "embedding layer",
        "best layer, untrained",
        "best layer, shuffled labels",
        "selectivity at the best layer",
    ]
    report.table("Accuracy of the controls", columns, rows)
    _add_calibration(report, tasks, found, settings, context)
    if settings.other_probes:
        _add_probes(report, tasks, found, settings, context)


def _claim_shuffled(report: Report, shuffled: dict[str, LayerScores]) -> None:
    # Labels are shuffled anew in every split, so that every answer counts as a draw of its own.
    away = {name: np.abs(scores.mean - 0.5) / (0.5 / np.sqrt(scores.tested.sum())) for name, scores in shuffled.items()}
    worst = max(away, key=lambda name: float(away[name].max()))
    count = sum(len(one) for one in away.values())
    report.claim(
        Claim.at_most(
            "Shuffled labels are at chance at every layer (largest distance from 0.5, in standard errors)",
            measured=float(away[worst].max()),
            ceiling=_ERRORS,
            note=f"At layer {int(away[worst].argmax())} of {worst}, accuracy "
            f"{shuffled[worst].mean[int(away[worst].argmax())]:.3f}; of {count} tests "
            f"{sum(int((one > 2).sum()) for one in away.values())} are beyond two errors.",
        )
    )


def _untrained(task: Task, recorder: Recorder, settings: ConceptDepthSettings, context: Context) -> LayerScores | None:
    if not settings.untrained or task.name not in MAIN:
        return None
    part = task.first(settings.perturbed)
    return score(part, recorder.random(task.name, part.texts), settings, context)


def _add_calibration(
    report: Report, tasks: list[Task], found: dict[str, Curve], settings: ConceptDepthSettings, context: Context
) -> None:
    rows = []
    for task in tasks:
        scores = found[task.name].scores
        best = scores.best
        states = type(found[task.name].states)(found[task.name].states.values[[best]], (scores.names[best],))
        mended = score(task, states, settings, context, probe=Probe(penalty=settings.penalty, calibrated=True))
        rows.append([task.name, best, float(scores.calibration[best].mean()), float(mended.calibration[0].mean())])
    columns = ["task", "layer", "calibration error", "with a temperature"]
    report.table("Expected calibration error at the best layer", columns, rows)


def _add_probes(
    report: Report, tasks: list[Task], found: dict[str, Curve], settings: ConceptDepthSettings, context: Context
) -> None:
    rows = []
    for task in (one for one in tasks if one.name in MAIN):
        states = found[task.name].states
        for label, probe, splits in (
            ("logistic", Probe(penalty=settings.penalty), 2),
            ("logistic, C = 1", Probe(penalty=1.0), 2),
            ("ridge", Probe("ridge", penalty=settings.penalty), 2),
            ("MLP, 64 units", Probe("mlp", hidden=64, most=100, seed=context.seed), 1),
        ):
            real = score(task, states, settings, context, probe=probe, splits=splits)
            control = score(task, states, settings, context, probe=probe, splits=splits, shuffled=True)
            depth = concept_depth(real.mean[1:])
            rows.append(
                [
                    task.name,
                    label,
                    splits,
                    depth.peak,
                    depth.peak_depth,
                    depth.nine_tenths,
                    depth.reached,
                    float(real.selectivity(control)[real.best]),
                ]
            )
    columns = ["task", "probe", "splits", "peak", "depth of peak", "d_90", "d at 0.8", "selectivity"]
    report.table("Other probes on the same recording", columns, rows)
