"""The objective over all numbers of clusters and weights of distance, and soft clusters that pay least."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.concepts.embedding import Rows, Space
from seme.experiments.concepts.items import Things
from seme.interp.concepts import Tradeoff, conditional_entropy, shuffled, soft_clusters, tradeoff
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p40_concepts import ConceptsSettings

Curves = tuple[dict[int, Tradeoff], dict[int, float]]
"""Of one space: cost and conditional entropy of k-means by the number of clusters."""
_DRAWS = 20
_PAPER = "lower for machines at all numbers of clusters"


def scaled(rows: Rows) -> Rows:
    """Return embeddings whose variance is 1."""
    found: Rows = rows / np.sqrt(np.square(rows - rows.mean(axis=0)).sum(axis=1).mean())
    return found


def add(
    report: Report,
    things: Things,
    spaces: list[Space],
    curves: dict[str, Curves],
    settings: ConceptsSettings,
    context: Context,
) -> None:
    """Weigh people's partition against k-means at all sizes, and against soft clusters at several weights."""
    people = {space.name: tradeoff(scaled(space.rows), things.categories, beta=settings.beta) for space in spaces}
    lower = [
        [one.objective < people[name].objective for one in clusters.values()] for name, (clusters, _) in curves.items()
    ]
    shares = [float(np.mean(one)) for one in lower]
    report.claim(
        Claim.at_least(
            "Clusters cost less than people's categories whatever their number (share of numbers, worst space)",
            measured=min(shares),
            floor=1.0,
            spread=(min(shares), max(shares)),
            paper_value=_PAPER,
            note=f"2 to {max(settings.sizes)} clusters, beta {settings.beta:g}, against people's "
            f"{len(things.names)}. With distances as shares of the variance bits outweigh them, so "
            "that many clusters cost more.",
        )
    )
    _sweep(report, things, spaces, settings, context)
    _draw(report, curves, people, conditional_entropy(things.categories), len(things.names))


def _sweep(report: Report, things: Things, spaces: list[Space], settings: ConceptsSettings, context: Context) -> None:
    rows, ordered = [], []
    for space in context.progress(spaces, "Weights of distance"):
        x = scaled(space.rows)
        drawn = list(shuffled(things.categories, _DRAWS, context.rng("chance, weights", space.name)))
        people, chance = tradeoff(x, things.categories), [tradeoff(x, one) for one in drawn]
        for beta in settings.betas:
            soft = soft_clusters(x, min(max(settings.sizes), len(x)), beta, seed=context.seed)
            mine = people.bits + beta * people.distance
            random = float(np.mean([one.bits + beta * one.distance for one in chance]))
            rows.append(
                [space.name, beta, soft.used, soft.cost.bits, soft.cost.distance, soft.cost.objective, mine, random]
            )
            ordered.append(soft.cost.objective < mine < random)
    report.claim(
        Claim.at_least(
            "Soft clusters cost less than people's categories, and those less than chance, whatever a "
            "distance costs (share of spaces and weights)",
            measured=float(np.mean(ordered)),
            floor=1.0,
            paper_value="machines compress more",
            note="Beta "
            + ", ".join(f"{one:g}" for one in settings.betas)
            + ". That soft clusters cost less is what they are made for.",
        )
    )
    columns = [
        "space",
        "beta",
        "clusters used",
        "bits, soft",
        "distance, soft",
        "objective, soft",
        "objective, people",
        "objective, chance",
    ]
    report.table("Weights of distance: soft clusters, people and chance", columns, rows)


def _draw(report: Report, curves: dict[str, Curves], people: dict[str, Tradeoff], open_bits: float, k: int) -> None:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    styles = itertools.product(("-", "--", ":"), ("o", "s", "^"))
    for (name, (clusters, entropies)), (line, mark) in zip(curves.items(), styles, strict=False):
        sizes = list(clusters)
        drawn = left.plot(sizes, [clusters[one].objective for one in sizes], line, marker=mark, ms=3, lw=1, label=name)[
            0
        ]
        left.plot(k, people[name].objective, mark, mfc="none", mec=drawn.get_color(), ms=9)
        right.plot(sizes, [entropies[one] for one in sizes], line, color=drawn.get_color(), marker=mark, ms=3, lw=1)
    right.plot(k, open_bits, "D", color="black", ms=7, label="people")
    left.set(xlabel="clusters", ylabel="objective: bits + share of the variance")
    right.set(xlabel="clusters", ylabel="H(X | C), bits")
    left.legend(fontsize=7)
    right.legend(fontsize=8)
    report.figure(
        "Objective and entropy by number of clusters",
        figure,
        "Small marks: k-means in each space; large open marks and the diamond: people's categories in the same spaces.",
    )
