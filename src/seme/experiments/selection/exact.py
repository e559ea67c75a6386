"""What holds exactly: the sparse score is the formula."""

from __future__ import annotations

import numpy as np
from scipy.sparse import random_array

from seme.experiment import Context
from seme.interp.selection import weighted_jaccard
from seme.report import Claim, Report


def add(report: Report, context: Context) -> None:
    """Score random sparse embeddings in one pass, and by the formula on dense ones."""
    pool = random_array((500, 2000), density=0.05, rng=context.rng("pool"), format="csr")
    dense = pool.toarray()
    target = dense[:20].mean(axis=0)
    expected = np.minimum(dense, target).sum(axis=1) / np.maximum(dense, target).sum(axis=1)
    report.claim(
        Claim.at_most(
            "The score of sparse embeddings is the dense formula's (largest difference)",
            measured=float(np.abs(weighted_jaccard(pool, target) - expected).max()),
            ceiling=1e-12,
        )
    )
    own = [float(weighted_jaccard(pool[[row]], dense[row])[0]) for row in range(50)]
    report.claim(
        Claim.equal(
            "A sample is as similar to itself as can be (lowest score)", measured=min(own), value=1.0, tolerance=1e-12
        )
    )
    halves = dense[:, :1000], dense[:, 1000:]
    apart = np.concatenate([halves[0], np.zeros_like(halves[1])], axis=1)
    other = np.concatenate([np.zeros(1000), halves[1][0]])
    report.claim(
        Claim.equal(
            "Samples without a unit in common are not similar (highest score)",
            measured=float(weighted_jaccard(apart, other).max()),
            value=0.0,
            tolerance=0.0,
        )
    )
