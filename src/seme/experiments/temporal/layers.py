"""From number to time: which distance the states of each layer follow, and what a probe reads out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from seme.experiment import Context
from seme.experiments.temporal.reading import Read
from seme.experiments.temporal.years import KINDS, PRESENT, candidates
from seme.interp.temporal import LayerFit, Probe, layer_fits, probe, state_similarity
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

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
    _claim_probes(report, probes)
    _add_table(report, fits, probes, settings)
    _draw(report, fits, probes)
    _draw_matrices(report, read, step)


def _lead(fit: LayerFit) -> float:
    return fit.around - fit.log


def _claim(report: Report, fits: dict[str, list[LayerFit]]) -> None:
    shallow = [max(one.log, one.edit) - one.around for one in fits["Year"][:3]]
    report.claim(
        Claim.at_least("Shallow layers follow logarithm or digits, not a reference (signed R², first three, least)",
                       measured=min(shallow), floor=0.0, spread=(min(shallow), max(shallow)),
                       paper_value="numerical in shallow layers")
    )  # fmt: skip
    growth = {kind: _growth(found) for kind, found in fits.items()}
    draws = np.array([_growth_of(fits["Year"], number) for number in range(len(fits["Year"][0].draws["log"]))])
    low, high = (float(one) for one in np.nanquantile(draws, [0.025, 0.975]))
    report.claim(
        Claim.at_least("The reference gains on the logarithm with depth (Spearman of layer and lead in signed R²)",
                       measured=growth["Year"], floor=0.0, spread=(low, high), paper_value="temporal in deep layers",
                       note=f"For number prompts {growth['Number']:.2f}. The spread is over samples of years.")
    )  # fmt: skip
    deep = {kind: found[-(len(found) // 3) or -1 :] for kind, found in fits.items()}
    lead = {
        kind: float(np.mean([one.around - max(one.log, one.edit) for one in found])) for kind, found in deep.items()
    }
    report.claim(
        Claim.at_least("Deep layers follow a reference rather than logarithm or digits (signed R², mean of last third)",
                       measured=lead["Year"], floor=0.0, paper_value="in larger models",
                       note=f"For number prompts {lead['Number']:.3f}. The reference is chosen on the same years.")
    )  # fmt: skip
    over = {kind: float(np.mean([_lead(one) for one in found])) for kind, found in deep.items()}
    report.claim(
        Claim.at_least("Deep layers have a reference for years more than for numbers (difference of leads)",
                       measured=over["Year"] - over["Number"], floor=0.0,
                       note=f"Leads over the logarithm {over['Year']:.3f} and {over['Number']:.3f}, last third.")
    )  # fmt: skip
    found = np.array([one.reference for one in deep["Year"]])
    report.claim(
        Claim.equal("The reference of deep layers is near the present (median of the last third)",
                    measured=float(np.median(found)), value=PRESENT, tolerance=50,
                    spread=(float(found.min()), float(found.max())), paper_value="about 2025 in larger models",
                    note=f"For number prompts {np.median([one.reference for one in deep['Number']]):.0f}.")
    )  # fmt: skip


def _growth(fits: list[LayerFit]) -> float:
    return float(spearmanr(range(len(fits)), [_lead(one) for one in fits]).statistic)


def _growth_of(fits: list[LayerFit], draw: int) -> float:
    leads = [one.draws["around"][draw] - one.draws["log"][draw] for one in fits]
    return float(spearmanr(range(len(fits)), leads).statistic)


def _claim_probes(report: Report, probes: dict[str, list[Probe]]) -> None:
    gain = {kind: [one.time - one.year for one in found] for kind, found in probes.items()}
    best = max(probes["Year"], key=lambda one: one.time)
    report.claim(
        Claim.at_least("A linear probe reads the place of unseen years around the present (R², best layer)",
                       measured=best.time, floor=0.5,
                       note=f"For number prompts {max(one.time for one in probes['Number']):.3f}; the years "
                            f"themselves: {max(one.year for one in probes['Year']):.3f}. Ridge, five folds "
                            "of years at random, so that their neighbours have been seen.")
    )  # fmt: skip
    third = len(gain["Year"]) // 3 or 1
    early, late = float(np.mean(gain["Year"][:third])), float(np.mean(gain["Year"][-third:]))
    report.claim(
        Claim.ordered("Of time and plain number, probes favour time more in deep layers (R² of time less that of year)",
                      {"first third": early, "last third": late},
                      note=f"For number prompts {np.mean(gain['Number'][:third]):.3f} and "
                           f"{np.mean(gain['Number'][-third:]):.3f}.")
    )  # fmt: skip


def _add_table(
    report: Report, fits: dict[str, list[LayerFit]], probes: dict[str, list[Probe]], settings: TemporalSettings
) -> None:
    columns = ["asked of", "layer", "logarithm", "digits", "best reference", "reference", "probe: year",
               "probe: time around 2025", "probe: decade digit", "probe: last digit"]  # fmt: skip
    rows = [
        [kind, layer, one.log, one.edit, one.around, one.reference, read.year, read.time, read.digits[-2],
         read.digits[-1]]
        for kind in KINDS
        for layer, (one, read) in enumerate(zip(fits[kind], probes[kind], strict=True))
    ]  # fmt: skip
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
    axes[2].set(title="probes", xlabel="layer", ylabel="R², or share right", ylim=(0, 1.05))
    axes[2].legend(fontsize=6)
    report.figure(
        "Layers", figure,
        "Left and middle: what each distance explains of the cosines of standardised states, with 90 % over samples of "
        "years. Right: what a ridge regression reads of unseen years.",
    )  # fmt: skip


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
    figure.colorbar(shown, ax=axes, shrink=0.6, label="cosine of standardised states")
    report.figure("Year-similarity matrices", figure, "Cosines of the states of years and of numbers, by layer.")
