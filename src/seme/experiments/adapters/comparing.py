"""Ranks against the full one, residuals against a free map, and nothing against nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure

from seme.embeddings.adapters import AdapterSettings, LowRankAdapter, RetrievalAdapter, select_adapter
from seme.experiment import Context
from seme.experiments.adapters.measuring import RATES, Row, kept_fit, moved, values
from seme.experiments.adapters.tasks import Task
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p50_adapters import AdaptersSettings

_MEASURE = "nDCG@3"
_RATES = (5e-5, 2e-4, 1e-3)


def add(report: Report, encoder: str, tasks: list[Task], settings: AdaptersSettings, context: Context) -> None:
    """Compare linear adapters of both sides on the heterogeneous tasks, or on all if there are none."""
    chosen = [task for task in tasks if task.heterogeneous] or tasks
    ranks: list[int | None] = [*sorted({*settings.ranks, settings.rank}), None]
    found = {rank: _ranked(rank, encoder, chosen, settings, context) for rank in ranks}
    _add_ranks(report, found, settings, encoder)
    _add_free_map(report, encoder, chosen, settings, context)
    differences = [_at_first(task, settings.rank) for task in tasks]
    report.claim(
        Claim.at_most(
            "An untrained adapter changes no measure of any task (largest difference)",
            measured=max(differences),
            ceiling=0.0,
        )
    )


def _ranked(
    rank: int | None, encoder: str, tasks: list[Task], settings: AdaptersSettings, context: Context
) -> list[Row]:
    """Return a row for each seed: means over tasks of the test, and of training and test without early stopping."""
    made = AdapterSettings(rank=rank, mode="both", epochs=settings.epochs)
    rows = []
    for seed in context.progress(range(settings.compared), f"Training rank {rank or 'full'}"):
        parts = [
            kept_fit(
                (task.name, encoder, seed, settings.few, _RATES, asdict(made)),
                partial(_few, task, made, seed + context.seed, settings.few),
                settings,
                context,
            )
            for task in tasks
        ]
        rows.append({name: float(np.mean([one[name] for one in parts])) for name in parts[0]})
    return rows


def _few(task: Task, made: AdapterSettings, seed: int, few: int) -> Row:
    pairs = task.train.some(np.arange(min(few, len(task.train.queries))))
    # A rate that suits one rank moves another too far, so each rank has the rate that is best for it in validation.
    stopped = select_adapter([replace(made, rate=rate) for rate in _RATES], pairs, task.validation, seed=seed).adapter
    last = RetrievalAdapter(stopped.settings, seed=seed).fit(pairs)
    start = _mean(values(pairs, pairs.queries, pairs.documents)) - _mean(
        values(task.test, task.test.queries, task.test.documents)
    )
    end = _mean(moved(last, pairs)) - _mean(moved(last, task.test))
    return {
        "test": _mean(moved(stopped, task.test)),
        "last": _mean(moved(last, task.test)),
        "gap": end - start,
        "parameters": last.parameter_count,
    }


def _add_ranks(report: Report, found: dict[int | None, list[Row]], settings: AdaptersSettings, encoder: str) -> None:
    means = {
        rank: {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} for rank, rows in found.items()
    }
    low, full = means[settings.rank], means[None]
    ratios = [a["test"] / b["test"] for a, b in zip(found[settings.rank], found[None], strict=True)]
    report.claim(
        Claim.at_least(
            f"Rank {settings.rank} is as good as the full rank ({_MEASURE}, ratio, {settings.few} pairs)",
            measured=low["test"] / full["test"],
            floor=0.98,
            spread=(min(ratios), max(ratios)),
        )
    )
    report.claim(
        Claim.ratio_at_least(
            f"The full rank has more parameters than rank {settings.rank}",
            measured=full["parameters"],
            baseline=low["parameters"],
            factor=5.0,
        )
    )
    report.claim(
        Claim.ordered(
            f"The full rank overfits more: {_MEASURE} of training less that of the test, grown by the last epoch",
            {f"rank {settings.rank}": low["gap"], "full rank": full["gap"]},
            note="Without early stopping.",
        )
    )
    _show_ranks(report, means, settings, encoder)


def _show_ranks(
    report: Report, means: dict[int | None, dict[str, float]], settings: AdaptersSettings, encoder: str
) -> None:
    report.table(
        f"Ranks of linear adapters of both sides ({encoder}, {settings.few} pairs, means over heterogeneous tasks)",
        ["rank", "parameters", f"{_MEASURE}, best in validation", f"{_MEASURE}, last epoch", "growth of the gap"],
        [
            ["full" if rank is None else str(rank), one["parameters"], one["test"], one["last"], one["gap"]]
            for rank, one in means.items()
        ],
    )
    figure = Figure(figsize=(4.5, 3), layout="constrained")
    axes = figure.subplots()
    labels = ["full" if rank is None else str(rank) for rank in means]
    for name, style, label in (("test", "k-o", "best in validation"), ("last", "k--s", "last epoch")):
        axes.plot(labels, [one[name] for one in means.values()], style, ms=4, lw=1, label=label)
    axes.set(xlabel="rank", ylabel=f"{_MEASURE} of the test")
    axes.legend(fontsize=8, frameon=False)
    report.figure("Ranks", figure, "Quality of linear adapters by rank, means over heterogeneous tasks and seeds.")


def _add_free_map(
    report: Report, encoder: str, tasks: list[Task], settings: AdaptersSettings, context: Context
) -> None:
    residual = AdapterSettings(rank=settings.rank, mode="both", rate=RATES["identity"], epochs=settings.epochs)
    free = replace(residual, residual=False, rank=None)
    means: dict[str, list[float]] = {"residual": [], "free": []}
    for seed in context.progress(range(settings.compared), "Training free maps"):
        for name, made in (("residual", residual), ("free", free)):
            parts = [
                kept_fit(
                    ("form", task.name, encoder, seed, asdict(made)),
                    partial(_stopped, task, made, seed + context.seed),
                    settings,
                    context,
                )["test"]
                for task in tasks
            ]
            means[name].append(float(np.mean(parts)))
    report.claim(
        Claim.ordered(
            f"A residual is better than a map W v from a random W ({_MEASURE}, {encoder})",
            {"W v": float(np.mean(means["free"])), "v + B A v": float(np.mean(means["residual"]))},
        )
    )
    report.baseline("Free map W v of both sides", {_MEASURE: float(np.mean(means["free"]))})


def _stopped(task: Task, made: AdapterSettings, seed: int) -> Row:
    adapter = RetrievalAdapter(made, seed=seed).fit(task.train, validation=task.validation)
    return {"test": _mean(moved(adapter, task.test))}


def _at_first(task: Task, rank: int) -> float:
    """Return the largest difference that an untrained adapter makes to a measure of a query."""
    module = LowRankAdapter(task.test.dim, rank, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        queries, documents = (module(torch.from_numpy(one)).numpy() for one in (task.test.queries, task.test.documents))
    before = values(task.test, task.test.queries, task.test.documents)
    after = values(task.test, queries, documents)
    return max(float(np.abs(np.subtract(before[name], after[name])).max()) for name in before)


def _mean(found: dict[str, list[float]]) -> float:
    return float(np.mean(found[_MEASURE]))
