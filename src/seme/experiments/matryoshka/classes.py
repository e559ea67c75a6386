"""What the classifiers say of the paper's claims."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.matryoshka.classifying import Found
from seme.report import Claim, Report

_HEADS = ("MRL", "MRL-E", "FF", "slimmable", "cut", "cut, head cut", "PCA", "random")
_LEARNED = ("MRL", "FF")
_NEIGHBOURS = ("MRL", "MRL-E", "cut", "PCA", "random")
_POINTS = 100
_LINES = {"MRL": "o-", "MRL-E": "s--", "FF": "^:", "PCA": "D-.", "cut": "v-", "random": "x--"}


def add(report: Report, found: Mapping[str, Found]) -> None:
    """Add claims, tables and the figure for every data set."""
    for one in found.values():
        _add_independent(report, one)
        _add_compression(report, one)
        _add_cascade(report, one)
        _add_between(report, one)
        _add_tied(report, one)
        _add_tables(report, one)
    _draw(report, found)
    report.note(
        "FF: a network of its own for each size. Cut: the first coordinates of the network of full size (FF-d); PCA "
        "and random: its principal components, and its coordinates in random order. Each of these has a new linear "
        "head for each size; 'head cut' takes the columns of the old one. All have the same batches, steps and "
        "learning rate. Neighbours: Euclidean distance to the training examples."
    )
    report.note(
        "Networks of one data set have the same steps. An earlier report stopped after 500 on digits and 300 on 8,000 "
        "glosses, before either had converged, and found MRL 6 and 5 points short of FF at the worst sizes; the steps "
        "of now were chosen by the accuracy on what was learned from and on examples apart from the test. What was "
        "trained is kept, so that the duration of a run may be without it."
    )
    report.note(
        "Digits (scikit-learn, 8x8) and glosses of WordNet by their 45 fields, as frozen sentence vectors through one "
        "hidden layer, stand for ImageNet and ResNet50; nothing here speaks of ImageNetV2, ViT, ALIGN or JFT."
    )


def _gaps(one: Found, better: str, worse: str, dim: int, kind: str = "heads") -> list[float]:
    pairs = zip(one.values(kind, better, dim), one.values(kind, worse, dim), strict=True)
    return [_POINTS * (a - b) for a, b in pairs]


def _span(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def _add_independent(report: Report, one: Found) -> None:
    gaps = {dim: _gaps(one, "MRL", "FF", dim) for dim in one.dims}
    worst = min(gaps, key=lambda dim: float(np.mean(gaps[dim])))
    report.claim(
        Claim.at_least(
            f"MRL is as accurate as a network of its own for each size ({one.name}, points, worst size)",
            measured=float(np.mean(gaps[worst])),
            floor=-1.0,
            spread=_span(gaps[worst]),
            paper_value="within about 0.5 points at every size",
            note=f"The worst size is {worst}.",
        )
    )
    mean = float(np.mean([np.mean(own) for own in gaps.values()]))
    report.claim(
        Claim.equal(
            f"The mean over sizes of MRL less FF is small ({one.name}, points)", measured=mean, value=0.0, tolerance=1.0
        )
    )
    report.baseline(f"FF, {one.name}, accuracy", {str(dim): one.mean("heads", "FF", dim) for dim in one.dims})


def _add_compression(report: Report, one: Found) -> None:
    small = max((dim for dim in one.dims if dim <= one.dims[-1] // 16), default=one.dims[0])
    for method, what in (("cut, head cut", "its head cut"), ("cut", "a new head")):
        gaps = _gaps(one, "MRL", method, small)
        report.claim(
            Claim.at_least(
                f"MRL beats cutting FF-{one.dims[-1]} to {small}, {what} ({one.name}, points)",
                measured=float(np.mean(gaps)),
                floor=5.0,
                spread=_span(gaps),
                paper_value="FF-2048 falls below 50 % at 8 to 16",
            )
        )
    low = [dim for dim in one.dims if dim <= max(one.dims[-1] // 8, one.dims[0])]
    nearest = {dim: _gaps(one, "MRL", "PCA", dim, "neighbours") for dim in low}
    worst = min(nearest, key=lambda dim: float(np.mean(nearest[dim])))
    report.claim(
        Claim.at_least(
            f"Neighbours by MRL are as good as by PCA of FF-{one.dims[-1]} up to size {low[-1]} "
            f"({one.name}, points, worst size)",
            measured=float(np.mean(nearest[worst])),
            floor=-1.0,
            spread=_span(nearest[worst]),
            note=f"The worst size is {worst}.",
        )
    )
    for method in ("PCA", "cut"):
        report.baseline(
            f"1-NN by {method}, {one.name}", {str(dim): one.mean("neighbours", method, dim) for dim in one.dims}
        )


def _add_cascade(report: Report, one: Found) -> None:
    runs = [run["cascade"]["0.0"] for run in one.runs]
    accuracy, dims = float(np.mean([run["accuracy"] for run in runs])), [run["dims"] for run in runs]
    reached = [dim for dim in one.dims if one.mean("heads", "FF", dim) >= accuracy]
    fixed = reached[0] if reached else max(one.dims, key=lambda dim: one.mean("heads", "FF", dim))
    why = "" if reached else f"No FF is as accurate; the best one, FF-{fixed}, is taken. "
    report.claim(
        Claim.ratio_at_least(
            f"The cascade needs a quarter of the dimensions of an FF as accurate ({one.name})",
            measured=float(fixed),
            baseline=float(np.mean(dims)),
            factor=4.0,
            spread=_span([fixed / own for own in dims]),
            paper_value="14 times (37 against 512)",
            note=f"{why}Accuracy {_POINTS * accuracy:.1f} %; thresholds are set on examples that nothing is tested on.",
        )
    )
    rows = [
        [
            float(tolerance),
            *(float(np.mean([run["cascade"][tolerance][key] for run in one.runs])) for key in ("accuracy", "dims")),
        ]
        for tolerance in one.runs[0]["cascade"]
    ]
    report.table(f"Cascade, {one.name}", ["accuracy given up", "accuracy", "expected dimensions"], rows)


def _add_between(report: Report, one: Found) -> None:
    for kind, method, what in (("heads", "MRL-E", "linear, MRL-E"), ("neighbours", "MRL", "neighbours, MRL")):
        beyond = {}
        for low, high in zip(one.dims, one.dims[1:], strict=False):
            ends = sorted(one.mean(kind, method, dim) for dim in (low, high))
            middle = one.mean(kind, method, low * 3 // 2)
            beyond[low * 3 // 2] = _POINTS * max(ends[0] - middle, middle - ends[1])
        worst = max(beyond, key=lambda dim: beyond[dim])
        report.claim(
            Claim.at_most(
                f"Sizes that were not trained lie between their neighbours ({one.name}, {what}, points "
                "outside, worst size)",
                measured=beyond[worst],
                ceiling=1.0,
                paper_value="accuracy interpolates",
                note=f"The worst size is {worst}.",
            )
        )


def _add_tied(report: Report, one: Found) -> None:
    report.claim(
        Claim.equal(
            f"The tied head has L d weights ({one.name})",
            measured=float(one.runs[0]["parameters"]),
            value=float(one.classes * one.dims[-1]),
            tolerance=0.0,
            note=f"Separate heads have {one.classes * sum(one.dims)}.",
        )
    )
    gaps = {dim: _gaps(one, "MRL-E", "MRL", dim) for dim in one.dims if dim >= 8}
    worst = min(gaps, key=lambda dim: float(np.mean(gaps[dim])))
    report.claim(
        Claim.at_least(
            f"MRL-E is as accurate as MRL from size 8 on ({one.name}, points, worst size)",
            measured=float(np.mean(gaps[worst])),
            floor=-2.0,
            spread=_span(gaps[worst]),
            paper_value="within 1 to 2 points",
            note=f"The worst size is {worst}.",
        )
    )


def _add_tables(report: Report, one: Found) -> None:
    kinds = (
        ("heads", _HEADS, "Linear accuracy"),
        ("learned", _LEARNED, "Linear accuracy on what was learned from"),
        ("neighbours", _NEIGHBOURS, "1-NN accuracy"),
    )
    for kind, methods, title in kinds:
        rows = [
            [
                method,
                *(one.mean(kind, method, dim) for dim in one.dims),
                float(np.mean([np.std(one.values(kind, method, dim)) for dim in one.dims])),
            ]
            for method in methods
        ]
        report.table(f"{title}, {one.name}", ["method", *map(str, one.dims), "sd over seeds"], rows)


def _draw(report: Report, found: Mapping[str, Found]) -> None:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, one in zip(figure.subplots(1, len(found)), found.values(), strict=True):
        for method, line in _LINES.items():
            axes.plot(
                one.dims,
                [one.mean("heads", method, dim) for dim in one.dims],
                line,
                label=method,
                color="black" if method == "MRL" else "0.4",
                markersize=4,
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(one.dims, [str(dim) for dim in one.dims])
        axes.set(xlabel="size", ylabel="accuracy", title=one.name)
    axes.legend(fontsize=7)
    report.figure(
        "Accuracy by size",
        figure,
        "Linear accuracy by size of the vector, mean over seeds: nested (MRL), "
        "tied heads (MRL-E), a network for each size (FF), and FF of full size made smaller",
    )
