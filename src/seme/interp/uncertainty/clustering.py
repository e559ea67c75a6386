"""Semantic entropy: samples that mean the same are one answer (Kuhn et al. 2023)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.uncertainty.samples import Floats, Samples

Entails = Callable[[str, str, str], bool]
"""Whether, as answers to a question, the first text says what the second says: (question, first, second)."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """Groups a question's samples by what they mean: a sample joins the first cluster whose first sample it equals.

    Parameters
    ----------
    cosine
        Samples whose embeddings have at least this cosine mean the same. It stands in for entailment.
    entails
        Where a model of entailment is at hand: two samples mean the same if each entails the other.
    """

    cosine: float = 0.8
    entails: Entails | None = None

    def __post_init__(self) -> None:
        if not -1 <= self.cosine <= 1:
            raise InputError(f"cosine is {self.cosine}, expected -1 to 1")

    def __call__(self, samples: Samples) -> npt.NDArray[np.int64]:
        """Return the cluster of each sample (questions, n), numbered from 0 as they appear."""
        if self.entails is not None:
            pairs = zip(samples.questions, samples.texts, strict=True)
            return np.array([_cluster(_equal(self.entails, question, row)) for question, row in pairs])
        v = samples.needed_embeddings("Clustering by cosine")
        return np.array([_cluster(one) for one in v @ v.transpose(0, 2, 1) >= self.cosine - 1e-12])


@dataclass(frozen=True, slots=True)
class SemanticEntropy:
    """Entropy, in nats, of the share of each meaning.

    Parameters
    ----------
    meanings
        Which samples mean the same.
    weighted
        Weigh samples by their sequence's probability (Kuhn et al. 2023, eq. 4), each different text once; otherwise
        every sample counts as one (the discrete form of Farquhar et al. 2024).
    """

    meanings: Meanings = Meanings()
    weighted: bool = False

    def __call__(self, samples: Samples) -> Floats:
        """Return the entropies (questions,), 0 where all samples mean the same."""
        clusters = self.meanings(samples)
        weights = self._weights(samples) if self.weighted else np.ones(clusters.shape)
        mass = np.stack([np.bincount(c, w, minlength=c.size) for c, w in zip(clusters, weights, strict=True)])
        shares = mass / mass.sum(axis=1, keepdims=True)
        logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
        return np.asarray(np.maximum(-(shares * logs).sum(axis=1), 0), dtype=np.float64)

    def _weights(self, samples: Samples) -> Floats:
        log_probs = samples.needed_tokens("The weighted SemanticEntropy")
        totals = np.array([[float(one.sum()) for one in row] for row in log_probs])
        first = np.array([[text not in row[:place] for place, text in enumerate(row)] for row in samples.texts])
        totals = np.where(first, totals, -np.inf)
        weights: Floats = np.exp(totals - totals.max(axis=1, keepdims=True))
        return weights


@dataclass(frozen=True, slots=True)
class MeaningCount:
    """Number of different meanings among a question's samples."""

    meanings: Meanings = Meanings()

    def __call__(self, samples: Samples) -> Floats:
        """Return the counts (questions,), 1 to n."""
        return np.asarray(self.meanings(samples).max(axis=1) + 1, dtype=np.float64)


def _equal(entails: Entails, question: str, row: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return which samples (n, n) entail each other."""
    texts = list(dict.fromkeys(row))
    one_way = np.array([[a == b or entails(question, a, b) for b in texts] for a in texts])
    places = [texts.index(text) for text in row]
    both: npt.NDArray[np.bool_] = (one_way & one_way.T)[np.ix_(places, places)]
    return both


def _cluster(same: npt.NDArray[np.bool_]) -> list[int]:
    heads: list[int] = []
    found = []
    for place in range(len(same)):
        cluster = next((number for number, head in enumerate(heads) if same[place, head]), len(heads))
        if cluster == len(heads):
            heads.append(place)
        found.append(cluster)
    return found
