"""Neurons that prefer years to numbers: how many, where, and whether their activation is logarithmic in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import clearly_above, clearly_near
from seme.experiments.intervals import interval
from seme.experiments.temporal.reading import Read
from seme.experiments.temporal.years import PRESENT
from seme.interp.temporal import Coding, TemporalNeurons, coding, matched_controls, temporal_neurons
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

Flat = dict[str, npt.NDArray[np.float16]]
"""For `Year` and `Number`: activations of all layers' neurons, (years, neurons)."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The neurons that prefer years most, and what stands beside them."""

    chosen: npt.NDArray[np.bool_]
    year: Coding
    number: Coding
    controls: list[Coding]
    samples: list[Coding]
    profiles: dict[str, npt.NDArray[np.float64]]
    band: npt.NDArray[np.float64]


def add(report: Report, read: Read, settings: TemporalSettings, context: Context) -> None:
    """Select the neurons and describe them beside their controls."""
    layers, count, width = read.neurons["Year"].shape
    flat = {kind: np.moveaxis(values, 0, 1).reshape(count, -1) for kind, values in read.neurons.items()}
    found = temporal_neurons(flat["Year"], flat["Number"])
    shares = found.selected.reshape(layers, width).mean(axis=1)
    group = _group(flat, found, read.years, settings, context)
    _claim_shares(report, found, shares, _sampled_shares(flat, layers, settings, context))
    _claim_coding(report, group, found, settings)
    _add_layers(report, read, group, shares, settings)
    _draw(report, group, shares, read.years)


def _group(
    flat: Flat,
    found: TemporalNeurons,
    years: npt.NDArray[np.int64],
    settings: TemporalSettings,
    context: Context,
) -> _Group:
    most = max(2, round(settings.top * len(found.effect)))
    chosen = np.zeros(len(found.effect), dtype=bool)
    chosen[np.argsort(-found.effect, kind="stable")[:most]] = True
    drawn = matched_controls(found.gap, chosen, draws=settings.draws, seed=context.seed)
    controls = np.stack([flat["Year"][:, rows].mean(axis=1, dtype=np.float64) for rows in drawn])
    profiles = {kind: values[:, chosen].mean(axis=1, dtype=np.float64) for kind, values in flat.items()}
    fits = [coding(one, years) for one in controls]
    scaled = np.stack([_scaled(one.smooth) for one in fits])
    return _Group(
        chosen,
        coding(profiles["Year"], years),
        coding(profiles["Number"], years),
        fits,
        _sampled(flat["Year"][:, chosen], years, settings.draws, context.seed),
        profiles,
        np.quantile(scaled, [0.05, 0.5, 0.95], axis=0),
    )


def _scaled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    scaled: npt.NDArray[np.float64] = (values - values.mean()) / max(1e-12, values.std())
    return scaled


def _sampled(group_rows: npt.NDArray[np.float16], years: npt.NDArray[np.int64], draws: int, seed: int) -> list[Coding]:
    """Return the coding of samples of the group's neurons, with replacement; (years, neurons)."""
    count = group_rows.shape[1]
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws) / count
    return [coding(profile, years) for profile in weights @ group_rows.T.astype(np.float64)]


def _sampled_shares(flat: Flat, layers: int, settings: TemporalSettings, context: Context) -> npt.NDArray[np.float64]:
    """Return the share of each layer's neurons that is selected over samples of years, (b, layers)."""
    count = len(flat["Year"])
    found = []
    for number in context.progress(range(2 * settings.seeds), "Samples of years"):
        rows = context.rng("shares", number).integers(count, size=count)
        one = temporal_neurons(flat["Year"][rows], flat["Number"][rows])
        found.append(one.selected.reshape(layers, -1).mean(axis=1))
    return np.array(found)


def _claim_shares(
    report: Report, found: TemporalNeurons, shares: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]
) -> None:
    third, half = max(1, len(shares) // 3), len(shares) // 2
    low, high = 100 * drawn.mean(axis=1).min(), 100 * drawn.mean(axis=1).max()
    report.claim(
        Claim.equal(
            "Between 0.1 and 5 % of the neurons prefer years to numbers (share in per cent)",
            measured=100 * found.share,
            value=2.55,
            tolerance=2.45,
            paper_value="0.67 to 1.71 %",
            spread=(float(low), float(high)),
            note="Cohen's d of 0.8 or more over the years and p < 0.05 after Bonferroni's correction; "
            f"the paper's own criterion is not known. The spread is over {len(drawn)} samples of years.",
        )
    )
    gaps = drawn[:, half:].mean(axis=1) - drawn[:, :third].mean(axis=1)
    first, second = float(shares[:third].mean()), float(shares[half:].mean())
    report.claim(
        clearly_above(
            "Temporal neurons are commoner in the second half of the layers than in the first third "
            "(difference of shares)",
            second - first,
            interval(gaps),
            paper_value="mostly middle to late layers",
            note=f"{first:.3f} of the first third and {second:.3f} of the second half.",
        )
    )


def _claim_coding(report: Report, group: _Group, found: TemporalNeurons, settings: TemporalSettings) -> None:
    shape = group.year
    kept = int(found.selected[group.chosen].sum())
    about = f"The {int(group.chosen.sum())} neurons with the largest effect, {kept} of them selected."
    report.claim(
        clearly_above(
            "Their mean activation is logarithmic rather than linear away from its trough (gain in AIC)",
            shape.aic_gain,
            interval([one.aic_gain for one in group.samples]),
            paper_value="logarithmic",
            note=f"{about} R² {shape.r2_log:.3f} of the logarithm, {shape.r2_linear:.3f} of the line; "
            f"for the number prompts {group.number.r2_log:.3f} and {group.number.r2_linear:.3f}. "
            "Samples of these neurons.",
        )
    )
    slopes = interval([min(one.left, one.right) for one in group.samples])
    report.claim(
        Claim.ordered(
            "Their activation grows away from the trough on both sides (smaller slope, lower end of the 95 % interval)",
            {"nothing": 0.0, "smaller logarithmic slope": slopes[0]},
            spread=slopes,
            note=f"Measured {min(shape.left, shape.right):.4f}; zero where the trough is at an end of the years.",
        )
    )
    _claim_trough(report, group)
    drawn = np.array([one.r2_log for one in group.controls])
    report.claim(
        Claim.at_least(
            "They are more logarithmic than others with as large a gap (share of control groups below)",
            measured=float((drawn < shape.r2_log).mean()),
            floor=0.95,
            note=f"R² of {settings.draws} groups: median {np.median(drawn):.3f}.",
        )
    )
    for name, values in (("R² of the logarithm", drawn), ("gain in AIC", [one.aic_gain for one in group.controls])):
        report.baseline(f"Control neurons with as large a gap, {name} (mean)", {name: float(np.mean(values))})


def _claim_trough(report: Report, group: _Group) -> None:
    low, high = (float(one) for one in np.quantile([one.trough for one in group.controls], [0.05, 0.95]))
    report.claim(
        clearly_near(
            "Their activation is least at the reference (trough)",
            group.year.trough,
            interval([one.trough for one in group.samples]),
            value=PRESENT,
            tolerance=50,
            paper_value="about 2025",
            note=f"The same neurons for number prompts: {group.number.trough}; 90 % of the groups of control "
            f"neurons have theirs between {low:.0f} and {high:.0f}.",
        )
    )


def _add_layers(
    report: Report, read: Read, group: _Group, shares: npt.NDArray[np.float64], settings: TemporalSettings
) -> None:
    width = read.neurons["Year"].shape[2]
    rows = []
    for layer, share in enumerate(shares):
        members = group.chosen[layer * width : (layer + 1) * width]
        row: list[object] = [layer, 100 * float(share), int(members.sum())]
        if members.sum() >= 3:
            shape = coding(read.neurons["Year"][layer][:, members].mean(axis=1, dtype=np.float64), read.years)
            row += [shape.trough, shape.r2_log, shape.r2_linear, shape.aic_gain]
        else:
            row += [None] * 4
        rows.append(row)
    columns = [
        "layer",
        "temporal neurons, %",
        "of the top group",
        "trough",
        "R² of the logarithm",
        "R² of the line",
        "gain in AIC",
    ]
    report.table(f"Temporal neurons of {settings.model} by layer", columns, rows)


def _draw(report: Report, group: _Group, shares: npt.NDArray[np.float64], years: npt.NDArray[np.int64]) -> None:
    figure = Figure(figsize=(9.0, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.6))
    left.bar(range(len(shares)), 100 * shares, color="0.4")
    left.axhline(100 * float(shares.mean()), color="black", lw=0.8, ls="--")
    left.set(xlabel="layer", ylabel="% of its neurons", title="neurons that prefer years")
    right.fill_between(years, group.band[0], group.band[2], color="0.6", alpha=0.35, lw=0, label="controls, 90 %")
    right.plot(years, group.band[1], color="0.45", lw=1, ls=":", label="controls, median")
    right.plot(years, _scaled(group.number.smooth), "--", color="black", lw=1.2, label="same neurons, Number")
    right.plot(years, _scaled(group.year.smooth), color="black", lw=1.8, label="top group, Year")
    right.axvline(group.year.trough, color="black", lw=0.8)
    right.axvline(PRESENT, color="0.5", lw=0.8, ls=":")
    right.set(xlabel="year", ylabel="activation, in deviations", title="mean activation, over 51 years")
    right.set_ylim(bottom=right.get_ylim()[0] - 1.6)  # room for the legend
    right.legend(fontsize=7, ncols=2, loc="lower right")
    report.figure(
        "Temporal neurons",
        figure,
        "Left: share of each layer's neurons that is more active for a year than for the same number (dashed: all). "
        "Right: smoothed activation of those with the largest effect, with its trough (line) and the present (dotted), "
        "beside that for number prompts and that of other neurons whose gap is as large.",
    )
