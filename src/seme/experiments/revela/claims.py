"""Claims, tables and the figure from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.revela.measuring import Measured, means
from seme.experiments.revela.probing import KINDS
from seme.report import Claim, Report
from seme.retrieval.significance import holm, paired_t

if TYPE_CHECKING:
    from seme.experiments.p25_revela import RevelaSettings

_MARGIN = 0.05
_SHARE = 0.9


def add(report: Report, found: Measured, settings: RevelaSettings) -> None:
    """Set what the paper says beside what was found."""
    scores = {name: [means(one) for one in runs] for name, runs in found.values.items()}
    for collection in found.sizes:
        _add_retrieval(report, collection, scores)
    _add_usefulness(report, found, settings)
    _add_scaling(report, scores, settings)
    _add_ablations(report, scores)
    _add_tables(report, found, scores)
    _draw(report, found, scores)
    _add_notes(report, found, settings)


def _over(runs: Sequence[Mapping[str, float]], collection: str) -> tuple[float, tuple[float, float]]:
    values = [one[collection] for one in runs]
    return float(np.mean(values)), (min(values), max(values))


def _add_retrieval(report: Report, collection: str, scores: Mapping[str, list[dict[str, float]]]) -> None:
    initial = scores["start"][0][collection]
    ours, crops = (_over(scores[name], collection)[0] for name in ("Revela", "crops"))
    gains = [one[collection] - initial for one in scores["Revela"]]
    report.claim(
        Claim.at_least(
            f"The retriever learns without any pair (nDCG@10 on {collection}, gain over its start)",
            measured=float(np.mean(gains)),
            floor=_MARGIN,
            spread=(min(gains), max(gains)),
        )
    )
    report.claim(
        Claim.at_least(
            f"It is as good as contrastive cropping of equal steps, or nearly so (nDCG@10 on {collection}, "
            f"less {_SHARE} times that of cropping)",
            measured=ours - _SHARE * crops,
            floor=1e-9,
            note=f"{ours:.3f} against {crops:.3f}.",
        )
    )
    for name in ("BM25", "start", "crops"):
        report.baseline(f"{name}, {collection}", {"nDCG@10": _over(scores[name], collection)[0]})


def _add_usefulness(report: Report, found: Measured, settings: RevelaSettings) -> None:
    losses = {kind: float(np.mean([one.losses[kind] for one in found.probes])) for kind in KINDS}
    where = "next-token loss in second halves, unseen modules"
    report.claim(
        Claim.ordered(
            f"Learned weights help the language model more than uniform ones, and these than none ({where})",
            {kind: losses[kind] for kind in ("learned", "uniform", "none")},
        )
    )
    report.claim(
        Claim.ordered(f"Shuffled weights hurt ({where})", {kind: losses[kind] for kind in ("learned", "shuffled")})
    )
    report.claim(
        Claim.at_least(
            "The language model's loss reaches the retriever (norm of its gradient at the start)",
            measured=found.gradient,
            floor=1e-9,
        )
    )
    weights, chance = [one.neighbour for one in found.probes], 1 / (settings.batch - 1)
    report.claim(
        Claim.at_least(
            "The neighbour's weight rises to three times that of chance (mean over unseen modules)",
            measured=float(np.mean(weights)),
            floor=3 * chance,
            spread=(min(weights), max(weights)),
            note=f"At the start it is {found.before.neighbour:.3f}; chance is {chance:.3f}.",
        )
    )


def _add_scaling(report: Report, scores: Mapping[str, list[dict[str, float]]], settings: RevelaSettings) -> None:
    small, large = f"batch {settings.batch // 2}", f"batch {settings.batch * 2}"
    collection = "python-functions"
    report.claim(
        Claim.ordered(
            "Larger batches are as good or better, for as many chunks (nDCG@10 on python-functions)",
            {small: _over(scores[small], collection)[0], large: _over(scores[large], collection)[0]},
            strict=False,
            paper_value="quality rises with the batch",
        )
    )


def _add_ablations(report: Report, scores: Mapping[str, list[dict[str, float]]]) -> None:
    collection = "python-functions"
    for name, statement in (
        ("no value norm", "Dividing by the norm of the values helps"),
        ("frozen model", "Training the language model, too, helps"),
        ("dual loss", "The loss of pass B alone is enough"),
    ):
        seeds = len(scores[name])
        whole = _over(scores["Revela"][:seeds], collection)[0]
        report.claim(
            Claim.ordered(
                f"{statement} (nDCG@10 on {collection})",
                {name: _over(scores[name], collection)[0], "Revela": whole},
                strict=False,
                note=f"Over the first {seeds} seed(s) of both.",
            )
        )


def _add_tables(report: Report, found: Measured, scores: Mapping[str, list[dict[str, float]]]) -> None:
    collections = list(found.sizes)
    rows = [
        [
            name,
            len(runs),
            *(_over(runs, one)[0] for one in collections),
            *(float(np.std([run[one] for run in runs])) for one in collections),
        ]
        for name, runs in scores.items()
    ]
    report.table(
        "nDCG@10, mean over seeds", ["system", "seeds", *collections, *(f"sd, {one}" for one in collections)], rows
    )
    probes = [("start", found.before), *((f"seed {i}", one) for i, one in enumerate(found.probes))]
    report.table(
        "Next-token loss in second halves, by what the chunks read",
        ["after", *KINDS, "neighbour", "largest weight"],
        [[name, *(one.losses[kind] for kind in KINDS), one.neighbour, one.largest] for name, one in probes],
    )
    tests = {
        (other, collection): paired_t(_mean(found, other, collection), _mean(found, "Revela", collection))
        for collection in collections
        for other in ("start", "crops", "BM25")
    }
    corrected = holm([one.p for one in tests.values()])
    report.table(
        "Revela less the others, paired over queries",
        ["other", "collection", "difference", "p (t, Holm)"],
        [[*key, one.difference, p] for (key, one), p in zip(tests.items(), corrected, strict=True)],
    )


def _mean(found: Measured, name: str, collection: str) -> dict[str, float]:
    runs = [one[collection] for one in found.values[name]]
    return {query: float(np.mean([run[query] for run in runs])) for query in runs[0]}


def _draw(report: Report, found: Measured, scores: Mapping[str, list[dict[str, float]]]) -> None:
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    names = list(scores)
    for number, (collection, hatch) in enumerate(zip(found.sizes, ("", "///"), strict=True)):
        heights = [_over(scores[name], collection)[0] for name in names]
        places = np.arange(len(names)) + (number - 0.5) * 0.4
        left.bar(
            places,
            heights,
            0.4,
            label=collection,
            color=str(0.35 + 0.45 * number),
            edgecolor="black",
            lw=0.5,
            hatch=hatch,
        )
        for place, name in zip(places, names, strict=True):
            for run in scores[name] if len(scores[name]) > 1 else []:
                left.plot(place, run[collection], "k.", ms=3)
    left.set_xticks(range(len(names)), names, rotation=55, ha="right", fontsize=7)
    left.set(ylabel="nDCG@10")
    left.legend(fontsize=7, frameon=False)
    losses = [float(np.mean([one.losses[kind] for one in found.probes])) for kind in KINDS]
    right.plot(losses, list(KINDS), "ko")
    right.set(xlabel="next-token loss, second halves", title="What chunks read")
    right.invert_yaxis()
    report.figure(
        "Retrieval",
        figure,
        "Left: nDCG@10 of each system, dots are seeds. Right: loss of the trained language model by the weights.",
    )


def _add_notes(report: Report, found: Measured, settings: RevelaSettings) -> None:
    sizes = ", ".join(
        f"{name}: {documents} documents, {queries} queries" for name, (documents, queries) in found.sizes.items()
    )
    report.note(
        f"Collections: {sizes}. The functions are those of every fifth module of the standard library; the other "
        "modules are trained on, so that wordnet-terms asks in a language that was seen in docstrings only."
    )
    if settings.model == "tiny":
        report.note(
            f"Retriever and language model begin as one Llama of {settings.layers} layers and {settings.width} "
            f"dimensions, trained here for {settings.pretraining} steps on that code, in place of the paper's models "
            "of a billion parameters and more; --model smollm2-135m with --rank 16 takes a real one, on a GPU. "
            "What was trained is kept, so that the duration of a run may be without it."
        )
    report.note(
        f"The temperature is {settings.temperature}, not 1e-4: nearly one-hot weights have no gradient to speak of. "
        "Cropping is that of Contriever without its queue and momentum (temperature 0.05), with as many steps and as "
        "many texts in a batch."
    )
