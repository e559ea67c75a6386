"""Questions that are answered from the text, in two written steps, or from memory, without retrieval heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seme.assets import LanguageModel
from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.experiments.retrieval_heads.facts import Question, questions
from seme.experiments.retrieval_heads.pruning import Masks
from seme.experiments.retrieval_heads.subjects import Subject
from seme.interp.heads.retrieval import RetrievalScores, masked_answers
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

_KINDS = ("memory", "look-up", "two steps")
_STATEMENT = "Without retrieval heads {} suffer more than recall from memory (drop in accuracy)"
_LEAST = 0.5
_PAPER = "chain-of-thought suffers; answers from memory do not"


def add(
    report: Report, subject: Subject, scores: RetrievalScores, settings: RetrievalHeadsSettings, context: Context
) -> None:
    """Ask all kinds of questions under the masks of the largest number of heads."""
    named = {"look-up": "look-ups in the text", "two steps": "answers in two written steps"}
    if subject.language is None or not settings.questions:
        for name in named.values():
            report.claim(Claim.not_tested(_STATEMENT.format(name), "The planted model knows no language.", _PAPER))
        return
    number = max(settings.heads)
    masks = Masks.draw(scores, (number,), settings.draws, settings.excluded, context.rng("heads for questions"))
    found = {}
    for kind in _KINDS:
        asked = questions(kind, settings.questions, context.rng("questions", kind))
        found[kind] = np.array([
            _kept(subject, subject.language, one, masks, context)
            for one in context.progress(asked, f"Questions: {kind}")
        ])  # fmt: skip
    drops = {kind: float(right[:, 0].mean() - right[:, 1].mean()) for kind, right in found.items()}
    for kind, name in named.items():
        if found[kind][:, 0].mean() < _LEAST:
            why = f"With all heads {found[kind][:, 0].mean():.2f} of the answers are right, too few to lose any."
            report.claim(Claim.not_tested(_STATEMENT.format(name), why, _PAPER))
            continue
        random = found[kind][:, masks.random[number]].mean(axis=0)
        report.claim(
            Claim.ordered(_STATEMENT.format(name), {"memory": drops["memory"], kind: drops[kind]}, paper_value=_PAPER,
                          note=f"Top {number} heads masked, {settings.questions} questions a kind. With as many random "
                               f"heads {random.mean():.2f} of {kind} are right ({random.min():.2f} to "
                               f"{random.max():.2f}), with all {found[kind][:, 0].mean():.2f}.")
        )  # fmt: skip
    rows = [
        [kind, *(float(right[:, one].mean()) for one in (0, 1)), *_range(right[:, masks.random[number]])]
        for kind, right in found.items()
    ]
    columns = ["questions", "all heads", f"top {number} masked", f"{number} random masked", "lowest", "highest"]
    report.table("Right answers by what they need", columns, rows)
    report.note(
        "Two steps: an example shows how to write out both steps, and the answer is right if it names the room."
    )


def _range(right: np.ndarray) -> list[float]:
    draws = right.mean(axis=0)
    return [float(draws.mean()), float(draws.min()), float(draws.max())]


def _kept(subject: Subject, language: LanguageModel, question: Question, masks: Masks, context: Context) -> list[float]:
    def measure() -> dict[str, Any]:
        ids, answer = (language.tokenizer.encode(one, add_special_tokens=False)
                       for one in (question.text, question.answer))  # fmt: skip
        options = {**subject.answers, "longest": question.tokens}
        found = masked_answers(subject.model, ids, answer, masks.tensor(subject.model), **options)
        return {"recalls": found.recalls.tolist()}

    key = ("question", language.name, question, masks.sets)
    found = kept(context.cache, key, measure)["recalls"]
    return [float(one == 1) for one in found]
