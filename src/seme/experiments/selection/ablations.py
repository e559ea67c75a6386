"""What the method depends on: K, the layer, and how tokens are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.selection.drawing import Floats, draw_tasks, precisions
from seme.experiments.selection.embedding import Embedded, Kind
from seme.experiments.selection.pooling import Pool
from seme.experiments.selection.scope import too_small
from seme.interp.selection import budget_count, select, task_scores
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p17_selection import SelectionSettings

_FLAT = 0.03
_PAPER = "quality rises with K and flattens; very small K is much worse"


def add(report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context) -> None:
    """Vary one thing at a time."""
    _add_sweep(report, pool, embedded, settings, context)
    _add_layers(report, pool, embedded, settings, context)
    _add_lengths(report, pool, embedded, settings, context)
    _add_duplicates(report, pool, embedded, settings, context)


def _add_sweep(report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context) -> None:
    main = embedded.main
    kinds = sorted(kind for kind in embedded.codes if (kind.layer, kind.seed) == (main.layer, main.seed))
    found = {kind.k: _of_codes(embedded, kind, pool, settings, context) for kind in kinds}
    means = {k: float(values.mean()) for k, values in found.items()}
    rises = "A single unit per token selects less precisely than 32 (precision, by K)"
    why = too_small(settings)
    if {1, 32} <= set(means) and not why:
        report.claim(Claim.ordered(rises, {f"{k} active": means[k] for k in (1, 32)}, paper_value=_PAPER))
    else:
        report.claim(Claim.not_tested(rises, why or f"K is {sorted(means)}.", _PAPER))
    flat = "From 64 units to 192 it hardly changes (difference in precision)"
    if {64, 192} <= set(means) and not why:
        report.claim(Claim.at_most(flat, measured=abs(means[192] - means[64]), ceiling=_FLAT, paper_value=_PAPER))
    else:
        report.claim(Claim.not_tested(flat, why or f"K is {sorted(means)}.", _PAPER))
    _draw_sweep(report, found)


def _draw_sweep(report: Report, found: dict[int, Floats]) -> None:
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    ks = sorted(found)
    for label in range(len(found[ks[0]])):
        axes.plot(ks, [found[k][label].mean() for k in ks], color="0.8", lw=0.8)
    axes.plot(ks, [found[k].mean() for k in ks], marker="o", color="C0", label="mean")
    axes.set(xscale="log", xlabel="K, active units per token", ylabel="precision", ylim=(0, 1))
    axes.set_xticks(ks, [str(k) for k in ks], minor=False)
    axes.minorticks_off()
    axes.legend(frameon=False)
    report.figure(
        "Precision by K",
        figure,
        "Precision of the selection by the number of active units per token; a grey line for each topic.",
    )


def _add_layers(report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context) -> None:
    main = embedded.main
    kinds = sorted(kind for kind in embedded.codes if (kind.k, kind.seed) == (main.k, main.seed))
    rows, means = [], {}
    for kind in kinds:
        values = _of_codes(embedded, kind, pool, settings, context)
        raw = embedded.activations[kind.layer]

        def score(examples: np.ndarray, raw: np.ndarray = raw) -> Floats:
            return task_scores(raw, raw[examples], metric="cosine")

        means[kind.layer] = float(values.mean())
        rows.append([kind.layer, means[kind.layer], float(precisions(score, pool, settings, context).mean())])
    report.table("Precision by layer", ["layer", "codes, Jaccard", "activations, cosine"], rows)
    statement = "The last layer but one selects more precisely than the best of the earlier ones (precision)"
    paper = "the deepest layer is the best"
    earlier = {layer: mean for layer, mean in means.items() if layer < main.layer}
    why = too_small(settings)
    if why or not earlier:
        report.claim(Claim.not_tested(statement, why or "No earlier layers were asked for.", paper))
        return
    strongest = max(earlier, key=lambda layer: earlier[layer])
    figures = {f"layer {layer}": means[layer] for layer in (strongest, main.layer)}
    report.claim(Claim.ordered(statement, figures, strict=False, paper_value=paper))


def _add_lengths(report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context) -> None:
    """Ask whether a sample's score depends on how near its length is to that of the examples."""
    ways = {"mean": embedded.codes[embedded.main], "sum": embedded.summed}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _, _, task in draw_tasks(pool, settings, context):
        away = np.abs(pool.lengths - pool.lengths[task.examples].mean())
        for name, codes in ways.items():
            scores = task_scores(codes, codes[task.examples])
            found[name].append(abs(float(spearmanr(away, scores).statistic)))
    report.claim(
        Claim.ordered(
            "Scores depend less on a sample's length when codes are averaged than when they are summed (size of the "
            "Spearman correlation of the score with the distance from the examples' mean length)",
            {name: float(np.mean(values)) for name, values in found.items()},
            spread=float(np.std(found["mean"])),
            paper_value="sums favour samples as long as the average example",
        )
    )


def _add_duplicates(
    report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context
) -> None:
    """Count near duplicates among what is selected, and what passing them over changes."""
    codes = embedded.codes[embedded.main]
    count = budget_count(settings.budget, len(pool.samples))
    rows = []
    for label, draw, task in draw_tasks(pool, settings, context):
        if draw == 0:
            plain = select(codes, codes[task.examples], count, excluded=task.excluded)
            apart = select(codes, codes[task.examples], count, excluded=task.excluded, near=settings.near)
            shares = [float(np.mean(pool.labels[one.indices] == label)) for one in (plain, apart)]
            rows.append([pool.topics[label], shares[0], shares[1], len(apart.skipped)])
    title = f"Near duplicates (Jaccard similarity of {settings.near:g} or more) passed over"
    report.table(title, ["topic", "precision without", "precision with", "passed over"], rows)


def _of_codes(embedded: Embedded, kind: Kind, pool: Pool, settings: SelectionSettings, context: Context) -> Floats:
    codes = embedded.codes[kind]
    return precisions(lambda examples: task_scores(codes, codes[examples]), pool, settings, context)
