"""The model asked outright in several wordings, yes or no, beside the probe of its last layer on the same texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.concept_depth.curves import Curve, score
from seme.experiments.concept_depth.recording import Recorder
from seme.experiments.concept_depth.tasks import Task
from seme.experiments.intervals import interval
from seme.interp.depth import NO, YES
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

_QUESTIONS = {
    "sentiment": ("Does this praise something?", "Is the speaker pleased?", "Is this a favourable opinion?"),
    "continents": ("Is this true?", "Is this statement correct?", "Would an atlas agree?"),
    "coin": ("Is the coin still heads up?", "Does the coin show heads now?", "Is heads on top at the end?"),
}
"""Wordings by task."""


def add(
    report: Report,
    tasks: list[Task],
    recorder: Recorder,
    found: dict[str, Curve],
    settings: ConceptDepthSettings,
    context: Context,
) -> None:
    """Compare the summed probability of yes, Yes, YES with that of no, No, NO, and what a probe reads."""
    if unknown := [name for name in settings.asked_tasks if name not in _QUESTIONS]:
        raise InputError(f"--asked-tasks {', '.join(unknown)}: there is no question", hint=", ".join(_QUESTIONS))
    asked, rows, gaps, drawn = [], [], [], []
    for task in (one for one in tasks if one.name in settings.asked_tasks):
        part = task.first(settings.asked)
        said, answered = _said(part, recorder)
        asked += answered
        scores = score(part, found[task.name].states.take(range(len(part.texts))), settings, context)
        share = scores.right[-1] / np.maximum(scores.tested, 1)
        samples = _samples(share - said, scores.tested, scores.groups, settings, context)
        gap = float(((share - said) * scores.tested).sum() / scores.tested.sum())
        gaps.append(gap)
        drawn.append(samples)
        low, high = interval(samples)
        rows.append([task.name, len(said), float(said.mean()), float(scores.mean[-1]), gap, f"{low:.3f} to {high:.3f}"])
        report.baseline(f"Asked outright, {task.name}", {"accuracy": float(said.mean())})
    if not rows:
        report.notes.append("The model was asked nothing: none of --asked-tasks is among --tasks.")
        return
    report.claim(
        clearly_above(
            "A probe of the last layer reads what the model does not say (accuracy, probe less zero-shot "
            "answer, mean over tasks)",
            float(np.mean(gaps)),
            interval(np.mean(drawn, axis=0)),
            paper_value="anchoring, in the later version",
            note="The answer is the more probable of yes, Yes, YES and no, No, NO; it is taken as it is or "
            "cut at its median over the texts, whichever is right more often, in its favour. Mean "
            f"over {len(asked) // len(rows)} wordings, without a chat template.",
        )
    )
    columns = ["task", "texts", "zero-shot", "probe, last layer", "probe less zero-shot", "95 % interval"]
    report.table("The model's own answers (anchoring)", columns, rows)
    columns = ["task", "question", "texts", "as it is", "cut at the median", "says yes"]
    report.table("The model's own answers by wording", columns, asked)


def _said(part: Task, recorder: Recorder) -> tuple[npt.NDArray[np.float64], list[list[Any]]]:
    """Return how often the model's answer is right for each text, over wordings, and a row for each wording."""
    labels, answers, rows = np.array(part.labels), [], []
    for question in _QUESTIONS[part.name]:
        odds = recorder.asked([f"{text}\n{question} Answer yes or no.\nAnswer:" for text in part.texts], YES, NO)
        plain, evened = ((odds > cut) == labels for cut in (0.0, float(np.median(odds))))
        answers.append(max((plain, evened), key=lambda one: float(one.mean())))
        shares = (float(plain.mean()), float(evened.mean()), float((odds > 0).mean()))
        rows.append([part.name, question, len(labels), *shares])
    return np.mean(answers, axis=0), rows


def _samples(
    gaps: np.ndarray, weights: np.ndarray, groups: np.ndarray, settings: ConceptDepthSettings, context: Context
) -> np.ndarray:
    """Return the weighted mean of gaps (n,) over samples of groups, (samples,)."""
    count = int(groups.max()) + 1
    drawn = context.rng("asked").multinomial(count, np.full(count, 1 / count), size=settings.samples)
    total, mass = (np.bincount(groups, weights=one, minlength=count) for one in (gaps * weights, weights))
    found: np.ndarray = (drawn @ total) / np.maximum(drawn @ mass, 1)
    return found
