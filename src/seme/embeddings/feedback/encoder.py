"""The encoder of queries with feedback: a copy of the query encoder's upper blocks over its shared lower ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.feedback.formats import FAMILIES, TCT_PREFIX, Family, feedback_batch
from seme.errors import CorruptionError, InputError
from seme.new_folder import new_folder

_CONFIG = "feedback.json"


class FeedbackEncoder(nn.Module):
    """Queries with their first hits to vectors in the space of an index that stays as it is (E_prf).

    It begins as the query encoder (E_q). Only the upper blocks are copied and trained; embeddings and lower blocks are
    those of the base, so that they need to run only once over the training texts (`lower`).

    Parameters
    ----------
    base
        The query encoder, which is not changed.
    passages
        First hits that are read. An encoder works for the number that it was trained with.
    trained
        Blocks that are copied, from the top; all of them if not given.
    family
        How texts are joined (`formats`).
    longest
        Most tokens that are read.
    whole
        Whether passages that do not fit are left out instead of being cut.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(
        self,
        base: TextEncoder,
        *,
        passages: int = 3,
        trained: int | None = None,
        family: Family = "bert",
        longest: int = 512,
        whole: bool = False,
    ) -> None:
        super().__init__()
        count = base.depth if trained is None else trained
        if passages < 1:
            raise InputError(f"passages is {passages}, it must be at least 1")
        if not 1 <= count <= base.depth:
            raise InputError(f"trained is {trained}, it must be from 1 to {base.depth}, the number of blocks")
        if family not in FAMILIES:
            raise InputError(f"family is {family!r}, it must be one of {', '.join(FAMILIES)}")
        self.passages, self.family, self.longest, self.whole = passages, family, longest, whole
        self.first = base.depth - count
        blocks: Any = base.model.encoder.layer  # type: ignore[union-attr]
        self.blocks = deepcopy(blocks[self.first :]).requires_grad_(requires_grad=True)
        self._base = (base,)  # within a tuple it is no sub-module: neither trained nor saved with every checkpoint

    @property
    def base(self) -> TextEncoder:
        """The query encoder."""
        return self._base[0]

    def tokenise(
        self, pairs: Sequence[tuple[str, Sequence[str]]], *, pad_to: int | None = None
    ) -> dict[str, torch.Tensor]:
        """Return `input_ids` and `attention_mask` of pairs of a query and its passages.

        Raises
        ------
        InputError
            If a query has more passages than the encoder reads; fewer there may be, where fewer were found.
        """
        for query, passages in pairs:
            if len(passages) > self.passages:
                raise InputError(
                    f"query {query[:40]!r} has {len(passages)} passages, the encoder is for {self.passages}"
                )
        return feedback_batch(
            self.base.tokenizer, pairs, family=self.family, longest=self.longest, whole=self.whole, pad_to=pad_to
        )

    @torch.no_grad()
    def lower(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the states (n, length, d) below the blocks of its own."""
        return self.base.states(batch, layer=self.first)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the vectors (n, d) of a batch, of its tokens or of their `states` below the blocks of its own."""
        states = batch["states"] if "states" in batch else self.lower(batch)
        mask = batch["attention_mask"]
        added = (1.0 - mask[:, None, None, :].to(states.dtype)) * torch.finfo(states.dtype).min
        for block in self.blocks:
            states = block(states, added)
        if self.family == "tct":
            states, mask = states[:, TCT_PREFIX:], mask[:, TCT_PREFIX:]
        return self.base.pooled(states, mask)

    @torch.no_grad()
    def encode(self, pairs: Sequence[tuple[str, Sequence[str]]], *, batch_size: int = 16) -> npt.NDArray[np.float32]:
        """Return the vectors (n, d) of pairs of a query and its passages, float32, without dropout.

        Raises
        ------
        InputError
            If a query has more passages than the encoder reads, or `batch_size` is not positive.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}, expected at least 1")
        vectors = np.empty((len(pairs), self.base.dim), dtype=np.float32)
        was_training = self.training
        self.eval()
        for start in range(0, len(pairs), batch_size):
            part = pairs[start : start + batch_size]
            vectors[start : start + len(part)] = self(self.tokenise(part)).float().numpy()
        self.train(was_training)
        return vectors

    def save(self, folder: Path) -> Path:
        """Write a folder that `load` and sentence-transformers open.

        Raises
        ------
        InputError
            If the folder exists.
        """
        whole = deepcopy(self.base)
        layers: Any = whole.model.encoder.layer  # type: ignore[union-attr]
        for i, block in enumerate(self.blocks):
            layers[self.first + i].load_state_dict(block.state_dict())
        config = {
            "passages": self.passages,
            "trained": len(self.blocks),
            "family": self.family,
            "longest": self.longest,
            "whole": self.whole,
        }
        with new_folder(folder) as place:
            whole.write(place)
            (place / _CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")
        return folder

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a folder that `save` wrote.

        Raises
        ------
        CorruptionError
            If its settings cannot be read.
        """
        try:
            config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CorruptionError(f"{folder / _CONFIG} cannot be read: {error}") from error
        return cls(TextEncoder.load(str(folder)).eval(), **config)
