"""What is measured of one collection, one sparse and one dense retriever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MIXED = ("hybrid", "pre", "post", "both")
"""Systems with a weight."""
SYSTEMS = ("sparse", "dense", "hybrid", "PRF only", "pre", "post", "both")
Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Cell:
    """One collection, one sparse and one dense retriever.

    `values` has system -> measure -> query -> value on the test; `alphas` the chosen weights; `sweep` system -> weight
    -> nDCG@10 on the validation; `precision` that of the first hits of the dense and of the hybrid retriever.
    """

    collection: str
    sparse: str
    dense: str
    values: dict[str, dict[str, Values]]
    alphas: dict[str, float]
    sweep: dict[str, dict[float, float]]
    precision: dict[str, Values]

    def mean(self, system: str, measure: str = "nDCG@10") -> float:
        """Return a system's mean over the test queries."""
        return float(np.mean(list(self.values[system][measure].values())))
