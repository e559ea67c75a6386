"""Heads by what varies between prompts: their length, and what is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.interp.heads.retrieval import RetrievalPrompt, RetrievalScores
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

_RESAMPLES, _FEWEST, _LIKE = 500, 2, 0.8


def add(
    report: Report,
    prompts: Sequence[RetrievalPrompt],
    scores: RetrievalScores,
    settings: RetrievalHeadsSettings,
    context: Context,
) -> None:
    """Hold short prompts against long ones, and facts against each other."""
    answered = [prompt for prompt, right in zip(prompts, scores.answered, strict=True) if right]
    _lengths(report, answered, scores, context)
    _facts(report, answered, scores, settings, context)


def _lengths(report: Report, prompts: Sequence[RetrievalPrompt], scores: RetrievalScores, context: Context) -> None:
    statement = "Short prompts find the heads of long ones (Pearson correlation of scores)"
    lengths = np.array([len(one.ids) for one in prompts])
    middle = float(np.median(np.unique(lengths)))
    short, long = np.flatnonzero(lengths <= middle), np.flatnonzero(lengths > middle)
    if min(len(short), len(long)) < _FEWEST:
        why = f"{len(short)} short and {len(long)} long prompts were answered, and {_FEWEST} of each are wanted."
        report.claim(Claim.not_tested(statement, why, "5,000 tokens suffice for the strongest heads"))
        return

    def like(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> float:
        means = [scores.each[part].mean(axis=0).ravel() for part in (first, second)]
        return float(np.corrcoef(*means)[0, 1])

    rng = context.rng("prompts of each length")
    drawn = [like(rng.choice(short, len(short)), rng.choice(long, len(long))) for _ in range(_RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    report.claim(
        clearly_above(
            statement,
            like(short, long),
            (float(low), float(high)),
            floor=_LIKE,
            paper_value="5,000 tokens suffice for the strongest heads",
            note=f"{len(short)} prompts of up to {lengths[short].max()} tokens and {len(long)} of up to "
            f"{lengths.max()}; interval over prompts.",
        )
    )


def _facts(
    report: Report,
    prompts: Sequence[RetrievalPrompt],
    scores: RetrievalScores,
    settings: RetrievalHeadsSettings,
    context: Context,
) -> None:
    """Claim that which of the other retrieval heads are active follows the fact, against shuffled facts."""
    statement = "Which of the other retrieval heads are active depends on what is looked for (p of a permutation test)"
    owners = np.unique([str(one.answer) for one in prompts], return_inverse=True)[1]
    chosen = [head for head in scores.above(settings.threshold) if scores.frequency[head] < 1]
    counts = np.bincount(owners)
    if not chosen or (counts >= _FEWEST).sum() < _FEWEST:
        why = f"{len(chosen)} heads are active at times, and {int((counts >= _FEWEST).sum())} facts were found twice."
        report.claim(Claim.not_tested(statement, why, "others depend on the context"))
        return
    active = (scores.each > 0)[:, *np.array(chosen).T].astype(np.float64)

    def apart(by: npt.NDArray[np.int64]) -> float:
        means = np.stack([active[by == one].mean(axis=0) for one in range(len(counts))])
        return float((counts[:, None] * np.square(means - active.mean(axis=0))).sum())

    rng = context.rng("facts")
    chance = np.array([apart(rng.permutation(owners)) for _ in range(_RESAMPLES)])
    p = float((1 + (chance >= apart(owners)).sum()) / (1 + _RESAMPLES))
    report.claim(
        Claim.at_most(
            statement,
            measured=p,
            ceiling=0.05,
            paper_value="others depend on the context",
            note=f"{len(chosen)} retrieval heads that are not always active, {len(prompts)} prompts of "
            f"{len(counts)} facts. Variance of activity between facts: {apart(owners):.2f}, with facts "
            f"shuffled {chance.mean():.2f}.",
        )
    )
    rows = [
        [
            f"{layer}-{head}",
            *(float((scores.each[owners == one, layer, head] > 0).mean()) for one in range(len(counts))),
        ]
        for layer, head in chosen
    ]
    report.table(
        "Share of prompts in which the other retrieval heads are active, by fact",
        ["layer-head", *(f"fact {one + 1}" for one in range(len(counts)))],
        rows,
    )
