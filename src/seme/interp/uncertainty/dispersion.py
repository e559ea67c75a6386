"""Other scores of how far embeddings lie apart: mean cosine distance and EigenScore."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.errors import InputError
from seme.interp.uncertainty.samples import Floats, Samples


@dataclass(frozen=True, slots=True)
class MeanDistance:
    """Mean of 1 - cosine over pairs of a question's samples."""

    def __call__(self, samples: Samples) -> Floats:
        """Return the distances (questions,), 0 to 2."""
        v = samples.needed_embeddings("MeanDistance")
        n = v.shape[1]
        cosines = (np.square(v.sum(axis=1)).sum(axis=1) - n) / (n * (n - 1))  # rows are of unit length
        return np.asarray(1 - cosines, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class EigenScore:
    """Mean log eigenvalue of the samples' centred Gram matrix plus α I (INSIDE, Chen et al. 2024, eq. 6).

    The paper takes a language model's own states; here they are the embeddings that the samples come with.
    """

    alpha: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.alpha < float("inf"):
            raise InputError(f"alpha is {self.alpha}, expected a number above 0: centred samples are dependent")

    def __call__(self, samples: Samples) -> Floats:
        """Return the scores (questions,)."""
        v = samples.needed_embeddings("EigenScore")
        rows = v - v.mean(axis=2, keepdims=True)  # each embedding less its mean over dimensions, as in the paper
        gram = rows @ rows.transpose(0, 2, 1) + self.alpha * np.eye(v.shape[1])
        return np.asarray(np.linalg.slogdet(gram).logabsdet / v.shape[1], dtype=np.float64)
