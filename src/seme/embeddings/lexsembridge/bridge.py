"""The bridge: a gate over the dimensions of a dense vector that the text's own tokens decide (LexSemBridge, 2025)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.lexsembridge.storage import read_folder, write_folder
from seme.embeddings.lexsembridge.weights import (
    contextual_weights,
    learned_weights,
    raise_present,
    statistical_weights,
)
from seme.errors import CorruptionError, InputError

Paradigm = Literal["slr", "llr", "clr", "constant"]
PARADIGMS: tuple[Paradigm, ...] = ("slr", "llr", "clr", "constant")


@dataclass(frozen=True, slots=True)
class BridgeConfig:
    """What a bridge is.

    Parameters
    ----------
    dim
        Width of the vectors and of the states of tokens.
    vocabulary
        How many tokens there are.
    paradigm
        `slr`: the tokens that a text has; `llr`: learned weights of them; `clr`: what a masked-language head predicts
        at the first token; `constant`: no token at all, the control that has the gate and its training alone.
    ignored
        Ids that have no weight: padding and the other special tokens.
    vocabulary_filter
        Whether a text's tokens all get its largest weight.
    """

    dim: int
    vocabulary: int
    paradigm: Paradigm = "slr"
    ignored: tuple[int, ...] = ()
    vocabulary_filter: bool = False

    def __post_init__(self) -> None:
        """Refuse what no bridge can be made of."""
        if self.dim < 1 or self.vocabulary < 1:
            raise InputError(f"dim is {self.dim} and vocabulary {self.vocabulary}, expected at least 1 of both")
        if self.paradigm not in PARADIGMS:
            raise InputError(f"paradigm is {self.paradigm!r}, expected one of {', '.join(PARADIGMS)}")
        odd = [one for one in self.ignored if not 0 <= one < self.vocabulary]
        if odd:
            raise InputError(f"ignored has {odd[0]}, expected ids from 0 to {self.vocabulary - 1}")


class Bridge(nn.Module):
    """Multiply vectors by `softmax(W w + b)`, w being weights over the vocabulary, and scale them to unit norm.

    The gate is positive, so that the sign of each coordinate stays and the cosine with the plain vector is positive.

    Parameters
    ----------
    config
        What it is.
    """

    def __init__(self, config: BridgeConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = nn.Linear(config.vocabulary, config.dim)
        self.scale = nn.Parameter(torch.ones(()))
        self.token = nn.Linear(config.dim, 1)

    def weights(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor,
        *,
        states: torch.Tensor | None = None,
        logits: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return weights over the vocabulary, (n, vocabulary).

        Parameters
        ----------
        ids, mask
            Of tokens, (n, length).
        states
            Of tokens, (n, length, d), for `llr`.
        logits
            Of the masked-language head at the first token, (n, vocabulary), for `clr`.

        Raises
        ------
        InputError
            If what the paradigm needs is missing, or a shape does not fit.
        """
        size, ignored = self.config.vocabulary, self.config.ignored
        if self.config.paradigm == "constant":
            return torch.zeros(len(ids), size, device=ids.device)
        if self.config.paradigm == "slr":
            found = self.scale * statistical_weights(ids, mask, vocabulary=size, ignored=ignored)
        elif self.config.paradigm == "llr":
            if states is None or states.shape != (*ids.shape, self.config.dim):
                raise InputError(f"llr needs states ({len(ids)}, length, {self.config.dim}), got {_shape(states)}")
            tokens = torch.relu(self.token(states)).squeeze(-1)
            found = learned_weights(tokens, ids, mask, vocabulary=size, ignored=ignored)
        else:
            if logits is None or logits.shape != (len(ids), size):
                raise InputError(f"clr needs logits ({len(ids)}, {size}), got {_shape(logits)}")
            found = contextual_weights(logits)
        return raise_present(found, ids, mask, ignored=ignored) if self.config.vocabulary_filter else found

    def gate(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the gate (n, d), whose rows are positive and sum to 1."""
        return torch.softmax(self.projection(weights), dim=-1)

    def forward(
        self,
        vectors: torch.Tensor,
        ids: torch.Tensor,
        mask: torch.Tensor,
        *,
        states: torch.Tensor | None = None,
        logits: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the enhanced vectors, (n, d), of unit norm; `vectors` are the plain ones, the rest is as `weights`.

        Raises
        ------
        InputError
            If a shape does not fit, or a vector is not finite.
        """
        if vectors.shape != (len(ids), self.config.dim):
            raise InputError(f"vectors is {tuple(vectors.shape)}, expected ({len(ids)}, {self.config.dim})")
        if not bool(torch.isfinite(vectors).all()):
            raise InputError("vectors has a value that is not finite")
        gate = self.gate(self.weights(ids, mask, states=states, logits=logits))
        # The gate's mean is 1/d: times d, the small numbers stay clear of the norm's epsilon and nothing else changes.
        return F.normalize(self.config.dim * gate * vectors, dim=-1)

    def save(self, folder: Path) -> Path:
        """Write every parameter: projection, scale and token weights. The published code keeps the backbone alone."""
        tensors = {name: one.detach().cpu().numpy() for name, one in self.state_dict().items()}
        return write_folder(folder, asdict(self.config), tensors)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bridge that `save` wrote.

        Raises
        ------
        InputError
            If the folder has none.
        CorruptionError
            If its files cannot be read or do not fit each other.
        """
        config, tensors = read_folder(folder)
        try:
            bridge = cls(BridgeConfig(**{**config, "ignored": tuple(config["ignored"])}))
            bridge.load_state_dict({name: torch.from_numpy(one) for name, one in tensors.items()})
        except (InputError, KeyError, TypeError, RuntimeError) as error:
            raise CorruptionError(f"the bridge in {folder} does not fit its configuration: {error}") from error
        return bridge


def effective_dimensions(gate: torch.Tensor) -> torch.Tensor:
    """Return `exp(entropy)` of each row of gates (n, d), (n,): how many dimensions a gate spreads over."""
    return torch.exp(-(gate * torch.log(gate.clamp_min(1e-30))).sum(-1))


def token_ids(special: Sequence[int | None]) -> tuple[int, ...]:
    """Return the ids that are there, in order, for `BridgeConfig.ignored`."""
    return tuple(sorted({int(one) for one in special if one is not None}))


def _shape(tensor: torch.Tensor | None) -> str:
    return "none" if tensor is None else str(tuple(tensor.shape))
