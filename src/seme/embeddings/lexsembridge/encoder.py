"""A text encoder with a bridge: gated and plain vectors of queries and passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.encoder import Batch, TextEncoder
from seme.embeddings.lexsembridge.bridge import Bridge
from seme.errors import InputError
from seme.new_folder import new_folder

Side = Literal["query", "passage"]
Inference = Literal["gated", "plain"]


@dataclass(slots=True)
class BridgedEncoder:
    """Texts to vectors, with a gate over those of queries, of passages, or of both.

    Parameters
    ----------
    encoder
        The backbone.
    bridge
        The gate.
    fusion_query, fusion_passage
        Which side is gated.
    inference
        `gated`, as the paper says, or `plain`, as its released evaluation does: the backbone that was trained through
        the gate, without it.
    """

    encoder: TextEncoder
    bridge: Bridge
    fusion_query: bool = True
    fusion_passage: bool = False
    inference: Inference = "gated"

    def __post_init__(self) -> None:
        """Refuse a bridge that is not of this encoder."""
        words = word_embeddings(self.encoder)
        if self.bridge.config.dim != self.encoder.dim or self.bridge.config.vocabulary != len(words):
            raise InputError(
                f"the bridge is for {self.bridge.config.dim} dimensions and {self.bridge.config.vocabulary} tokens, "
                f"expected {self.encoder.dim} and {len(words)} as the encoder has"
            )
        if self.inference not in ("gated", "plain"):
            raise InputError(f"inference is {self.inference!r}, expected 'gated' or 'plain'")

    def embed(self, batch: Batch, *, side: Side) -> torch.Tensor:
        """Return the vectors (n, d) of a batch, with gradients."""
        states = self.encoder.states(batch)
        vectors = self.encoder.pooled(states, batch["attention_mask"])
        if side not in ("query", "passage"):
            raise InputError(f"side is {side!r}, expected 'query' or 'passage'")
        if self.inference == "plain" or not (self.fusion_query if side == "query" else self.fusion_passage):
            return vectors
        logits = tied_logits(self.encoder, states[:, 0]) if self.bridge.config.paradigm == "clr" else None
        return self.bridge(vectors, batch["input_ids"], batch["attention_mask"], states=states, logits=logits)  # type: ignore[no-any-return]

    @torch.no_grad()
    def encode(self, texts: Sequence[str], *, side: Side = "query", batch_size: int = 32) -> npt.NDArray[np.float32]:
        """Return the vectors (n, d) of texts, float32.

        Raises
        ------
        InputError
            If there is no text, a text is empty, or `batch_size` is not positive.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}, expected at least 1")
        refuse_empty(texts)
        was_training = self.encoder.training
        self.encoder.eval()
        parts = [
            self.embed(self.encoder.tokenise(texts[start : start + batch_size]), side=side).float().cpu().numpy()
            for start in range(0, len(texts), batch_size)
        ]
        self.encoder.train(was_training)
        return np.concatenate(parts)

    def save(self, folder: Path) -> Path:
        """Write the backbone (`encoder`) and every parameter of the bridge (`bridge`) into a new folder.

        Raises
        ------
        InputError
            If the folder exists.
        """
        with new_folder(folder) as place:
            self.encoder.save(place / "encoder")
            self.bridge.save(place / "bridge")
        return folder

    @classmethod
    def load(
        cls, folder: Path, *, fusion_query: bool = True, fusion_passage: bool = False, inference: Inference = "gated"
    ) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If something is missing.
        """
        encoder, bridge = TextEncoder.load(str(folder / "encoder")), Bridge.load(folder / "bridge")
        return cls(encoder, bridge, fusion_query, fusion_passage, inference)


def word_embeddings(encoder: TextEncoder) -> torch.Tensor:
    """Return the vectors of the vocabulary, (v, d)."""
    table: torch.Tensor = encoder.model.get_input_embeddings().weight  # type: ignore[operator]
    return table


def tied_logits(encoder: TextEncoder, first: torch.Tensor) -> torch.Tensor:
    """Return `h E^T` for states (n, d) of first tokens: the head of a backbone that has none for masked language."""
    return first @ word_embeddings(encoder).T


def refuse_empty(texts: Sequence[str]) -> None:
    """Refuse no texts and empty ones.

    Raises
    ------
    InputError
        Naming the first that is empty.
    """
    if not texts:
        raise InputError("texts is empty, expected at least one")
    blank = next((number for number, text in enumerate(texts) if not text.strip()), None)
    if blank is not None:
        raise InputError(f"text {blank} is empty", hint="Leave it out")
