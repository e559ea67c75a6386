"""Small transformers that were trained here: their circuits, and what features and prompts do to the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from torch import Tensor

from seme.experiment import Context
from seme.experiments.circuits import figures
from seme.experiments.circuits.language import sentences, trained_model
from seme.experiments.circuits.scoring import (
    ATTRIBUTION,
    MEAN_DIFFERENCE,
    Scored,
    difference_of,
    node_auc,
    scored,
    shuffled_auc,
)
from seme.interp.circuits import activation_patching, attribution_patching, detection, path_patching
from seme.interp.heads import head_outputs, head_values, mean_values
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p05_circuits import CircuitsSettings


@dataclass(frozen=True, slots=True)
class Trained:
    """A small model's head outputs, its circuit, and how well it is found."""

    seed: int
    positive: Tensor
    negative: Tensor
    truth: npt.NDArray[np.bool_]
    one: Scored
    figures: dict[str, float]


def add(report: Report, settings: CircuitsSettings, context: Context) -> None:
    """Train small models on a language of names, patch all their heads and edges, and score them."""
    seeds = context.progress(range(settings.seeds), "Training small models")
    models = [_one(settings, context, seed) for seed in seeds]
    whole = [model for model in models if 0 < model.truth.sum() < model.truth.size]
    names = dict.fromkeys(name for model in models for name in model.figures)
    report.table(
        "Small models of 2 layers of 8 heads",
        ["", *(f"seed {model.seed}" for model in models)],
        [[name, *(model.figures.get(name) for model in models)] for name in names],
    )
    statements = (
        "Small model: its circuit is found (ROC AUC of nodes)",
        "Small model: scores by edges are as good to within 0.05 (ROC AUC of edges less that of nodes)",
    )
    if not whole:
        for statement in statements:
            report.claim(Claim.not_tested(statement, "All heads or none of these models are in the circuit."))
        return
    _claim_scores(report, whole, len(models), statements, settings)
    for name in (MEAN_DIFFERENCE, ATTRIBUTION):
        report.baseline(f"Small model: {name}", {"ROC AUC": float(np.mean([_auc(model, name) for model in whole]))})
    _add_sweeps(report, whole, settings, context)


def _claim_scores(
    report: Report, whole: list[Trained], trained: int, statements: tuple[str, str], settings: CircuitsSettings
) -> None:
    nodes = [_auc(model, "nodes") for model in whole]
    less = [_auc(model, "edges") - _auc(model, "nodes") for model in whole]
    note = (
        f"{len(whole)} of {trained} models have a circuit of some heads and not all. Ground truth: heads whose "
        f"activation patching changes the logit difference by {settings.share:.0%}."
    )
    report.claim(
        Claim.at_least(
            statements[0],
            measured=float(np.mean(nodes)),
            floor=0.8,
            spread=(min(nodes), max(nodes)),
            paper_value="about 0.85 to 0.98 on GPT-2 small",
            note=note,
        )
    )
    report.claim(
        Claim.at_least(statements[1], measured=float(np.mean(less)), floor=-0.05, spread=(min(less), max(less)))
    )
    chance = [_auc(model, "shuffled sides") for model in whole]
    report.claim(
        Claim.equal(
            "Small model: with shuffled sides nothing is found (ROC AUC of nodes, mean over shuffles)",
            measured=float(np.mean(chance)),
            value=0.5,
            tolerance=0.05,
            spread=(min(chance), max(chance)),
            note="Above 0.5, the heads of the circuit are told by how much their codes vary, not by the task.",
        )
    )


def _one(settings: CircuitsSettings, context: Context, seed: int) -> Trained:
    model = trained_model(settings.small_steps, context.seed + seed)
    pairs = sentences(settings.prompts, context.rng("sentences", seed))
    effects = activation_patching(model, pairs)
    truth = effects.circuit(settings.share).numpy()
    means = mean_values(head_values(model, pairs.batch("negative")))
    ablated = activation_patching(model, pairs, values=means).circuit(settings.share)
    positive, negative = (head_outputs(model, pairs.batch(side)) for side in ("positive", "negative"))
    one = scored(positive, negative, settings, context, seed)
    ranked = {
        **one.variants(),
        MEAN_DIFFERENCE: difference_of(positive, negative),
        ATTRIBUTION: attribution_patching(model, pairs).share.abs().numpy(),
    }
    paths = path_patching(model, pairs).abs().numpy() / float(effects.clean.mean())
    found: dict[str, float] = {
        "right": float((effects.clean > 0).float().mean()),
        "logit difference": float(effects.clean.mean()),
        "heads by patching": int(truth.sum()),
        "heads by mean ablation": int(ablated.sum()),
        "paths": int((paths >= settings.share).sum()),
    }
    if 0 < truth.sum() < truth.size:
        found |= {f"AUC, {name}": detection(scores, truth).auc for name, scores in ranked.items()}
        found["AUC, shuffled sides"] = shuffled_auc(one, truth, settings, context, f"small {seed}")
        found["AUC of pairs against the strongest paths"] = _pairs_auc(one, paths)
    return Trained(seed, positive, negative, truth, one, found)


def _pairs_auc(one: Scored, paths: np.ndarray) -> float:
    """Compare the scores of pairs with the tenth of the paths between the layers that do most."""
    heads = len(paths) // 2
    done, said = paths[:heads, heads:], one.found.edges[:heads, heads:]
    return detection(said, done >= np.quantile(done, 0.9)).auc


def _auc(model: Trained, name: str) -> float:
    return model.figures[f"AUC, {name}"]


def _add_sweeps(report: Report, models: list[Trained], settings: CircuitsSettings, context: Context) -> None:
    most = 2 * settings.prompts
    sweeps = {
        "features": sorted({settings.features, *settings.more_features}),
        "training": sorted({settings.training, *(min(count, most) for count in settings.more_training)}),
    }
    areas: dict[str, list[list[float]]] = {}
    for argument, values in sweeps.items():
        areas[argument] = [
            [
                node_auc(
                    scored(model.positive, model.negative, settings, context, model.seed, **{argument: value}),
                    model.truth,
                )
                for model in models
            ]
            for value in context.progress(values, f"Small models by {argument}")
        ]
    labels = {"features": "features m", "training": "prompts for training"}
    for argument, values in sweeps.items():
        report.table(
            f"Small models: ROC AUC of nodes by {labels[argument]}",
            [labels[argument], "mean", "lowest", "highest"],
            [
                [value, float(np.mean(row)), min(row), max(row)]
                for value, row in zip(values, areas[argument], strict=True)
            ],
        )
    report.figure(
        "Features and prompts",
        figures.sweeps({labels[name]: (sweeps[name], areas[name]) for name in sweeps}),
        "ROC AUC of the plain score of nodes on small models, by the number of features and of prompts that the "
        "autoencoder is trained on; mean, lowest and highest over models. The line is chance.",
    )
