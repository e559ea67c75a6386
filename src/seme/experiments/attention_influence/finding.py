"""The heads of the look-up task, beside those of the needle test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seme.experiment import Context
from seme.experiments.attention_influence.scorer import Subject
from seme.experiments.keeping import kept
from seme.experiments.retrieval_heads.drawing import draw_heads_map
from seme.interp.heads import Head
from seme.interp.heads.retrieval import RetrievalPrompt, RetrievalScores, retrieval_scores
from seme.interp.influence import top_share
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

_RESAMPLES = 200


def add(
    report: Report, subject: Subject, settings: AttentionInfluenceSettings, context: Context
) -> tuple[list[Head], RetrievalScores]:
    """Return the heads that are masked from here on, and the scores by which they were found."""
    ours = _scores(subject, subject.look_ups, "Look-ups", settings, context)
    needle = _scores(subject, subject.needles, "Needles", settings, context)
    heads = top_share(ours, settings.heads)
    mean = ours.mean
    held = [
        float(np.sort(each, axis=None)[::-1][: len(heads)].sum() / max(each.sum(), 1e-12))
        for each in (mean, ours.each[::2].mean(axis=0), ours.each[1::2].mean(axis=0))
    ]
    report.claim(
        Claim.at_least(
            f"A few heads do the looking up: the top {settings.heads:.0%} ({len(heads)}) hold most of all "
            "score (share)",
            measured=held[0],
            floor=0.6,
            spread=(min(held), max(held)),
            note=f"{len(ours.each)} prompts of {settings.pairs} keys and three examples, answers read.",
        )
    )
    _claim_overlap(report, ours, needle, len(heads), context)
    places = {head: number for number, head in enumerate(needle.top(mean.size), 1)}
    rows = [
        [f"{layer}-{head}", mean[layer, head], needle.mean[layer, head], places[layer, head]] for layer, head in heads
    ]
    report.table("Heads that are masked", ["layer-head", "score on look-ups", "score on needles", "place there"], rows)
    draw_heads_map(report, mean, 0.1)
    return heads, ours


def _claim_overlap(
    report: Report, ours: RetrievalScores, needle: RetrievalScores, count: int, context: Context
) -> None:
    def jaccard(a: Sequence[Head], b: Sequence[Head]) -> float:
        return len(set(a) & set(b)) / len(set(a) | set(b))

    rng = context.rng("resampled prompts")
    resampled = []
    for _ in range(_RESAMPLES):
        parts = [one.part(rng.integers(0, len(one.each), len(one.each))) for one in (ours, needle)]
        resampled.append(jaccard(*(part.top(count) for part in parts)))
    overlap = count / ours.mean.size
    chance = overlap / (2 - overlap)
    low, high = np.quantile(resampled, [0.025, 0.975])
    report.claim(
        Claim.at_least(
            f"They are those of the needle test of paper 54 (Jaccard index of the top {count})",
            measured=jaccard(ours.top(count), needle.top(count)),
            floor=0.3,
            spread=(float(low), float(high)),
            note=f"By chance {chance:.3f}. Spread: 95 % of {_RESAMPLES} resamples of the prompts.",
        )
    )
    report.baseline("Heads at random", {"Jaccard index with the needle test": chance})


def _scores(
    subject: Subject,
    prompts: Sequence[RetrievalPrompt],
    label: str,
    settings: AttentionInfluenceSettings,
    context: Context,
) -> RetrievalScores:
    def measured(prompt: RetrievalPrompt) -> Any:
        def measure() -> dict[str, Any]:
            return {"scores": retrieval_scores(subject.model, [prompt], force=True).mean.tolist()}

        key = ("heads", settings.model, context.seed, prompt.ids, prompt.span)
        return kept(context.cache, key, measure)["scores"]

    each = np.array([measured(one) for one in context.progress(prompts, label)])
    return RetrievalScores(each, np.ones(len(each)), np.ones(len(each), dtype=bool), tuple(p.answer for p in prompts))
