"""A gate never turns a vector around."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from seme.embeddings.lexsembridge import effective_dimensions
from seme.experiment import Context
from seme.experiments.lexsembridge.features import Encoded
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p53_lexsembridge import LexSemBridgeSettings


@torch.no_grad()
def add(report: Report, encoded: Encoded, settings: LexSemBridgeSettings, context: Context) -> None:
    """Multiply random vectors by random gates, from flat ones to nearly one-hot, and look at the cosines."""
    generator = context.torch_generator("directions")
    dim = encoded.encoder.dim
    rows = []
    for sharpness in (0.01, 1.0, 4.0):
        vectors = torch.randn(settings.directions, dim, generator=generator, dtype=torch.float64)
        noise = torch.randn(settings.directions, dim, generator=generator, dtype=torch.float64)
        gates = torch.softmax(sharpness * noise, dim=-1)
        cosines = F.cosine_similarity(gates * vectors, vectors, dim=-1)
        rows.append([sharpness, float(cosines.min()), float(cosines.mean()), float(effective_dimensions(gates).mean())])
    lowest = min(row[1] for row in rows)
    report.claim(
        Claim.at_least(
            "A gate keeps the direction: the cosine with the plain vector is positive",
            measured=lowest,
            floor=1e-12,
            paper_value="> 0, a theorem",
            note=f"The least of {settings.directions} random vectors at each of {len(rows)} sharpnesses.",
        )
    )
    report.table(
        "Cosine of gated and plain vectors", ["sharpness of the gate", "least", "mean", "effective dimensions"], rows
    )
