"""What the method must find: heads that copy because they were written so."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from seme.experiment import Context
from seme.interp.heads.retrieval import planted_copier, planted_prompts, retrieval_scores
from seme.report import Claim, Report

_HEADS = ((1, 0), (2, 1), (2, 3))
_SEEDS, _PROMPTS, _LENGTH = 3, 4, 100


def add(report: Report, context: Context) -> None:
    """Score small models in which three heads copy, and the same models without them."""
    truth = np.zeros((3, 4), dtype=bool)
    truth[tuple(zip(*_HEADS, strict=True))] = True
    areas, present, absent = [], [], []
    for seed in range(_SEEDS):
        prompts = planted_prompts(context.rng("planted", seed), _PROMPTS, length=_LENGTH)
        with_heads, without = (
            retrieval_scores(planted_copier(heads, seed=seed), prompts, force=True).mean for heads in (_HEADS, ())
        )
        areas.append(float(roc_auc_score(truth.ravel(), with_heads.ravel())))
        present.append(float(with_heads[truth].min()))
        absent.append(float(without[truth].mean()))
    report.claim(
        Claim.at_least(
            "Heads that were planted in a small model are found (lowest area under the ROC curve)",
            measured=min(areas),
            floor=0.95,
            spread=(min(areas), max(areas)),
            note=f"{_SEEDS} models of 12 heads, 3 of which copy; the lowest score of a planted head is "
            f"{min(present):.2f}.",
        )
    )
    report.claim(
        Claim.at_most(
            "Without them the same heads' score is that of chance (mean score)",
            measured=float(np.mean(absent)),
            ceiling=0.05,
            spread=(min(absent), max(absent)),
            note=f"A head that looks at a place of chance scores about 1/{_LENGTH}.",
        )
    )
