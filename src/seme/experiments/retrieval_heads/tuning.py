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
    """Tune copies of the model, as it is and with its positions stretched, and correlate the scores of their heads."""
    first = _kept(subject, None, 1.0, settings, context)["stages"][0]
    base = np.array(first["scores"]).ravel()
    rows: list[list[Any]] = [["before", 0, first["loss"], 0.0, 1.0]]
    kinds = [("tuned", 1.0)]
    if _rotary(subject.model):
        kinds.append((f"positions {settings.stretch:g} times as near, tuned", settings.stretch))
    for name, factor in kinds:
        runs = [
            _kept(subject, seed, factor, settings, context)["stages"]
            for seed in context.progress(range(settings.tuning_seeds), name)
        ]
        found = np.array([[_like(base, one) for one in run] for run in runs])
        _claim(report, name, found, runs, first["loss"], settings, stretched=factor != 1)
        rows += [
            [f"{name}, run {number}", one["steps"], one["loss"], one["moved"], r]
            for number, (run, line) in enumerate(zip(runs, found, strict=True), 1)
            for one, r in zip(run, line.tolist(), strict=True)
        ]
    rng = context.rng("shuffled heads")
    chance = [float(np.corrcoef(base, rng.permutation(base))[0, 1]) for _ in range(_SHUFFLES)]
    report.baseline(
        "Heads shuffled",
        {"Pearson correlation": float(np.mean(chance)), "95th percentile": float(np.quantile(chance, 0.95))},
    )
    columns = ["model", "steps", f"loss on {settings.tuning_text}", "change of the weights", "Pearson correlation"]
    report.table("Scores along the tuning on other text", columns, rows)


def _like(base: np.ndarray, stage: dict[str, Any]) -> float:
    other = np.array(stage["scores"]).ravel()
    return float(np.corrcoef(base, other)[0, 1]) if np.ptp(other) > 0 else 0.0


def _claim(
    report: Report,
    name: str,
    found: np.ndarray,
    runs: list[list[dict[str, Any]]],
    loss: float,
    settings: RetrievalHeadsSettings,
    *,
    stretched: bool,
) -> None:
    statement = "The heads are those of the model before it was tuned (lowest Pearson correlation of scores)"
    if stretched:
        statement = f"They are also those of the model before its context was made {settings.stretch:g} times as long"
    last, low = [run[-1] for run in runs], float(found.min())
    report.claim(
        Claim.at_least(
            statement,
            measured=low,
            floor=0.8,
            spread=(low, float(found.max())),
            paper_value="above 0.8 after longer context or tuning, below 0.1 between families",
            note=f"{name}: {len(runs)} runs of {settings.tuning_steps} steps on {settings.tuning_text}, "
            f"looked at {found.shape[1]} times each; weights moved by "
            f"{max(one['moved'] for one in last):.1%} at most, the loss from {loss:.2f} to "
            f"{min(one['loss'] for one in last):.2f} at best. The true answer was read rather than "
            "written.",
        )
    )


def _kept(
    subject: Subject, seed: int | None, factor: float, settings: RetrievalHeadsSettings, context: Context
) -> dict[str, Any]:
    step = max(1, len(subject.masked) // settings.tuned_prompts)
    prompts = subject.masked[::step][: settings.tuned_prompts]

    def stage(model: Any, steps: int) -> dict[str, Any]:
        scores = retrieval_scores(model, prompts, force=True)
        return {
            "steps": steps,
            "scores": scores.mean.tolist(),
            "loss": _loss(model, subject.held_out),
            "moved": float(_distance(subject.model, model)),
        }

    def measure() -> dict[str, Any]:
        if seed is None:
            return {"stages": [stage(subject.model, 0)]}
        model: Any = copy.deepcopy(subject.model)
        stages = [stage(_stretched(model, factor), 0)] if factor != 1 else []
        return {"stages": [*stages, *_tuned(model, subject, seed, settings, context, stage)]}

    key = (
        "tuned",
        2,
        settings.model,
        seed,
        factor,
        context.seed,
        [prompt.ids for prompt in prompts],
        settings.tuning_text,
        settings.tuning_steps,
        settings.block,
        settings.rate,
    )
    return kept(context.cache, key, measure)


def _tuned(
    model: Any, subject: Subject, seed: int, settings: RetrievalHeadsSettings, context: Context, stage: Any
) -> list[dict[str, Any]]:
    """Tune a model and return what it is halfway and at the end."""
    trainer = Trainer(
        model,
        NextToken(),
        subject.tuning[seed],
        Budget(steps=max(1, settings.tuning_steps // 2)),
        seed=context.seed + seed,
        clip_norm=1.0,
        device="cpu" if context.device == "cpu" else None,
        optimizer=torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.0),
    )
    stages = []
    for steps in (max(1, settings.tuning_steps // 2), settings.tuning_steps):
        trainer.budget = Budget(steps=steps)
        trainer.run()
        stages.append(stage(model.eval(), steps))
        model.train()
    return stages


def _rotary(model: Any) -> list[Any]:
    return [module for module in model.modules() if isinstance(getattr(module, "inv_freq", None), torch.Tensor)]


def _stretched(model: Any, factor: float) -> Any:
    """Bring positions nearer to each other, in place: linear interpolation for a longer context (Chen et al. 2023)."""
    for module in _rotary(model):
        for name in ("inv_freq", "original_inv_freq"):
            if isinstance(getattr(module, name, None), torch.Tensor):
                setattr(module, name, getattr(module, name) / factor)
    return model


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
