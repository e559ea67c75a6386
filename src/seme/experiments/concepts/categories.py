"""First question: do clusters of embeddings agree with people's categories, and at which layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import unpaired
from seme.experiments.concepts.embedding import Space, Spaces
from seme.experiments.concepts.items import Things
from seme.interp.concepts import agreement, cluster, shuffled
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p40_concepts import ConceptsSettings


_RESAMPLES = 500


def add(report: Report, things: Things, spaces: Spaces, settings: ConceptsSettings, context: Context) -> list[Space]:
    """Return the static spaces, and each model's best layer, once all were held against the categories."""
    k = len(things.names)
    profiles = {
        name: [
            _agreements(space, things, k, settings.layer_starts, context) for space in context.progress(layers, name)
        ]
        for name, layers in spaces.layers.items()
    }
    best = {name: int(np.argmax([scores.mean() for scores in found])) for name, found in profiles.items()}
    kept = [*spaces.static, *(spaces.layers[name][number] for name, number in best.items())]
    scores = {
        space.name: _agreements(space, things, k, settings.starts, context)
        for space in context.progress(kept, "k-means")
    }
    rng = context.rng("chance")
    chance = [agreement(things.categories, one).ami for one in shuffled(things.categories, settings.chance, rng)]
    report.baseline("Random partitions", {"AMI": float(np.mean(chance))})
    raw = [
        float(_agreements(layers[best[settings.model]], things, k, settings.layer_starts, context).mean())
        for layers in spaces.untrained
    ]
    if len(raw) > 1:
        report.baseline(f"Untrained {settings.model}, layer {best[settings.model]}", {"AMI": float(np.mean(raw))})
    _add_table(report, kept, things, k, settings, context)
    _claim(report, scores, float(np.mean(chance)), settings, kept)
    _claim_models(report, scores, profiles, best, raw, settings)
    _claim_depth(report, profiles[settings.model], settings.model, context)
    _draw(report, profiles, scores, float(np.mean(chance)))
    return kept


def _agreements(space: Space, things: Things, k: int, starts: int, context: Context) -> np.ndarray:
    found = cluster(space.rows, k, starts=starts, seed=context.seed)
    return np.array([agreement(things.categories, one).ami for one in found])


def _claim(
    report: Report, scores: dict[str, np.ndarray], chance: float, settings: ConceptsSettings, kept: list[Space]
) -> None:
    means = {name: float(found.mean()) for name, found in scores.items()}
    worst = min(means, key=means.__getitem__)
    report.claim(
        Claim.at_least(
            "Clusters of embeddings agree with people's categories (AMI above chance, worst space)",
            measured=means[worst] - chance,
            floor=0.2,
            spread=float(scores[worst].std()),
            paper_value="far above chance for all models",
            note=f"The worst is {worst}; mean over starts of k-means at as many clusters as categories.",
        )
    )
    static, encoder = f"{settings.model}, input", kept[-1].name
    report.claim(
        unpaired(
            "An encoder agrees with people better than a decoder's input embeddings (difference of AMI)",
            scores[encoder],
            scores[static],
            paper_value="BERT-large above much larger decoders",
            note=f"{encoder} {means[encoder]:.3f}, {static} {means[static]:.3f}, over starts.",
        )
    )


def _claim_models(
    report: Report,
    scores: dict[str, np.ndarray],
    profiles: dict[str, list[np.ndarray]],
    best: dict[str, int],
    raw: list[float],
    settings: ConceptsSettings,
) -> None:
    encoder, decoder = (f"{name}, layer {best[name]}" for name in (settings.encoder, settings.model))
    report.claim(
        unpaired(
            "The encoder is also above the larger decoder at the best layer of each (difference of AMI)",
            scores[encoder],
            scores[decoder],
            paper_value="BERT-large above much larger decoders",
            note=f"{encoder} {scores[encoder].mean():.3f}, {decoder} {scores[decoder].mean():.3f}; layers are the "
            "best by the same items, as in the paper.",
        )
    )
    statement = "Agreement is learned: a trained model agrees better than one of random weights (difference of AMI)"
    if len(raw) < 2:
        report.claim(Claim.not_tested(statement, f"--untrained is {len(raw)}, and 2 are wanted."))
        return
    report.claim(
        unpaired(
            statement,
            profiles[settings.model][best[settings.model]],
            raw,
            note=f"{decoder}; untrained {np.mean(raw):.3f}, {len(raw)} starts of its weights. No package has "
            "checkpoints in between.",
        )
    )


def _claim_depth(report: Report, profile: list[np.ndarray], model: str, context: Context) -> None:
    means = [float(one.mean()) for one in profile]
    peak = int(np.argmax(means))
    depth = peak / max(1, len(means) - 1)
    rng = context.rng("peak")
    drawn = [np.argmax([rng.choice(one, len(one)).mean() for one in profile]) for _ in range(_RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975]) / max(1, len(means) - 1)
    report.claim(
        Claim.equal(
            f"Agreement is best at a middle layer of {model} (relative depth of the peak)",
            measured=depth,
            value=0.5,
            tolerance=0.3,
            spread=(float(low), float(high)),
            note=f"Layer {peak} of 0 to {len(means) - 1}: AMI {means[peak]:.3f}; "
            f"first {means[0]:.3f}, last {means[-1]:.3f}. "
            "Spread: 95 % of resamples of the starts.",
        )
    )


def _add_table(
    report: Report, kept: list[Space], things: Things, k: int, settings: ConceptsSettings, context: Context
) -> None:
    rows = []
    for space in kept:
        for form, x in (("raw", space.rows), ("centred, unit", _centred(space.rows))):
            found = cluster(x, k, starts=settings.layer_starts, seed=context.seed)
            measures = [agreement(things.categories, one) for one in found]
            mean = [float(np.mean([getattr(one, name) for one in measures])) for name in ("ami", "nmi", "ari")]
            rows.append([space.name, form, space.rows.shape[1], *mean, measures[0].ami])
    columns = ["space", "vectors", "dimensions", "AMI", "NMI", "ARI", "AMI of the least distortion"]
    report.table(f"Agreement with the categories (k-means, {settings.layer_starts} starts)", columns, rows)


def _centred(rows: np.ndarray) -> np.ndarray:
    moved: np.ndarray = rows - rows.mean(axis=0)
    unit: np.ndarray = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
    return unit


def _draw(report: Report, profiles: dict[str, list[np.ndarray]], scores: dict[str, np.ndarray], chance: float) -> None:
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    for (name, found), style in zip(profiles.items(), ("o-", "s--"), strict=True):
        depth = np.linspace(0, 1, len(found))
        mean, low, high = (np.array([f(one) for one in found]) for f in (np.mean, np.min, np.max))
        axes.plot(depth, mean, style, label=name, ms=4)
        axes.fill_between(depth, low, high, alpha=0.2)
    dashes = ((0, (1, 1)), (0, (4, 2)), (0, (6, 1, 1, 1)), (0, (2, 3)))
    for (name, static), dash in zip(list(scores.items())[:4], dashes, strict=False):
        axes.axhline(float(static.mean()), color="0.35", lw=1, ls=dash, label=name)
    axes.axhline(chance, color="black", lw=0.8, label="chance")
    axes.set_xlabel("relative depth")
    axes.set_ylabel("AMI with the categories")
    axes.legend(fontsize=7, ncols=2)
    report.figure(
        "Agreement by layer",
        figure,
        "Adjusted mutual information of k-means clusters with the categories at each layer (mean, lowest and highest "
        "over starts), beside static embeddings.",
    )
