"""Scores from the probabilities of the sampled tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.interp.uncertainty.samples import Floats, Samples


@dataclass(frozen=True, slots=True)
class PredictiveEntropy:
    """Mean negative log-probability of whole samples, in nats: a Monte Carlo estimate of the answers' entropy."""

    def __call__(self, samples: Samples) -> Floats:
        """Return the entropies (questions,)."""
        log_probs = samples.needed_tokens("PredictiveEntropy")
        return np.array([-np.mean([one.sum() for one in row]) for row in log_probs])


@dataclass(frozen=True, slots=True)
class LengthNormalisedEntropy:
    """Mean negative log-probability of a token, averaged over samples (Malinin and Gales 2021)."""

    def __call__(self, samples: Samples) -> Floats:
        """Return the entropies (questions,)."""
        log_probs = samples.needed_tokens("LengthNormalisedEntropy")
        return np.array([-np.mean([one.mean() for one in row]) for row in log_probs])


@dataclass(frozen=True, slots=True)
class LastTokenEntropy:
    """Entropy of the distribution that a sample's last token was drawn from, averaged over samples."""

    def __call__(self, samples: Samples) -> Floats:
        """Return the entropies (questions,)."""
        entropies = samples.needed_tokens("LastTokenEntropy", "entropies")
        return np.array([np.mean([one[-1] for one in row]) for row in entropies])
