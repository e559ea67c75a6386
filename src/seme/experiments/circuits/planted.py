"""A planted circuit: the floor that the method must reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from seme.experiment import Context
from seme.experiments.circuits.scoring import MEAN_DIFFERENCE, difference_of, scored, shuffled_auc
from seme.interp.circuits import detection, planted_circuit
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p05_circuits import CircuitsSettings


def add(report: Report, settings: CircuitsSettings, context: Context) -> None:
    """Plant 26 circuit heads among 144 and look for them, with the sides as they are and shuffled."""
    rows = []
    for seed in context.progress(range(settings.seeds), "Planting circuits"):
        made = planted_circuit(context.rng("planted", seed), prompts=settings.prompts)
        positive, negative = torch.from_numpy(made.positive).float(), torch.from_numpy(made.negative).float()
        one = scored(positive, negative, settings, context, seed)
        areas = {name: detection(scores, made.truth).auc for name, scores in one.variants().items()}
        areas[MEAN_DIFFERENCE] = detection(difference_of(positive, negative), made.truth).auc
        areas["shuffled sides"] = shuffled_auc(one, made.truth, settings, context, f"planted {seed}")
        rows.append(areas)
    nodes, chance = [row["nodes"] for row in rows], [row["shuffled sides"] for row in rows]
    report.claim(
        Claim.at_least(
            "Planted: heads with something to say on positive prompts alone are found (ROC AUC of nodes)",
            measured=float(np.mean(nodes)),
            floor=0.9,
            spread=(min(nodes), max(nodes)),
            note="26 of 144 heads; the others say the same as often, on prompts of either side.",
        )
    )
    report.claim(
        Claim.equal(
            "Planted: with shuffled sides nothing is found (ROC AUC of nodes, mean over shuffles)",
            measured=float(np.mean(chance)),
            value=0.5,
            tolerance=0.05,
            spread=(min(chance), max(chance)),
        )
    )
    columns = list(rows[0])
    report.baseline("Planted: mean difference", {"ROC AUC": float(np.mean([row[MEAN_DIFFERENCE] for row in rows]))})
    report.table("Planted circuits (ROC AUC)", ["seed", *columns], [[i, *row.values()] for i, row in enumerate(rows)])
