"""Intrinsic: the same heads after the model was tuned on other text."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.experiments.retrieval_heads.subjects import Subject
from seme.interp.heads.retrieval import retrieval_scores
from seme.report import Claim, Report
from seme.training import Budget, Trainer
from seme.training.language_modelling import NextToken

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

_SHUFFLES = 200


def add(report: Report, subject: Subject, settings: RetrievalHeadsSettings, context: Context) -> None:
    """Tune copies of the model and correlate the scores of their heads with those of the model itself."""
    first = _kept(subject, None, settings, context)
    runs = range(settings.tuning_seeds)
    tuned = [_kept(subject, seed, settings, context) for seed in context.progress(runs, "Tuning")]
    base = np.array(first["scores"]).ravel()
    found = [float(np.corrcoef(base, np.array(one["scores"]).ravel())[0, 1]) for one in tuned]
    rng = context.rng("shuffled heads")
    chance = [float(np.corrcoef(base, rng.permutation(base))[0, 1]) for _ in range(_SHUFFLES)]
    report.claim(
        Claim.at_least("The heads are those of the model before it was tuned (lowest Pearson correlation of scores)",
                       measured=min(found), floor=0.8, spread=(min(found), max(found)),
                       paper_value="above 0.8 after longer context or tuning, below 0.1 between families",
                       note=f"{len(found)} runs of {settings.tuning_steps} steps on {settings.tuning_text}, mildly: "
                            f"weights moved by {max(one['moved'] for one in tuned):.1%} at most, and the loss from "
                            f"{first['loss']:.2f} to {min(one['loss'] for one in tuned):.2f} at best. The true answer "
                            "was read rather than written.")
    )  # fmt: skip
    report.baseline("Heads shuffled", {"Pearson correlation": float(np.mean(chance)), "95th percentile":
                                       float(np.quantile(chance, 0.95))})  # fmt: skip
    rows = [["before", first["loss"], 0.0, 1.0]]
    rows += [
        [f"run {number}", one["loss"], one["moved"], r]
        for number, (one, r) in enumerate(zip(tuned, found, strict=True), 1)
    ]
    columns = ["model", f"loss on {settings.tuning_text}", "change of the weights", "Pearson correlation"]
    report.table("Scores after tuning on other text", columns, rows)


def _kept(subject: Subject, seed: int | None, settings: RetrievalHeadsSettings, context: Context) -> dict[str, Any]:
    step = max(1, len(subject.masked) // settings.tuned_prompts)
    prompts = subject.masked[::step][: settings.tuned_prompts]

    def measure() -> dict[str, Any]:
        model = subject.model if seed is None else _tuned(subject, seed, settings, context)
        scores = retrieval_scores(model, prompts, force=True)
        moved = float(_distance(subject.model, model))
        return {"scores": scores.mean.tolist(), "loss": _loss(model, subject.held_out), "moved": moved}

    key = ("tuned", settings.model, seed, context.seed, [prompt.ids for prompt in prompts], settings.tuning_text,
           settings.tuning_steps, settings.block, settings.rate)  # fmt: skip
    return kept(context.cache, key, measure)


def _tuned(subject: Subject, seed: int, settings: RetrievalHeadsSettings, context: Context) -> Any:
    model: Any = copy.deepcopy(subject.model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.0)
    Trainer(
        model, NextToken(), subject.tuning[seed], Budget(steps=settings.tuning_steps), seed=context.seed + seed,
        optimizer=optimizer, clip_norm=1.0, device="cpu" if context.device == "cpu" else None,
    ).run()  # fmt: skip
    return model.eval()


@torch.no_grad()
def _loss(model: Any, blocks: list[dict[str, torch.Tensor]]) -> float:
    objective = NextToken()
    moved = [{name: value.to(model.device) for name, value in block.items()} for block in blocks]
    return float(np.mean([float(objective(model, block).total) for block in moved]))


@torch.no_grad()
def _distance(first: Any, second: Any) -> float:
    """Return the length of the change of all weights, relative to theirs."""
    pairs = list(zip(first.parameters(), second.parameters(), strict=True))
    change = sum(float((b.float() - a.float()).square().sum()) for a, b in pairs)
    return float(np.sqrt(change / sum(float(a.float().square().sum()) for a, _ in pairs)))
