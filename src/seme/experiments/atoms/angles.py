"""Angles between activations: the metric brings them to a right angle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from seme.experiments.atoms.recording import Recorded, neurons, residual
from seme.interp.atoms import Angles, angle_histogram, atomic_metric
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p01_atoms import AtomsSettings

_RIGHT = 90.0


def add(report: Report, recorded: Recorded, settings: AtomsSettings) -> None:
    """Estimate the metric on one part of the texts and measure angles on the other."""
    sites = [site(layer) for site in (residual, neurons) for layer in settings.angle_layers]
    found: dict[str, tuple[Angles, Angles]] = {}
    rows = []
    for site in sites:
        train, held_out = recorded.train[site], recorded.held_out[site]
        ridge = 0.0 if len(train) >= 4 * train.width else 1e-3
        metric = atomic_metric(train, ridge=ridge)
        x = held_out.rows(slice(None))
        found[site] = angle_histogram(x), angle_histogram(x, metric)
        plain, atomic = found[site]
        rows.append([site, len(train), ridge, plain.mean, plain.deviation, atomic.mean, atomic.deviation])
    off = {site: abs(atomic.mean - _RIGHT) for site, (_, atomic) in found.items()}
    far = [abs(plain.mean - _RIGHT) > 10 for plain, _ in found.values()]
    report.claim(
        Claim.at_most(
            "Under the atomic product activations stand at right angles on average (degrees off)",
            measured=max(off.values()),
            ceiling=2.0,
            paper_value="re-centred at 90 degrees",
            note=f"Largest at {max(off, key=lambda site: off[site])}; metric and angles on different texts.",
        )
    )
    report.claim(
        Claim.at_least(
            "Under the Euclidean product it is more than 10 degrees off at most sites (share)",
            measured=sum(far) / len(far),
            floor=0.5,
        )
    )
    columns = ["site", "rows", "ridge", "Euclidean mean", "deviation", "atomic mean", "deviation, atomic"]
    report.table("Angles between pairs of activations, degrees", columns, rows)
    _add_figure(report, found)


def _add_figure(report: Report, found: dict[str, tuple[Angles, Angles]]) -> None:
    shown = [site for site in found if site.startswith("resid")][:4]
    figure = Figure(figsize=(2.2 * len(shown) + 0.6, 2.4), layout="constrained")
    for axes, site in zip(figure.subplots(1, len(shown), sharey=True, squeeze=False)[0], shown, strict=True):
        for angles, label in zip(found[site], ("Euclidean", "atomic"), strict=True):
            centres = (angles.edges[:-1] + angles.edges[1:]) / 2
            axes.fill_between(centres, angles.counts / angles.counts.sum(), alpha=0.5, label=label, step="mid", lw=0)
        axes.axvline(_RIGHT, color="0.4", lw=0.7)
        axes.set(title=site, xlabel="degrees", xlim=(0, 180), xticks=(0, 90, 180), yticks=())
    figure.axes[0].legend(frameon=False, loc="upper left", fontsize=8)
    report.figure(
        "Angles",
        figure,
        "Angles between random pairs of activations of held-out texts, under the Euclidean product and under the "
        "atomic product whose metric was estimated on other texts.",
    )
