"""The units that tell two tasks apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.selection.embedding import Embedded
from seme.experiments.selection.pooling import Pool
from seme.experiments.selection.scope import too_small
from seme.interp.selection import Profiles, unit_profiles
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p17_selection import SelectionSettings

_UNITS = 100


def add(report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings) -> None:
    """Draw the profiles of the first two topics that are tuned for, else of the first and the last topic."""
    names = settings.tuned[:2] if len(settings.tuned) > 1 else (pool.topics[0], pool.topics[-1])
    codes = embedded.codes[embedded.main]
    members = [np.flatnonzero(pool.labels == pool.topics.index(name)) for name in names]
    found = unit_profiles(codes[members[0]], codes[members[1]], units=_UNITS)
    statement = (
        "The units that vary most tell two tasks apart (share of their variance that lies between the tasks, against "
        "the same of random tasks)"
    )
    paper = "profiles differ clearly"
    if why := too_small(settings):
        report.claim(Claim.not_tested(statement, why, paper))
    else:
        report.claim(
            Claim.ratio_at_least(
                statement,
                measured=found.separation,
                baseline=found.chance,
                factor=10.0,
                paper_value=paper,
                note=f"{names[0]} and {names[1]}.",
            )
        )
    _add_separations(report, pool, embedded)
    _draw(report, found, (names[0], names[1]))


def _add_separations(report: Report, pool: Pool, embedded: Embedded) -> None:
    """Set the separation of each topic from each other beside that of raw activations."""
    rows = []
    for name, codes in (
        ("codes", embedded.codes[embedded.main]),
        ("activations", embedded.activations[embedded.main.layer]),
    ):
        shares = [
            unit_profiles(codes[pool.labels == one], codes[pool.labels == other], units=_UNITS).separation
            for one in range(len(pool.topics))
            for other in range(one)
        ]
        rows.append([name, float(np.mean(shares)), float(np.min(shares)), float(np.max(shares))])
    title = f"Share of variance between two topics, over all pairs ({_UNITS} units that vary most)"
    report.table(title, ["embedding", "mean", "lowest", "highest"], rows)


def _draw(report: Report, found: Profiles, names: tuple[str, str]) -> None:
    order = np.argsort(found.means[0] - found.means[1])
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True, sharey=True)
    for number, (panel, values) in enumerate(zip(axes, (found.first, found.second), strict=True)):
        panel.plot(values[:, order].T, color=f"C{number}", alpha=0.06, lw=0.6, rasterized=True)
        panel.plot(found.means[1 - number][order], color="0.5", lw=1, ls="--")
        panel.plot(found.means[number][order], color="black", lw=1.2)
        panel.set_ylabel("mean activation")
        panel.set_title(names[number], fontsize=9, loc="left")
    axes[0].set_ylim(0, float(np.quantile(np.concatenate([found.first, found.second]), 0.999)))
    axes[1].set_xlabel(f"the {len(order)} units that vary most, by the difference of the tasks")
    report.figure(
        "Units of two tasks",
        figure,
        "Mean activation of the units that vary most over the samples of two topics: a thin line for each sample, the "
        f"thick one is their mean, and the broken one that of the other topic. {found.separation:.0%} of the variance "
        f"lies between the topics, and {found.chance:.1%} would by chance.",
    )
