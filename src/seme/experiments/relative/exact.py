"""What holds exactly: rotations and scales change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import ortho_group

from seme.experiment import Context
from seme.interp.relative import RelativeRepresentation, compare_spaces, select_anchors
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p55_relative import RelativeSettings


def add(report: Report, settings: RelativeSettings, context: Context) -> None:
    """Turn and scale random embeddings and compare them, as they are and relative to anchors."""
    x = context.rng("embeddings").normal(size=(1000, 128))
    turned = 3.0 * x @ ortho_group.rvs(128, random_state=context.rng("rotation"))
    anchors = select_anchors(x, settings.anchors, seed=context.seed)
    first, second = (RelativeRepresentation().fit(space[anchors]).transform(space) for space in (x, turned))
    absolute, relative = compare_spaces(x, turned), compare_spaces(first, second)
    report.claim(
        Claim.equal(
            "A rotation and a scale leave the relative representation as it was (mean cosine)",
            measured=relative.cosine,
            value=1.0,
            tolerance=1e-5,
        )
    )
    report.claim(
        Claim.at_most(
            "They leave nothing of the likeness of the embeddings themselves (mean cosine, absolute)",
            measured=abs(absolute.cosine),
            ceiling=0.05,
        )
    )
    largest = float(np.abs(first - second).max())
    columns = ["space", "Jaccard", "MRR", "cosine", "largest difference"]
    rows: list[list[Any]] = [
        ["absolute", *absolute.as_dict().values(), None],
        ["relative", *relative.as_dict().values(), largest],
    ]
    report.table("Random embeddings, turned and scaled", columns, rows)
