"""From number to time: which distance the states of each layer follow, and what a probe reads out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.clear import clearly_above, clearly_near
from seme.experiments.intervals import interval
from seme.experiments.temporal.reading import Read
from seme.experiments.temporal.years import KINDS, PRESENT, candidates
from seme.interp.temporal import LayerFit, Probe, layer_fits, probe, state_similarity
from seme.interp.temporal.regression import year_weights
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

Rows = npt.NDArray[np.float64]
_PLAIN = ("log", "edit")
_STYLES = {"log": ("-", "o", "logarithm"), "edit": ("--", "s", "digits"), "around": (":", "^", "best reference")}


def add(report: Report, read: Read, settings: TemporalSettings, context: Context) -> None:
    """Fit and probe every layer for both kinds."""
    step = max(1, settings.grid // settings.read)
    years = read.years[::step]
    tried = candidates(settings, years)[::2]
    fits = {
        kind: layer_fits(
            list(read.states[kind][:, ::step]), years, candidates=tried, draws=settings.draws, seed=context.seed
        )
        for kind in context.progress(KINDS, "Fitting layers")
    }
    probes = {
        kind: [
            probe(layer, read.years, PRESENT, seed=context.seed)
            for layer in context.progress(read.states[kind], f"Probing {kind.lower()}s")
        ]
        for kind in KINDS
    }
    _claim(report, fits)
    _claim_probes(report, probes, settings.draws, context.seed)
    _add_table(report, fits, probes, settings)
    _draw(report, fits, probes)
    _draw_matrices(report, read, step)


def _lead(fits: Sequence[LayerFit], first: Sequence[str], others: Sequence[str]) -> tuple[Rows, Rows]:
    """Return how much more the best of some distances explains than the best of others and nothing.

    (layers,), and (layers, b) over samples of years.
    """
    best, rest = (np.array([[getattr(one, name) for name in names] for one in fits]) for names in (first, others))
    drawn = [np.array([[one.draws[name] for name in names] for one in fits]) for names in (first, others)]
    return (
        best.max(axis=1) - np.maximum(0, rest.max(axis=1)),
        drawn[0].max(axis=1) - np.maximum(0, drawn[1].max(axis=1)),
    )


def _claim(report: Report, fits: dict[str, list[LayerFit]]) -> None:
    few, drawn = _lead(fits["Year"][:3], _PLAIN, ("around",))
    report.claim(
        clearly_above(
            "Shallow layers follow logarithm or digits, not a reference (lead in signed R², least of the first three)",
            float(few.min()),
            interval(drawn.min(axis=0)),
            paper_value="numerical in shallow layers",
            note=f"For number prompts {_lead(fits['Number'][:3], _PLAIN, ('around',))[0].min():.3f}.",
        )
    )
    growth = {kind: _growth(found) for kind, found in fits.items()}
    report.claim(
        clearly_above(
            "The reference gains on the logarithm with depth (Spearman of layer and lead in signed R²)",
            growth["Year"][0],
            interval(growth["Year"][1:]),
            paper_value="temporal in deep layers",
            note=f"For number prompts {growth['Number'][0]:.2f}.",
        )
    )
    gap = growth["Year"] - growth["Number"]
    report.claim(
        clearly_above("It gains more for years than for numbers (difference of the two)", gap[0], interval(gap[1:]))
    )
    _claim_deep(report, {kind: found[-(len(found) // 3) or -1 :] for kind, found in fits.items()})


def _claim_deep(report: Report, deep: dict[str, list[LayerFit]]) -> None:
    """State what holds of the last third of the layers."""
    leads = {kind: _lead(found, ("around",), _PLAIN) for kind, found in deep.items()}
    report.claim(
        clearly_above(
            "Deep layers follow a reference rather than logarithm or digits (lead in signed R², mean of the "
            "last third)",
            float(leads["Year"][0].mean()),
            interval(leads["Year"][1].mean(axis=0)),
            paper_value="in larger models",
            note=f"For number prompts {leads['Number'][0].mean():.3f}. The reference is chosen on the same "
            "years, in its favour.",
        )
    )
    over = {kind: _lead(found, ("around",), ("log",)) for kind, found in deep.items()}
    gap, drawn = (over["Year"][place].mean(axis=0) - over["Number"][place].mean(axis=0) for place in range(2))
    report.claim(
        clearly_above(
            "Deep layers have a reference for years more than for numbers (difference of leads)",
            float(gap),
            interval(drawn),
            note=f"Leads over the logarithm {over['Year'][0].mean():.3f} and "
            f"{over['Number'][0].mean():.3f}, last third.",
        )
    )
    where = {kind: float(np.median([one.reference for one in found])) for kind, found in deep.items()}
    samples = {kind: np.median([one.draws["reference"] for one in found], axis=0) for kind, found in deep.items()}
    low, high = interval(samples["Number"])
    report.claim(
        clearly_near(
            "The reference of deep layers is near the present (median of the last third)",
            where["Year"],
            interval(samples["Year"]),
            value=PRESENT,
            tolerance=50,
            paper_value="about 2025 in larger models",
            note=f"For number prompts {where['Number']:g} ({low:g} to {high:g}).",
        )
    )


def _growth(fits: list[LayerFit]) -> Rows:
    """Return Spearman's correlation of layer and lead over the logarithm, and the same for each sample of years."""
    leads = [[one.around - one.log, *(one.draws["around"] - one.draws["log"])] for one in fits]
    return np.array([spearmanr(range(len(fits)), lead).statistic for lead in np.array(leads).T])


def _claim_probes(report: Report, probes: dict[str, list[Probe]], draws: int, seed: int) -> None:
    count = len(probes["Year"][0].errors)
    weights = np.vstack([np.ones(count), year_weights(count, draws, seed)])
    read = {kind: np.stack([one.sampled(weights) for one in found]) for kind, found in probes.items()}
    best = int(read["Year"][:, 0, 1].argmax())
    report.claim(
        clearly_above(
            "A linear probe reads the place of unseen years around the present (R², best layer)",
            read["Year"][best, 0, 1],
            interval(read["Year"][best, 1:, 1]),
            floor=0.5,
            note=f"For number prompts {read['Number'][:, 0, 1].max():.3f}; the years themselves: "
            f"{read['Year'][:, 0, 0].max():.3f}. Ridge, five folds of years at random, so that their "
            "neighbours have been seen.",
        )
    )
    third = len(probes["Year"]) // 3 or 1
    gain = {kind: found[:, :, 1] - found[:, :, 0] for kind, found in read.items()}
    growth = {kind: one[-third:].mean(axis=0) - one[:third].mean(axis=0) for kind, one in gain.items()}
    report.claim(
        clearly_above(
            "Of time and plain number, probes favour time more in deep layers (R² of time less that of year, "
            "last third less first)",
            growth["Year"][0],
            interval(growth["Year"][1:]),
            note=f"For number prompts {growth['Number'][0]:.4f}.",
        )
    )


def _add_table(
    report: Report, fits: dict[str, list[LayerFit]], probes: dict[str, list[Probe]], settings: TemporalSettings
) -> None:
    columns = [
        "asked of",
        "layer",
        "logarithm",
        "digits",
        "best reference",
        "reference",
        "probe: year",
        "probe: time around 2025",
        "probe: decade digit",
        "probe: last digit",
    ]
    rows = [
        [
            kind,
            layer,
            one.log,
            one.edit,
            one.around,
            one.reference,
            read.year,
            read.time,
            read.digits[-2],
            read.digits[-1],
        ]
        for kind in KINDS
        for layer, (one, read) in enumerate(zip(fits[kind], probes[kind], strict=True))
    ]
    report.table(f"States of {settings.model}: signed R² of the distances, and probes", columns, rows)


def _draw(report: Report, fits: dict[str, list[LayerFit]], probes: dict[str, list[Probe]]) -> None:
    figure = Figure(figsize=(10.2, 3.4), layout="constrained")
    axes = figure.subplots(1, 3)
    axes[1].sharey(axes[0])
    for panel, kind in zip(axes, KINDS, strict=False):
        for name, (style, mark, label) in _STYLES.items():
            middle = [getattr(one, name) for one in fits[kind]]
            low, high = np.quantile([one.draws[name] for one in fits[kind]], [0.05, 0.95], axis=1)
            line = panel.plot(middle, ls=style, marker=mark, ms=3, label=label)[0]
            panel.fill_between(range(len(middle)), low, high, alpha=0.2, color=line.get_color(), lw=0)
        panel.set(title=f"{kind}: similarity of states", xlabel="layer", ylabel="signed R²")
    axes[0].legend(fontsize=7)
    for kind, colour in zip(KINDS, ("black", "0.55"), strict=True):
        axes[2].plot([one.time for one in probes[kind]], color=colour, label=f"{kind}: time")
        axes[2].plot([one.year for one in probes[kind]], "--", color=colour, label=f"{kind}: year")
        axes[2].plot([one.digits[-2] for one in probes[kind]], ":", color=colour, label=f"{kind}: decade digit")
    axes[2].set(title="probes", xlabel="layer", ylabel="R², or share right", ylim=(0.5, 1.02))
    axes[2].legend(fontsize=6)
    report.figure(
        "Layers",
        figure,
        "Left and middle: what each distance explains of the cosines of standardised states, with 90 % over samples of "
        "years. Right: what a ridge regression reads of unseen years.",
    )


def _draw_matrices(report: Report, read: Read, step: int) -> None:
    layers = len(read.states["Year"])
    chosen = sorted({0, layers // 2, layers - 1})
    figure = Figure(figsize=(2.9 * len(chosen) + 0.6, 5.6), layout="constrained")
    axes = figure.subplots(2, len(chosen), squeeze=False, sharex=True, sharey=True)
    ends = (int(read.years[0]), int(read.years[-1]))
    for row, kind in zip(axes, KINDS, strict=True):
        for panel, layer in zip(row, chosen, strict=True):
            s = state_similarity(read.states[kind][layer][::step])
            shown = panel.imshow(s, cmap="cividis", extent=(*ends, *ends[::-1]), vmin=-0.5, vmax=1)
            panel.set_title(f"{kind}, layer {layer}", fontsize=9)
        row[0].set_ylabel("year")
    for panel in axes[-1]:
        panel.set_xlabel("year")
    figure.colorbar(shown, ax=axes, shrink=0.6, label="cosine of standardised states")
    report.figure("Year-similarity matrices", figure, "Cosines of the states of years and of numbers, by layer.")
