"""What was found, beside the paper's claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.binary_paragraphs.corpora import Material, chance
from seme.experiments.binary_paragraphs.measuring import DEPTHS, Found
from seme.report import Claim, Report
from seme.retrieval.significance import paired_randomisation

if TYPE_CHECKING:
    from seme.experiments.p19_binary_paragraphs import BinaryParagraphsSettings

_MOST_TOUCHED = 0.1
_FACTOR = 1.5


def add(report: Report, found: Sequence[Found], material: Material, settings: BinaryParagraphsSettings) -> None:
    """Judge codes against rivals, short lists and transfer."""
    _add_rivals(report, found, settings)
    _add_balls(report, found, settings)
    _add_transfer(report, found, material)
    _add_tables(report, found, material, settings)
    _draw(report, found, settings)


def _add_rivals(report: Report, found: Sequence[Found], settings: BinaryParagraphsSettings) -> None:
    bpv = f"BPV-{settings.bits}"
    for rival, statement, paper in (
        (f"Semantic hashing-{settings.bits}", "than semantic hashing of as many bits", "on all of its sets"),
        (f"PV-DBOW, LSH-{settings.bits}", "than random hyperplanes of PV-DBOW", ""),
        (
            f"Semantic hashing-{settings.long_bits}",
            f"than semantic hashing of {settings.long_bits} bits, or as good",
            "BPV-32 > SH-128",
        ),
    ):
        _add_gain(
            report,
            found,
            "precision",
            (rival, bpv),
            f"{bpv} ranks better {statement} (MAP, difference)",
            paper,
            strict="or as good" not in statement,
        )
    for bits in (settings.bits, settings.long_bits):
        _add_gain(
            report,
            found,
            "ndcg",
            (f"Semantic hashing-{bits}", bpv),
            f"{bpv} finds better first documents than semantic hashing of {bits} bits (nDCG@10, difference)",
            "on all of its sets",
        )


def _add_balls(report: Report, found: Sequence[Found], settings: BinaryParagraphsSettings) -> None:
    _add_gain(
        report,
        found,
        "ndcg",
        ("Real-Binary, code", "Real-Binary, re-ranked"),
        "Real vectors rank a ball around the code better than the code (nDCG@10, difference)",
        "",
    )
    touched = [one.touched for one in found]
    report.claim(
        Claim.at_most(
            "The balls around the codes hold at most a tenth of the documents (mean share)",
            measured=float(np.mean(touched)),
            ceiling=_MOST_TOUCHED,
            spread=(min(touched), max(touched)),
            note=f"The smallest ball with {settings.shortlist} documents or more.",
        )
    )


def _add_transfer(report: Report, found: Sequence[Found], material: Material) -> None:
    base = chance(material.other, material.other)
    carried = [_mean(one.precision, "BPV, carried over") for one in found]
    report.claim(
        Claim.ratio_at_least(
            "Codes carried over to docstrings rank better than chance (MAP)",
            measured=float(np.mean(carried)),
            baseline=base,
            factor=_FACTOR,
            spread=(min(carried) / base, max(carried) / base),
        )
    )
    _add_gain(
        report,
        found,
        "precision",
        ("LSH, carried over", "BPV, carried over"),
        "Codes carried over rank better than random hyperplanes carried over (MAP, difference)",
        "",
    )


def _mean(values: dict[str, list[float]], system: str) -> float:
    return float(np.mean(values[system]))


def _by_query(found: Sequence[Found], measure: str, system: str) -> dict[str, float]:
    means = np.mean([getattr(one, measure)[system] for one in found], axis=0)
    return {str(number): float(value) for number, value in enumerate(means)}


def _add_gain(
    report: Report,
    found: Sequence[Found],
    measure: str,
    systems: tuple[str, str],
    statement: str,
    paper: str,
    *,
    strict: bool = True,
) -> None:
    gains = [_mean(getattr(one, measure), systems[1]) - _mean(getattr(one, measure), systems[0]) for one in found]
    test = paired_randomisation(*(_by_query(found, measure, system) for system in systems))
    means = [float(np.mean([_mean(getattr(one, measure), system) for one in found])) for system in systems]
    report.claim(
        Claim.at_least(
            statement,
            measured=float(np.mean(gains)),
            floor=1e-6 if strict else 0.0,
            paper_value=paper,
            spread=(min(gains), max(gains)),
            note=f"{means[1]:.4f} against {means[0]:.4f}; p = {test.p:.2g} over {test.queries} queries "
            "(paired randomisation of the means over seeds).",
        )
    )


def _add_tables(report: Report, found: Sequence[Found], material: Material, settings: BinaryParagraphsSettings) -> None:
    rows: list[list[str | float]] = []
    for system in found[0].precision:
        maps, gains = ([_mean(getattr(one, name), system) for one in found] for name in ("precision", "ndcg"))
        if system.startswith(("Semantic", "PV-DBOW", "LSH")):
            report.baseline(system, {"MAP": float(np.mean(maps)), "nDCG@10": float(np.mean(gains))})
        rows.append([system, float(np.mean(maps)), float(np.std(maps)), float(np.mean(gains)), float(np.std(gains))])
    report.table("Systems", ["system", "MAP", "sd over seeds", "nDCG@10", "sd over seeds"], rows)
    report.baseline(
        "chance",
        {
            "MAP at home": chance(material.documents, material.queries),
            "MAP carried over": chance(material.other, material.other),
        },
    )
    report.note(
        f"{len(material.documents)} glosses of WordNet with their words, in {len(set(material.documents.labels))} "
        f"lexicographers' files, stand in for 20 Newsgroups and RCV1; {len(material.queries)} other glosses are the "
        f"queries. They are far shorter than news. Docstrings of {len(set(material.other.labels))} libraries are the "
        "other domain, each the query for the others."
    )
    report.note(
        "Ties are counted by their mean over all orders. Semantic hashing is an autoencoder trained by gradients, "
        "with tanh layers, noise before the code and the same sampled softmax and terms; its RBM pre-training is left "
        f"out. Paragraph vectors have {settings.dim} real dimensions, not 300."
    )


def _draw(report: Report, found: Sequence[Found], settings: BinaryParagraphsSettings) -> None:
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.subplots()
    shown = {
        f"BPV-{settings.bits}": "k-o",
        f"Semantic hashing-{settings.bits}": "k--s",
        f"Semantic hashing-{settings.long_bits}": "k--D",
        f"PV-DBOW, LSH-{settings.bits}": "k:x",
        "PV-DBOW, cosine": "k-.",
        "Real-Binary, re-ranked": "k-^",
    }
    for system, style in shown.items():
        values = np.mean([one.curve[system] for one in found], axis=0)
        axes.plot(DEPTHS[: len(values)], values, style, ms=4, lw=1, label=system)
    axes.set(xscale="log", xlabel="documents", ylabel="precision")
    axes.legend(fontsize=7, frameon=False)
    report.figure("Precision", figure, "Share of documents of the query's class among the nearest, mean over seeds.")
