"""Second question: does what is typical of a category lie near its name."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.concepts.embedding import Space
from seme.experiments.concepts.items import Things
from seme.interp.concepts import pooled_correlation, typicality_correlations
from seme.report import Claim, Report

_RESAMPLES = 1000


def add(report: Report, things: Things, spaces: list[Space], context: Context) -> None:
    """Correlate closeness to the category's name with typicality in every space."""
    kinds = {"ratings": things.ratings} if things.rated else {"steps": things.ratings, "frequency": things.frequency}
    found = {
        (space.name, kind): _correlations(space, things, ratings) for space in spaces for kind, ratings in kinds.items()
    }
    main = next(iter(kinds))
    medians = {space.name: float(np.median(found[space.name, main])) for space in spaces}
    highest = max(medians, key=medians.__getitem__)
    values, rng = found[highest, main], context.rng("categories")
    low, high = np.quantile(np.median(rng.choice(values, (_RESAMPLES, len(values))), axis=1), [0.025, 0.975])
    report.claim(
        Claim.at_most(
            "Fine structure is poorly captured (Spearman, median over categories, best space; upper end of "
            "the 95 % interval over categories)",
            measured=float(high),
            ceiling=0.3 if things.rated else 0.4,
            spread=(float(low), float(high)),
            paper_value="usually below 0.2",
            note=f"The best is {highest}, {medians[highest]:.3f}."
            + ("" if things.rated else " Fewer steps below the category in WordNet stand in for people's ratings."),
        )
    )
    vectors = {space.name: space for space in spaces}
    rows = [
        [
            name,
            kind,
            len(values),
            float(np.median(values)),
            float(values.mean()),
            pooled_correlation(vectors[name].rows, things.categories, kinds[kind], vectors[name].names),
            float(values.min()),
            float(values.max()),
        ]
        for (name, kind), values in found.items()
    ]
    columns = ["space", "typicality", "categories", "median", "mean", "pooled", "lowest", "highest"]
    report.table("Correlation of closeness to the name with typicality", columns, rows)
    _draw(report, {space.name: found[space.name, main] for space in spaces})


def _correlations(space: Space, things: Things, ratings: np.ndarray) -> np.ndarray:
    values = []
    labels = np.asarray(things.categories)
    for category in things.names:
        members = np.flatnonzero(labels == category)
        try:
            one = typicality_correlations(
                space.rows[members], [category] * len(members), ratings[members], {category: space.names[category]}
            )
        except InputError:
            continue  # too few ratings, or all the same: the table says how many categories are left
        values.append(one[category])
    return np.array(values)


def _draw(report: Report, found: dict[str, np.ndarray]) -> None:
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    for number, values in enumerate(found.values()):
        axes.plot(values, np.full(len(values), number), "o", color="C0", alpha=0.5, ms=5)
        axes.plot(np.median(values), number, "|", color="black", ms=18, mew=2)
    axes.axvline(0, color="0.6", lw=0.8)
    axes.set_yticks(range(len(found)), list(found))
    axes.set_xlim(-1, 1)
    axes.set_xlabel("Spearman's correlation of closeness to the name with typicality")
    report.figure("Typicality", figure, "Each dot is a category, the bar their median.")
