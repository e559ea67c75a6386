"""Third question: what people's categories and clusters cost in bits and lose in distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.concepts import weighing
from seme.experiments.concepts.embedding import Space
from seme.experiments.concepts.items import Things
from seme.interp.concepts import (
    Curve,
    Tradeoff,
    cluster,
    conditional_entropy,
    rate_distortion,
    shuffled,
    tradeoff,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p40_concepts import ConceptsSettings

_SLOPES = np.geomspace(0.3, 60, 14)
"""Bits that the whole variance is worth, along the curve."""


@dataclass(frozen=True, slots=True)
class _Costs:
    """What the partitions of one space cost; distances are shares of its variance."""

    people: Tradeoff
    machine: Tradeoff
    chance: list[Tradeoff]
    clusters: dict[int, Tradeoff]
    entropies: dict[int, float]
    curve: Curve
    bounded: float

    @property
    def score(self) -> float:
        """Deviations by which people's objective lies above that of chance."""
        drawn = np.array([one.objective for one in self.chance])
        return float((self.people.objective - drawn.mean()) / drawn.std())


def add(report: Report, things: Things, spaces: list[Space], settings: ConceptsSettings, context: Context) -> None:
    """Set people's partition beside clusters, chance and the least that any coding needs, in every space."""
    costs = {space.name: _measure(space, things, settings, context) for space in context.progress(spaces, "Trade-offs")}
    k, all_of_them = len(things.names), list(costs.values())
    ordered = [c.machine.objective < c.people.objective < min(o.objective for o in c.chance) for c in all_of_them]
    report.claim(
        Claim.at_least(
            "Clusters cost less than people's categories, and those less than chance (share of spaces)",
            measured=float(np.mean(ordered)),
            floor=1.0,
            paper_value="for all models",
            note=f"Objective at {k} clusters, beta {settings.beta:g}, distances as shares of the variance. "
            "That k-means costs less is nearly a tautology, since it minimises the distance.",
        )
    )
    report.claim(
        Claim.at_most(
            "People's categories are far better than chance by the machine's own measure (z, worst space)",
            measured=max(c.score for c in all_of_them),
            ceiling=-10.0,
            note=f"Against {settings.chance} random partitions of the same sizes.",
        )
    )
    people = conditional_entropy(things.categories)
    report.claim(
        Claim.at_most(
            "Clusters leave less open than people's categories (H(X|C) of k-means less people's, largest)",
            measured=max(c.entropies[k] - people for c in all_of_them),
            ceiling=0.0,
            paper_value="machines have the lower entropy",
            note="Categories were cut to about as many words each, which makes people's partition nearly the "
            "evenest there is, and its conditional entropy the lowest; the paper's are uneven.",
        )
    )
    report.claim(
        Claim.at_least(
            "No partition is below the rate-distortion curve of its own means (share of partitions)",
            measured=min(c.bounded for c in all_of_them),
            floor=1.0,
            note="A theorem; checked on all.",
        )
    )
    _add_table(report, costs, people)
    _draw(report, costs)
    weighing.add(
        report, things, spaces, {name: (c.clusters, c.entropies) for name, c in costs.items()}, settings, context
    )


def _measure(space: Space, things: Things, settings: ConceptsSettings, context: Context) -> _Costs:
    k, x = len(things.names), weighing.scaled(space.rows)

    def cost(labels: object) -> Tradeoff:
        return tradeoff(x, labels, beta=settings.beta)  # type: ignore[arg-type]

    sizes = sorted({*(size for size in settings.sizes if size <= len(x)), k})
    found = {size: cluster(x, size, starts=settings.curve_starts, seed=context.seed)[0] for size in sizes}
    partitions = [np.unique(things.categories, return_inverse=True)[1], *found.values()]
    curves = [_curve(x, labels) for labels in partitions]
    bounded = [
        curve.least_bits(cost(labels).distance) <= cost(labels).bits + 1e-9
        for curve, labels in zip(curves, partitions, strict=True)
    ]
    drawn = shuffled(things.categories, settings.chance, context.rng("chance", space.name))
    return _Costs(
        cost(things.categories),
        cost(found[k]),
        [cost(labels) for labels in drawn],
        {size: cost(labels) for size, labels in found.items()},
        {size: conditional_entropy(labels) for size, labels in found.items()},
        curves[-1],
        float(np.mean(bounded)),
    )


def _curve(x: np.ndarray, labels: np.ndarray) -> Curve:
    means = np.stack([x[labels == one].mean(axis=0) for one in np.unique(labels)])
    squares = np.square(x).sum(axis=1)[:, None] - 2 * x @ means.T + np.square(means).sum(axis=1)
    return rate_distortion(np.maximum(squares, 0), _SLOPES.tolist(), tolerance=1e-5, most=500)


def _add_table(report: Report, costs: dict[str, _Costs], people: float) -> None:
    columns = [
        "space",
        "bits, people",
        "distance, people",
        "bits, k-means",
        "distance, k-means",
        "distance, chance",
        "z of people",
        "least bits at people's distance",
        "H(X|C) people",
        "H(X|C) k-means",
    ]
    rows = []
    for name, c in costs.items():
        k = next(size for size, one in c.clusters.items() if one == c.machine)
        rows.append(
            [
                name,
                c.people.bits,
                c.people.distance,
                c.machine.bits,
                c.machine.distance,
                float(np.mean([one.distance for one in c.chance])),
                c.score,
                c.curve.least_bits(c.people.distance),
                people,
                c.entropies[k],
            ]
        )
    report.table("Bits and distance at as many clusters as categories", columns, rows)


def _draw(report: Report, costs: dict[str, _Costs]) -> None:
    count = len(costs)
    figure = Figure(figsize=(3.1 * min(count, 3), 2.9 * -(-count // 3)), layout="constrained")
    axes = figure.subplots(-(-count // 3), min(count, 3), squeeze=False, sharex=True, sharey=True)
    for panel in axes.flat[count:]:
        panel.set_axis_off()
    for panel, (name, c) in zip(axes.flat, costs.items(), strict=False):
        points = list(c.clusters.values())
        panel.plot([p.bits for p in points], [p.distance for p in points], "o-", ms=3, label="k-means")
        panel.plot(c.curve.bits, c.curve.distortion, "--", color="0.4", label="least bits")
        panel.plot([p.bits for p in c.chance], [p.distance for p in c.chance], "x", color="0.5", ms=4, label="chance")
        panel.plot(c.people.bits, c.people.distance, "D", color="black", ms=6, label="people")
        panel.set_title(name, fontsize=9)
    axes[0][0].legend(fontsize=7)
    figure.supxlabel("bits, I(X; C)")
    figure.supylabel("share of the variance within clusters")
    report.figure(
        "Bits against distance",
        figure,
        "Lower and further left is better: clusters of k-means for several numbers of them, people's categories, "
        "partitions of chance as large as those, and the least bits that any soft coding by the means of the largest "
        "number of clusters needs.",
    )
