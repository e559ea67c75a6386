"""The five claims, with tables and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.bidr.collection import Given
from seme.experiments.bidr.measuring import DENSE, Measured, Values
from seme.report import Claim, Report
from seme.retrieval.significance import holm, paired_t

if TYPE_CHECKING:
    from seme.experiments.p11_bidr import BidrSettings

_LOCAL = "random walk"
_OPQ = ("OPQ, same encoder", "OPQ, dense encoder")


def add(report: Report, runs: Sequence[Measured], given: Given, settings: BidrSettings) -> None:
    """Judge what all seeds gave."""
    for parts in settings.parts:
        _codes(report, runs, parts)
    _verification(report, runs)
    _locality(report, runs)
    gains = _gains(runs, "verified", _LOCAL, "joint")
    report.claim(
        Claim.at_least(
            "Codes first and dense vectors for their candidates then beat both at once, at equal steps "
            "(MRR@10, difference)",
            measured=float(np.mean(gains)),
            floor=1e-6,
            spread=_range(gains),
        )
    )
    report.claim(
        Claim.not_tested(
            "Recall, revenue and clicks rise in online search over a billion documents",
            "There are no such logs to be had.",
            "+17.5 % recall, +1.95 % revenue",
        )
    )
    _tables(report, runs, settings)
    _draw(report, runs, settings)
    report.note(
        f"The encoder is frozen; what is trained is one head for queries and documents, over {len(given.ids)} "
        f"documents of {settings.collection}. Its normalisation begins at the scale of a temperature of 0.05 and not "
        "at 1, where inner products of a trained encoder would saturate the softmax."
    )
    report.note(
        "All second stages and the joint training begin with the same head. OPQ is fitted twice: to the vectors of the "
        "contrastive codes' own encoder, and to those of an encoder trained as long by dense vectors alone; a claim "
        "compares with the better one. Vectors of the experiment lie in memory; benchmarks/bigranular.py measures disk."
    )


def _codes(report: Report, runs: Sequence[Measured], parts: int) -> None:
    ours, *others = (_recalls(runs, parts, name) for name in ("contrastive", *_OPQ))
    gains = [one - max(peers) for one, *peers in zip(ours, *others, strict=True)]
    test = paired_t(*(_pooled([one.codes[parts].recall[name] for one in runs]) for name in (_OPQ[0], "contrastive")))
    report.claim(
        Claim.at_least(
            f"Codes of {parts} bytes trained for the ranking find more than OPQ's (recall@100, difference)",
            measured=float(np.mean(gains)),
            floor=1e-6,
            spread=_range(gains),
            paper_value="up to +4.3 points",
            note=f"Against OPQ of the same encoder: {test.difference:+.4f}, paired t, p = {test.p:.2g}.",
        )
    )
    ratios = [one.codes[parts].lost["contrastive"] / one.codes[parts].lost[_OPQ[0]] for one in runs]
    report.claim(
        Claim.at_least(
            f"They reconstruct worse all the same ({parts} bytes: lost share of the squared norm, over OPQ's)",
            measured=float(np.mean(ratios)),
            floor=1.0,
            spread=_range(ratios),
        )
    )


def _verification(report: Report, runs: Sequence[Measured]) -> None:
    served, alone = (_over(runs, "verified", name) for name in (_LOCAL, "codes alone"))
    whole = _over(runs, "whole", _LOCAL)
    report.claim(
        Claim.ordered(
            "Dense vectors over the candidates beat the codes alone (MRR@10)",
            {"codes alone": alone, "verified": served},
        )
    )
    report.claim(
        Claim.ratio_at_least(
            "They are as good as a search of all dense vectors (MRR@10)", measured=served, baseline=whole, factor=0.98
        )
    )
    report.claim(
        Claim.at_most(
            "What stays in memory is a sixteenth of the dense vectors (codes, codebook and rotation; share)",
            measured=runs[0].memory,
            ceiling=1 / 16,
            paper_value="1 / 32 without codebook and rotation",
        )
    )


def _locality(report: Report, runs: Sequence[Measured]) -> None:
    for name in (_LOCAL, "snowball"):
        gains = _gains(runs, "verified", name, "hard negatives")
        report.claim(
            Claim.at_least(
                f"Batches of a {name} make better vectors for the candidates than random batches with the "
                "same hard negatives (MRR@10, difference)",
                measured=float(np.mean(gains)),
                floor=1e-6,
                spread=_range(gains),
            )
        )
        gains = _gains(runs, "verified", name, "random negatives")
        report.claim(
            Claim.at_least(
                f"Batches of a {name} make better vectors for the candidates than random batches and "
                "negatives (MRR@10, difference)",
                measured=float(np.mean(gains)),
                floor=1e-6,
                spread=_range(gains),
            )
        )
    gains = _gains(runs, "whole", _LOCAL, "random negatives")
    report.claim(
        Claim.at_most(
            "Vectors trained locally are worse where all documents are searched (MRR@10, difference to "
            "random batches and negatives)",
            measured=float(np.mean(gains)),
            ceiling=0.0,
            spread=_range(gains),
            note="The paper says that they may be: what they learned is conditional.",
        )
    )


def _tables(report: Report, runs: Sequence[Measured], settings: BidrSettings) -> None:
    rows = []
    for parts in settings.parts:
        for name in ("contrastive", *_OPQ):
            values = _recalls(runs, parts, name)
            lost = [one.codes[parts].lost.get(name) for one in runs]
            shown = None if lost[0] is None else float(np.mean([one for one in lost if one is not None]))
            dead = float(np.mean([one.codes[parts].dead for one in runs])) if name == "contrastive" else None
            rows.append([parts, name, float(np.mean(values)), float(np.std(values)), shown, dead])
            if name != "contrastive":
                report.baseline(f"{name}, {parts} bytes", {"recall@100": float(np.mean(values))})
    report.table("Codes", ["bytes", "system", "recall@100", "sd over seeds", "lost share", "codewords unused"], rows)
    systems = [*DENSE, "joint"]
    report.table(
        "Dense vectors, MRR@10",
        ["training", "verified candidates", "sd over seeds", "all documents"],
        [
            [
                name,
                _over(runs, "verified", name),
                float(np.std([_mean(one.verified[name]) for one in runs])),
                _over(runs, "whole", name),
            ]
            for name in systems
        ],
    )
    pairs = [(_LOCAL, name) for name in (*DENSE, "joint", "codes alone") if name != _LOCAL]
    pooled = {name: _pooled([one.verified[name] for one in runs]) for name in (*systems, "codes alone")}
    tests = [paired_t(pooled[b], pooled[a]) for a, b in pairs]
    report.table(
        "Random walk less others on verified candidates, paired over queries",
        ["other", "difference in MRR@10", "p (t, Holm)"],
        [[b, one.difference, p] for (_, b), one, p in zip(pairs, tests, holm([one.p for one in tests]), strict=True)],
    )


def _draw(report: Report, runs: Sequence[Measured], settings: BidrSettings) -> None:
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    styles = {"contrastive": ("-", "o"), _OPQ[0]: ("--", "s"), _OPQ[1]: (":", "^")}
    for name, (line, mark) in styles.items():
        heights = [float(np.mean(_recalls(runs, parts, name))) for parts in settings.parts]
        left.plot(settings.parts, heights, line, marker=mark, color="black", markerfacecolor="0.7", label=name)
    left.set(xlabel="bytes of a code", ylabel="recall@100", xticks=settings.parts)
    left.legend(frameon=False, fontsize=7)
    names = [*DENSE, "joint"]
    for shift, (kind, grey) in enumerate((("verified", "0.35"), ("whole", "0.8"))):
        label = "verified candidates" if kind == "verified" else "all documents"
        right.bar(
            np.arange(len(names)) + 0.4 * shift,
            [_over(runs, kind, name) for name in names],
            0.4,
            color=grey,
            edgecolor="black",
            lw=0.5,
            label=label,
        )
    lowest = min(_over(runs, kind, name) for kind in ("verified", "whole") for name in names)
    right.set(ylabel="MRR@10", ylim=(max(0.0, lowest - 0.05), None))
    right.set_xticks(np.arange(len(names)) + 0.2, [name.replace(" ", "\n") for name in names], fontsize=7)
    right.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(0, 1.18), ncols=2)
    report.figure(
        "Codes and vectors",
        figure,
        "Left: what codes find, trained for the ranking and by OPQ. Right: dense vectors of each way of sampling, over "
        "the candidates of the codes and over all documents.",
    )


def _mean(values: Values) -> float:
    return float(np.mean(list(values.values())))


def _gains(runs: Sequence[Measured], kind: str, name: str, other: str) -> list[float]:
    """Return, for each seed, by how much the mean of a system exceeds that of another."""
    return [_mean(getattr(one, kind)[name]) - _mean(getattr(one, kind)[other]) for one in runs]


def _recalls(runs: Sequence[Measured], parts: int, name: str) -> list[float]:
    return [_mean(one.codes[parts].recall[name]) for one in runs]


def _over(runs: Sequence[Measured], kind: str, name: str) -> float:
    return float(np.mean([_mean(getattr(one, kind)[name]) for one in runs]))


def _pooled(values: Sequence[Values]) -> dict[str, float]:
    """Return each query's mean over seeds."""
    return {query: float(np.mean([one[query] for one in values])) for query in values[0]}


def _range(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)
