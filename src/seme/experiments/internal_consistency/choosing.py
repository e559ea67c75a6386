"""Which tasks the language model is asked, and how: what it can do a little, on questions that are not asked again."""

from __future__ import annotations

from functools import partial

import numpy as np

from seme.experiments.internal_consistency.language import Language
from seme.experiments.internal_consistency.questions import Asking, Question, ask
from seme.experiments.keeping import kept
from seme.interp.consistency import Balanced, Paths
from seme.report import Report


def choose(report: Report, language: Language) -> tuple[list[Asking], dict[str, list[Question]]]:
    """Return the tasks in the form that the model does best without a rationale, and the questions that are left.

    Tasks below the floor are left out, but for the best one; without a development part, all are taken in the first
    form.
    """
    settings, context = language.settings, language.context
    aside, rows = settings.development, []
    chosen: dict[str, tuple[float, Asking]] = {}
    left: dict[str, list[Question]] = {}
    for task in context.progress(settings.tasks, "Choosing forms"):
        drawn = ask(task, aside + settings.questions, context.rng("questions", task))
        apart, left[task] = _halves(drawn, aside)
        forms = [Asking(task, form) for form in settings.forms]
        areas = [_accuracy(language, one, apart) if aside else 1.0 for one in forms]
        best = int(np.argmax(areas))
        chosen[task] = areas[best], forms[best]
        rows.append([task, *areas, forms[best].form])
    floor = min(settings.above, max(score for score, _ in chosen.values()))
    taken = [asking for score, asking in chosen.values() if score >= floor]
    if aside:
        names = [one.task for one in taken]
        table = [[*row, "yes" if row[0] in names else "no"] for row in rows]
        report.table(
            "Choice of tasks and forms: accuracy without a rationale, on other questions",
            ["task", *settings.forms, "form", "taken"],
            table,
        )
        report.note(
            f"{settings.model} is asked what it can do a little: each task in whichever of {len(settings.forms)} forms "
            f"it does best without a rationale, on {aside} development questions that are not asked again, and no task "
            f"that stays below {settings.above:g} there. Labels count as balanced predictions there, too. The tasks "
            "and forms to choose from were written after an earlier run on statements alone, in which the model was at "
            "chance and nothing could be tested."
        )
    return taken, left


def _halves(drawn: list[Question], aside: int) -> tuple[list[Question], list[Question]]:
    """Set some questions aside, as many true as false ones."""
    true, false = ([one for one in drawn if one.true is wanted] for wanted in (True, False))
    first = [*true[: aside - aside // 2], *false[: aside // 2]]
    return first, [one for one in drawn if one not in first]


def _accuracy(language: Language, asking: Asking, questions: list[Question]) -> float:
    prompts = [asking.direct(one) for one in questions]
    key = ("development", language.settings.model, prompts)
    made = kept(language.context.cache, key, partial(_read, language, asking, prompts))
    paths = Paths.of(np.array(made["probs"]))
    said = Balanced().fit(paths).predict(paths)[:, -1]
    return float((said == np.array([0 if one.true else 1 for one in questions])).mean())


def _read(language: Language, asking: Asking, prompts: list[str]) -> dict[str, list[object]]:
    paths = Paths.read(language.loaded.model, language.loaded.tokenizer, prompts, labels=asking.labels, batch=64)
    return {"probs": np.round(paths.probs, 8).tolist()}
