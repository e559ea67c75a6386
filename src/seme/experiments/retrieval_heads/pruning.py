"""Causes: what is answered with retrieval heads masked, against as many random heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.stats import wilcoxon

from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.experiments.retrieval_heads.drawing import draw_masked
from seme.experiments.retrieval_heads.subjects import Subject
from seme.interp.heads import Head, Mode, draw_heads, head_mask, head_values
from seme.interp.heads.retrieval import RetrievalPrompt, RetrievalScores, masked_answers
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p54_retrieval_heads import RetrievalHeadsSettings

_GAP, _TIMES, _LEAST = 0.25, 3.0, 0.01
_PAPER = "retrieval fails and the model invents facts; random heads do little harm"


@dataclass(frozen=True, slots=True)
class Masks:
    """Sets of heads in one order: none, then for each number the top heads and the random draws."""

    sets: list[list[Head]]
    top: dict[int, int]
    """Row of the top heads, by their number."""
    random: dict[int, slice]

    @classmethod
    def draw(cls, scores: RetrievalScores, numbers: tuple[int, ...], draws: int, excluded: int, rng: Any) -> Masks:
        """Choose the top heads and draw others of which none is among the `excluded` best."""
        sets: list[list[Head]] = [[]]
        top, random = {}, {}
        shape = (scores.mean.shape[0], scores.mean.shape[1])
        for number in numbers:
            top[number] = len(sets)
            sets.append(scores.top(number))
            random[number] = slice(len(sets), len(sets) + draws)
            kept_out = scores.top(max(excluded, number))
            sets += [draw_heads(rng, shape, number, excluded=kept_out) for _ in range(draws)]
        return cls(sets, top, random)

    def tensor(self, model: Any) -> torch.Tensor:
        """Return the sets as bool (sets, layers, heads)."""
        config = model.config
        none = torch.zeros(config.num_hidden_layers, config.num_attention_heads, dtype=torch.bool)
        return torch.stack([head_mask(model, heads) if heads else none for heads in self.sets])


def add(
    report: Report, subject: Subject, scores: RetrievalScores, settings: RetrievalHeadsSettings, context: Context
) -> None:
    """Answer other prompts than those by which the heads were found, under all masks at once."""
    masks = Masks.draw(scores, settings.heads, settings.draws, settings.excluded, context.rng("random heads"))
    recalls = np.array(
        [
            _kept(subject, prompt, masks, "zero", settings, context)
            for prompt in context.progress(subject.masked, "Answering without heads")
        ]
    )
    for number in settings.heads:
        _claim(report, recalls, masks, number)
    _add_table(report, recalls, masks, settings)
    _add_uniform(report, subject, scores, settings, context)
    _draw(report, recalls, masks, settings)
    number = max(settings.heads)
    draw_masked(
        report,
        subject.masked,
        {
            "all heads": recalls[:, 0],
            f"top {number} masked": recalls[:, masks.top[number]],
            f"{number} random masked": recalls[:, masks.random[number]].mean(axis=1),
        },
    )


def _kept(
    subject: Subject,
    prompt: RetrievalPrompt,
    masks: Masks,
    mode: Mode,
    settings: RetrievalHeadsSettings,
    context: Context,
) -> list[float]:
    def measure() -> dict[str, Any]:
        chosen = masks.tensor(subject.model)
        means = _means(subject) if mode == "mean" else None
        found = masked_answers(
            subject.model, prompt.ids, prompt.answer, chosen, mode=mode, means=means, **subject.answers
        )
        return {"recalls": found.recalls.tolist()}

    key = ("masked", settings.model, context.seed, prompt.ids, masks.sets, mode, settings.longest)
    found: list[float] = kept(context.cache, key, measure)["recalls"]
    return found


def _means(subject: Subject) -> torch.Tensor:
    """Return what heads say on average of other text, (layers, heads, width of a head)."""
    said = [head_values(subject.model, {"input_ids": one["input_ids"]}) for one in subject.held_out]
    return torch.stack([torch.cat([part.flatten(0, 1) for part in layer]).mean(0) for layer in zip(*said, strict=True)])


def _claim(report: Report, recalls: np.ndarray, masks: Masks, number: int) -> None:
    full, top, random = recalls[:, 0], recalls[:, masks.top[number]], recalls[:, masks.random[number]]
    by_draw = random.mean(axis=0)
    gap = float(random.mean() - top.mean())
    gaps = (float(by_draw.min() - top.mean()), float(by_draw.max() - top.mean()))
    paired = random.mean(axis=1) - top
    p = float(wilcoxon(paired).pvalue) if np.any(paired) else 1.0
    note = (
        f"Recall {full.mean():.2f} with all heads, {top.mean():.2f} without the top {number}, {random.mean():.2f} "
        f"without {number} random ones ({by_draw.min():.2f} to {by_draw.max():.2f} over {len(by_draw)} draws); "
        f"Wilcoxon over {len(recalls)} prompts p = {p:.2g}."
    )
    report.claim(
        Claim.at_least(
            f"Without the top {number} heads less is retrieved than without {number} random ones (recall)",
            measured=gap,
            floor=_GAP,
            paper_value=_PAPER,
            spread=gaps,
            note=note,
        )
    )
    drops = float(full.mean() - top.mean()), float(full.mean() - random.mean())
    report.claim(
        Claim.ratio_at_least(
            f"Masking the top {number} heads drops recall three times as much as {number} random ones",
            measured=drops[0],
            baseline=max(drops[1], _LEAST),
            factor=_TIMES,
            paper_value=_PAPER,
            note=note
            if drops[1] >= _LEAST
            else f"Random heads dropped it by {drops[1]:.3f}; {_LEAST} was taken for it. {note}",
        )
    )
    report.baseline(f"{number} random heads masked", {"recall": float(random.mean()), "with all": float(full.mean())})


def _add_table(report: Report, recalls: np.ndarray, masks: Masks, settings: RetrievalHeadsSettings) -> None:
    def row(name: str, part: np.ndarray) -> list[Any]:
        means = part.mean(axis=0)
        return [name, float(part.mean()), float(means.min()), float(means.max()), float((part > 0.5).mean())]

    rows = [row("none", recalls[:, :1])]
    for number in settings.heads:
        rows.append(row(f"top {number}", recalls[:, masks.top[number]][:, None]))
        rows.append(row(f"{number} random", recalls[:, masks.random[number]]))
    columns = ["masked", "recall", "lowest draw", "highest draw", "prompts answered"]
    report.table(f"Answers to {len(recalls)} prompts under masks (heads write nothing)", columns, rows)


def _add_uniform(
    report: Report, subject: Subject, scores: RetrievalScores, settings: RetrievalHeadsSettings, context: Context
) -> None:
    prompts = subject.masked[:: max(1, len(subject.masked) // max(settings.other_prompts, 1))][: settings.other_prompts]
    if not prompts:
        return
    number = max(settings.heads)
    masks = Masks.draw(scores, (number,), 3, settings.excluded, context.rng("uniform heads"))
    modes: tuple[Mode, ...] = ("zero", "uniform", "mean")
    rows = []
    for mode in modes:
        found = np.array(
            [
                _kept(subject, prompt, masks, mode, settings, context)
                for prompt in context.progress(prompts, f"Heads made {mode}")
            ]
        )
        means = found[:, masks.random[number]].mean(axis=0)
        rows.append([mode, float(found[:, 0].mean()), float(found[:, 1].mean()), *(float(one) for one in means)])
    columns = ["heads are", "none masked", f"top {number}", *(f"{number} random, draw {one}" for one in (1, 2, 3))]
    report.table(f"Three ways to mask, recall on {len(prompts)} prompts", columns, rows)


def _draw(report: Report, recalls: np.ndarray, masks: Masks, settings: RetrievalHeadsSettings) -> None:
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    numbers = [0, *settings.heads]
    full = float(recalls[:, 0].mean())
    random = [recalls[:, masks.random[number]].mean(axis=0) for number in settings.heads]
    top = [full, *(float(recalls[:, masks.top[number]].mean()) for number in settings.heads)]
    axes.plot(numbers, top, "D-", color="black", label="top heads")
    axes.plot(numbers, [full, *(float(one.mean()) for one in random)], "o--", color="0.45", label="random heads, mean")
    low, high = ([full, *(float(f(one)) for one in random)] for f in (np.min, np.max))
    axes.fill_between(numbers, low, high, color="0.8", label="random heads, range of draws")
    axes.set(xlabel="heads masked", ylabel="recall of the answer", ylim=(0, 1.05))
    axes.set_xticks(numbers)
    axes.legend(frameon=False, fontsize=8)
    report.figure(
        "Answers without heads",
        figure,
        f"Share of the answer's words that are written with heads masked, on {len(recalls)} prompts whose facts were "
        "not used to find the heads.",
    )
