"""Scores of all heads over lengths and depths: few, concentrated, stable, some of them always active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.experiments.retrieval_heads import consistency
from seme.experiments.retrieval_heads.drawing import draw_frequency, draw_heads_map, draw_lengths
from seme.experiments.retrieval_heads.subjects import Subject
from seme.interp.heads.retrieval import RetrievalPrompt, RetrievalScores, retrieval_scores
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

_SPLITS, _LEADERS = 20, 30


def add(report: Report, subject: Subject, settings: RetrievalHeadsSettings, context: Context) -> RetrievalScores:
    """Return the scores, once they were held against what the paper says of them."""
    parts = [
        _kept(subject, prompt, settings, context) for prompt in context.progress(subject.found, "Finding the heads")
    ]
    scores = RetrievalScores(
        np.array([part["scores"] for part in parts if part["recall"] > 0.5]).reshape(-1, *_shape(subject)),
        np.array([part["recall"] for part in parts]),
        np.array([part["recall"] > 0.5 for part in parts]),
        tuple(tuple(part["response"]) for part in parts),
    )
    _claim_few(report, scores, settings)
    _claim_stable(report, scores, context)
    consistency.add(report, subject.found, scores, settings, context)
    _claim_dynamic(report, scores, settings)
    report.claim(
        Claim.not_tested(
            "Every long-context model has retrieval heads",
            "One real model was looked into.",
            "four families, 6B to 34B and a mixture of experts",
        )
    )
    _add_table(report, scores, settings)
    draw_heads_map(report, scores.mean, settings.threshold)
    draw_frequency(report, scores, settings.threshold)
    draw_lengths(report, subject.found, scores)
    return scores


def _kept(
    subject: Subject, prompt: RetrievalPrompt, settings: RetrievalHeadsSettings, context: Context
) -> dict[str, Any]:
    def measure() -> dict[str, Any]:
        found = retrieval_scores(subject.model, [prompt], floor=-1.0, **subject.answers)
        return {
            "scores": found.mean.tolist(),
            "recall": float(found.recalls[0]),
            "response": list(found.responses[0]),
        }

    key = ("scores", settings.model, context.seed, prompt.ids, prompt.span, settings.longest)
    return kept(context.cache, key, measure)


def _shape(subject: Subject) -> tuple[int, int]:
    config = subject.model.config
    return int(config.num_hidden_layers), int(config.num_attention_heads)


def _claim_few(report: Report, scores: RetrievalScores, settings: RetrievalHeadsSettings) -> None:
    mean = scores.mean
    shares = [float((each >= settings.threshold).mean()) for each in _halves(scores)]
    share, silent = float((mean >= settings.threshold).mean()), float((mean == 0).mean())
    spread = (min(shares), max(shares))
    note = f"{round(share * mean.size)} of {mean.size} heads; spread: two halves of {len(scores.each)} prompts."
    report.claim(
        Claim.at_most(
            f"At most 5 % of heads are retrieval heads (share that score {settings.threshold} or more)",
            measured=share,
            ceiling=0.05,
            paper_value="3 to 6 % in six models",
            spread=spread,
            note=note,
        )
    )
    report.claim(
        Claim.equal(
            "Retrieval heads are few: more than none and 12 % at most (share)",
            measured=share,
            value=0.0618,
            tolerance=0.0582,
            paper_value="3 to 6 % in six models",
            spread=spread,
            note=note,
        )
    )
    report.claim(
        Claim.at_least(
            "Most heads never copy (share of heads whose score is exactly 0)",
            measured=silent,
            floor=0.5,
            paper_value="49 to 73 % in six models",
        )
    )
    leaders = max(1, round(0.05 * mean.size))
    held = float(np.sort(mean, axis=None)[::-1][:leaders].sum() / mean.sum())
    report.claim(
        Claim.at_least(f"The top 5 % of heads ({leaders}) hold most of all score (share)", measured=held, floor=0.6)
    )
    report.baseline("A head that looks at a place of chance", {"score, at most": 1 / min(settings.lengths)})


def _halves(scores: RetrievalScores) -> tuple[np.ndarray, np.ndarray]:
    return scores.each[::2].mean(axis=0), scores.each[1::2].mean(axis=0) if len(scores.each) > 1 else scores.mean


def _claim_stable(report: Report, scores: RetrievalScores, context: Context) -> None:
    statement = "Scores are stable: two halves of the prompts order the leading heads alike (Spearman, mean of splits)"
    count = len(scores.each)
    if count < 4:
        report.claim(Claim.not_tested(statement, f"{count} prompts were answered; 4 are needed."))
        return
    rng = context.rng("halves")
    found = []
    for _ in range(_SPLITS):
        order = rng.permutation(count)
        parts = [scores.part(half) for half in (order[: count // 2], order[count // 2 :])]
        leaders = sorted({head for part in parts for head in part.top(min(_LEADERS, part.mean.size))})
        rows = tuple(np.array(leaders).T)
        found.append(float(spearmanr(*(part.mean[rows] for part in parts)).statistic))
    report.claim(
        Claim.at_least(
            statement,
            measured=float(np.mean(found)),
            floor=0.7,
            spread=(min(found), max(found)),
            note=f"Over the union of the top {_LEADERS} of each half, {_SPLITS} random splits.",
        )
    )


def _claim_dynamic(report: Report, scores: RetrievalScores, settings: RetrievalHeadsSettings) -> None:
    always = int((scores.frequency == 1).sum())
    report.claim(
        Claim.ordered(
            "Some retrieval heads are active in every prompt, the others depend on it",
            {"none": 0, "always active": always, "retrieval heads": len(scores.above(settings.threshold))},
            paper_value="12 of 33 in Llama-2-7B-80K",
        )
    )


def _add_table(report: Report, scores: RetrievalScores, settings: RetrievalHeadsSettings) -> None:
    heads = scores.above(settings.threshold) or scores.top(min(10, scores.mean.size))
    low, high = np.quantile(scores.each, [0.25, 0.75], axis=0)
    rows = [
        [
            f"{layer}-{head}",
            scores.mean[layer, head],
            low[layer, head],
            high[layer, head],
            scores.frequency[layer, head],
        ]
        for layer, head in heads
    ]
    report.table("Retrieval heads", ["layer-head", "score", "first quartile", "third quartile", "active in"], rows)
    answered, total = int(scores.answered.sum()), len(scores.answered)
    report.note(
        f"{answered} of {total} prompts were answered (more than half of the answer's words); scores are means over "
        "those. A position counts once, and a head copies a token only at the step that writes it."
    )
