"""The method beside the others: how much of what each selects is of the task's topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.sparse import csr_array

from seme.assets import load_sentence_encoder
from seme.experiment import Context
from seme.experiments.selection.drawing import Floats, Scorer, precisions
from seme.experiments.selection.embedding import Embedded
from seme.experiments.selection.pooling import Pool
from seme.experiments.selection.scope import too_small
from seme.experiments.selection.statistics import paired_bootstrap, sign_test
from seme.interp.selection import Aggregate, Metric, task_scores
from seme.report import Claim, Report
from seme.retrieval import BM25Index

if TYPE_CHECKING:
    from seme.experiments.p17_selection import SelectionSettings

MONA, RANDOM, BM25, ACTIVATIONS, ENCODER = "MONA", "random", "BM25", "activations, cosine", "sentence encoder"
COSINE, EUCLIDEAN = "codes, cosine", "codes, Euclidean"
_POINTS = 0.02
_PAPER = "average of six tasks 55.75, BM25 and embeddings below 54.74, random 52.69 (Llama-3.1-8B, OpenHermes)"


def add(
    report: Report, pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context
) -> Mapping[str, Scorer]:
    """Select by every method for every task, and return what each scores by."""
    scorers = _scorers(pool, embedded, settings, context)
    found = {
        name: precisions(scorer, pool, settings, context)
        for name, scorer in context.progress(scorers.items(), "Selecting", total=len(scorers))
    }
    seeds = [_by_codes(codes) for kind, codes in embedded.codes.items() if kind[:2] == embedded.main[:2]]
    runs = [precisions(scorer, pool, settings, context) for scorer in seeds]
    found[MONA] = np.mean(runs, axis=0)
    spread = min(float(one.mean()) for one in runs), max(float(one.mean()) for one in runs)
    _claim_differences(report, found, spread, pool, settings, context)
    _claim_metrics(report, found, settings)
    for name, values in found.items():
        if name != MONA:
            report.baseline(name, {"precision": float(values.mean())})
    rows = [[name, values.mean(), values.mean(axis=0).std(), *values.mean(axis=1)] for name, values in found.items()]
    columns = ["method", "mean", "deviation over draws", *pool.topics]
    report.table(f"Precision of the {settings.budget:.0%} that are selected, by the topic of the task", columns, rows)
    _add_figure(report, found, pool)
    return scorers


def _scorers(pool: Pool, embedded: Embedded, settings: SelectionSettings, context: Context) -> dict[str, Scorer]:
    codes, activations = embedded.codes[embedded.main], embedded.activations[embedded.main.layer]
    positive = np.maximum(activations, 0)
    losses = embedded.losses
    scorers = {
        MONA: _by_codes(codes),
        COSINE: _by_codes(codes, metric="cosine"),
        EUCLIDEAN: _by_codes(codes, metric="euclidean"),
        "codes, nearest example": _by_codes(codes, aggregate="max"),
        "codes, summed over tokens": _by_codes(embedded.summed),
        ACTIVATIONS: _by_codes(activations, metric="cosine"),
        "activations less their mean, cosine": _by_codes(activations - activations.mean(axis=0), metric="cosine"),
        "activations, Euclidean": _by_codes(activations, metric="euclidean"),
        "activations, positive part, Jaccard": _by_codes(positive),
        BM25: _by_words(pool),
        "loss gradients (last norm), cosine": _by_codes(losses.gradients, metric="cosine"),
        "lowest loss": lambda _examples: -losses.means,
        "highest loss": lambda _examples: losses.means,
        RANDOM: lambda examples: context.rng("random", examples.tolist()).random(len(pool.samples)),
    }
    if settings.encoder != "none":
        encoder = load_sentence_encoder(settings.encoder, device=context.device)
        vectors = np.asarray(encoder.encode(pool.texts, batch_size=64, show_progress_bar=False))
        scorers[ENCODER] = _by_codes(vectors, metric="cosine")
    return scorers


def _by_codes(
    rows: csr_array | npt.NDArray[np.float32], *, metric: Metric = "jaccard", aggregate: Aggregate = "prototype"
) -> Scorer:
    return lambda examples: task_scores(rows, rows[examples], metric=metric, aggregate=aggregate)


def _by_words(pool: Pool) -> Scorer:
    """Score by BM25, with the examples' texts as one query."""
    index = BM25Index()
    index.add([str(number) for number in range(len(pool.texts))], pool.texts)

    def score(examples: npt.NDArray[np.int64]) -> Floats:
        hits = index.search(" ".join(pool.texts[number] for number in examples), len(pool.texts))
        scores = np.zeros(len(pool.texts))
        scores[[int(one) for one in hits.ids]] = hits.scores
        return scores

    return score


def _claim_differences(
    report: Report,
    found: Mapping[str, Floats],
    spread: tuple[float, float],
    pool: Pool,
    settings: SelectionSettings,
    context: Context,
) -> None:
    note = f"Over {settings.seeds} dictionaries; each topic is the task {settings.draws} times."
    report.claim(
        Claim.ordered(
            "The selection is of the task's topic more often than a random one (precision)",
            {name: float(found[name].mean()) for name in (RANDOM, MONA)},
            paper_value=_PAPER,
            spread=spread,
            note=note,
        )
    )
    others = (
        (ACTIVATIONS, "It is more precise than by the cosine of raw activations", 0.0),
        (BM25, "It is as precise as by BM25, to within two points", -_POINTS),
        (ENCODER, "It is as precise as by a sentence encoder, to within two points", -_POINTS),
    )
    for name, short, floor in others:
        statement = f"{short} (difference in precision, lower end of its interval of 95 %)"
        if name not in found:
            report.claim(Claim.not_tested(statement, "No sentence encoder was asked for.", _PAPER))
        elif why := too_small(settings):
            report.claim(Claim.not_tested(statement, why, _PAPER))
        else:
            one = paired_bootstrap(found[MONA], found[name], context.rng("bootstrap", name))
            report.claim(
                Claim.at_least(
                    statement,
                    measured=one.low,
                    floor=floor,
                    paper_value=_PAPER,
                    spread=(one.low, one.high),
                    note=f"Mean difference {one.mean:+.3f} over {len(pool.topics)} topics: "
                    f"{found[MONA].mean():.3f} against {found[name].mean():.3f}.",
                )
            )


def _claim_metrics(report: Report, found: Mapping[str, Floats], settings: SelectionSettings) -> None:
    order = "The Jaccard similarity selects more precisely than the cosine, and that than the distance"
    paper = "Jaccard best in the paper's ablation"
    means = {"Euclidean": EUCLIDEAN, "cosine": COSINE, "Jaccard": MONA}
    figures = {name: float(found[key].mean()) for name, key in means.items()}
    test = "Jaccard beats the cosine on more topics than chance would have it (p of the sign test)"
    if why := too_small(settings):
        report.claim(Claim.not_tested(order, why, paper))
        report.claim(Claim.not_tested(test, why, paper))
        return
    report.claim(Claim.ordered(order, figures, strict=False, paper_value=paper))
    report.claim(Claim.at_most(test, measured=sign_test(found[MONA], found[COSINE]), ceiling=0.05, paper_value=paper))


def _add_figure(report: Report, found: Mapping[str, Floats], pool: Pool) -> None:
    names = sorted(found, key=lambda name: -found[name].mean())
    values = np.array([found[name].mean(axis=1) for name in names])
    figure = Figure(figsize=(1.8 + 0.55 * max(8, len(pool.topics)), 1.6 + 0.3 * len(names)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(values, vmin=0, vmax=1, aspect="auto", cmap="viridis")
    for row, column in np.ndindex(values.shape):
        shade = "white" if values[row, column] < 0.6 else "black"
        axes.text(column, row, f"{100 * values[row, column]:.0f}", ha="center", va="center", color=shade, fontsize=7)
    axes.set_xticks(range(len(pool.topics)), pool.topics, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), [f"{name} ({100 * found[name].mean():.0f})" for name in names], fontsize=8)
    figure.colorbar(image, ax=axes, label="precision")
    report.figure(
        "Precision by topic",
        figure,
        "Share of the selected samples that are of the task's topic, in percent, by method and topic; the best method "
        "is on top, its mean beside its name.",
    )
