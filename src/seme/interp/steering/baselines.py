"""What a detector has to beat: how sure the model is of its next token."""

from __future__ import annotations

import numpy as np

from seme.errors import InputError
from seme.interp.binary import Floats
from seme.interp.steering.arguments import Rows, as_rows


class TokenProbability:
    """Score `-log p` of the token that greedy decoding takes."""

    def __call__(self, states: Rows, logits: Rows | None = None) -> Floats:  # noqa: ARG002
        """Return scores (n,) of distributions given as logits (n, vocabulary)."""
        found: Floats = -log_softmax(_given(logits)).max(axis=1)
        return found


class TokenEntropy:
    """Entropy, in nats, of the distribution over the next token."""

    def __call__(self, states: Rows, logits: Rows | None = None) -> Floats:  # noqa: ARG002
        """Return scores (n,) of distributions given as logits (n, vocabulary)."""
        log_p = log_softmax(_given(logits))
        found: Floats = -(np.exp(log_p) * log_p).sum(axis=1)
        return found


def log_softmax(logits: Floats) -> Floats:
    """Return log-probabilities (n, vocabulary)."""
    moved = logits - logits.max(axis=1, keepdims=True)
    found: Floats = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    return found


def _given(logits: Rows | None) -> Floats:
    if logits is None:
        raise InputError("logits are missing", hint="This detector reads them: detector(states, logits)")
    return as_rows(logits, "logits")
