"""Questions that are answered from the text, in written steps or at once, or from memory, without retrieval heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seme.assets import LanguageModel
from seme.experiment import Context
from seme.experiments.clear import paired, unpaired
from seme.experiments.keeping import kept
from seme.experiments.retrieval_heads.facts import Question, questions
from seme.experiments.retrieval_heads.pruning import Masks
from seme.experiments.retrieval_heads.subjects import Subject
from seme.interp.heads.retrieval import RetrievalScores, masked_answers, token_f1
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

_NAMED = {
    "look-up": "look-ups in the text",
    "steps": "answers in two written steps",
    "answer only": "the same answers said at once",
}
_KINDS = ("memory", *_NAMED, "extract")
_STATEMENT = "Without retrieval heads {} suffer more than recall from memory (drop in accuracy)"
_EXTRACT = "Without retrieval heads extracted definitions suffer more than without random ones (difference of F1)"
_LEAST = 0.5
_PAPER = "chain-of-thought suffers; answers from memory do not"
_PAPER_EXTRACT = "F1 falls by 9.2 and 23.1 % without 50 and 100 heads, by 2 % without random ones"


def add(
    report: Report, subject: Subject, scores: RetrievalScores, settings: RetrievalHeadsSettings, context: Context
) -> None:
    """Ask all kinds of questions under the masks of the largest number of heads."""
    if subject.language is None or not settings.questions:
        why = "The planted model knows no language."
        for name in _NAMED.values():
            report.claim(Claim.not_tested(_STATEMENT.format(name), why, _PAPER))
        report.claim(Claim.not_tested(_EXTRACT, why, _PAPER_EXTRACT))
        return
    number = max(settings.heads)
    masks = Masks.draw(scores, (number,), settings.draws, settings.excluded, context.rng("heads for questions"))
    found = {}
    for kind in _KINDS:
        asked = questions(kind, settings.questions, context.rng("questions", kind))
        found[kind] = np.array(
            [
                _kept(subject, subject.language, one, masks, context, f1=kind == "extract")
                for one in context.progress(asked, f"Questions: {kind}")
            ]
        )
    for kind in _NAMED:
        _claim(report, kind, found, masks.random[number], number)
    _claim_extract(report, found["extract"], masks.random[number], number)
    rows = [
        [kind, len(right), *(float(right[:, one].mean()) for one in (0, 1)), *_range(right[:, masks.random[number]])]
        for kind, right in found.items()
    ]
    columns = [
        "questions",
        "asked",
        "all heads",
        f"top {number} masked",
        f"{number} random masked",
        "lowest",
        "highest",
    ]
    report.table("Answers by what they need (share that is right; extract: F1)", columns, rows)
    report.note(
        "Steps: two examples show how to write out both look-ups, and the answer is right if it names the place. This "
        "form was chosen, on eight other questions, for the model answered six of them; one in which steps were asked "
        "for without question and answer was right in 0.20 of an earlier run. Extract: a definition out of a glossary "
        "of four words stands in for a set of questions and passages, which no package carries."
    )


def _claim(report: Report, kind: str, found: dict[str, np.ndarray], draws: slice, number: int) -> None:
    statement, right, memory = _STATEMENT.format(_NAMED[kind]), found[kind], found["memory"]
    if right[:, 0].mean() < _LEAST:
        why = f"With all heads {right[:, 0].mean():.2f} of the answers are right, too few to lose any."
        report.claim(Claim.not_tested(statement, why, _PAPER))
        return
    random = right[:, draws].mean(axis=0)
    report.claim(
        unpaired(
            statement,
            right[:, 0] - right[:, 1],
            memory[:, 0] - memory[:, 1],
            paper_value=_PAPER,
            note=f"Top {number} heads masked: {right[:, 0].mean():.2f} to {right[:, 1].mean():.2f}, memory "
            f"{memory[:, 0].mean():.2f} to {memory[:, 1].mean():.2f}. With as many random heads "
            f"{random.mean():.2f} are right ({random.min():.2f} to {random.max():.2f}).",
        )
    )


def _claim_extract(report: Report, f1: np.ndarray, draws: slice, number: int) -> None:
    report.claim(
        paired(
            _EXTRACT,
            f1[:, draws].mean(axis=1) - f1[:, 1],
            paper_value=_PAPER_EXTRACT,
            note=f"F1 {f1[:, 0].mean():.2f} with all heads, {f1[:, 1].mean():.2f} without the top {number}, "
            f"{f1[:, draws].mean():.2f} without {number} random ones; {len(f1)} questions.",
        )
    )


def _range(right: np.ndarray) -> list[float]:
    draws = right.mean(axis=0)
    return [float(draws.mean()), float(draws.min()), float(draws.max())]


def _kept(
    subject: Subject, language: LanguageModel, question: Question, masks: Masks, context: Context, *, f1: bool
) -> list[float]:
    def measure() -> dict[str, Any]:
        ids, answer = (
            language.tokenizer.encode(one, add_special_tokens=False) for one in (question.text, question.answer)
        )
        options = {**subject.answers, "longest": question.tokens}
        found = masked_answers(subject.model, ids, answer, masks.tensor(subject.model), **options)
        words = subject.answers["words"]
        return {
            "recalls": found.recalls.tolist(),
            "f1": [token_f1(words(one), words(answer)) for one in found.responses],
        }

    found = kept(context.cache, ("question", 2, language.name, question, masks.sets), measure)
    return [float(one) for one in found["f1"]] if f1 else [float(one == 1) for one in found["recalls"]]
