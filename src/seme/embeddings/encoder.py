"""A BERT-like text encoder that can be trained: tokens, the states of every layer, pooled vectors.

`states` may stop after any block and `resume` goes on from there, so that the lower blocks of a model that are not
trained need to run only once over the texts.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from seme.assets import load_sentence_encoder
from seme.embeddings.pooling import Pooling, pool
from seme.errors import InputError
from seme.new_folder import new_folder

Batch = Mapping[str, torch.Tensor]
"""`input_ids` and `attention_mask`, integers (n, length)."""


class TextEncoder(nn.Module):
    """Texts to vectors through a transformer that is built as BERT is (`embeddings`, `encoder.layer`).

    Parameters
    ----------
    model
        E.g. a `BertModel`.
    tokenizer
        Its tokenizer.
    pooling
        `mean` or `cls`.
    normalise
        Whether vectors have unit norm.
    longest
        Most tokens that are read of a text, the special ones included.

    Raises
    ------
    InputError
        If the model is not built as BERT is.
    """

    def __init__(
        self, model: nn.Module, tokenizer: Any, *, pooling: Pooling = "mean", normalise: bool = True, longest: int = 256
    ) -> None:
        super().__init__()
        if not isinstance(getattr(getattr(model, "encoder", None), "layer", None), nn.ModuleList):
            raise InputError(
                f"model is a {type(model).__name__}, expected an encoder with `embeddings` and `encoder.layer`, as BERT"
            )
        self.model, self.tokenizer = model, tokenizer
        self.pooling, self.normalise, self.longest = pooling, normalise, longest

    @classmethod
    def load(cls, name: str = "minilm", *, device: str = "cpu", longest: int | None = None) -> Self:
        """Load `minilm`, a folder in the form of sentence-transformers, or a model of the hub.

        Raises
        ------
        AssetError
            If it is not there; the command that gets it is named.
        InputError
            If its layers are other than a BERT-like transformer, mean or first-token pooling, and a normalisation.
        """
        found = load_sentence_encoder(name, device=device)
        transformer: Any
        transformer, pooling, *rest = list(found)
        kinds = [type(one).__name__ for one in rest]
        mode = getattr(pooling, "pooling_mode", None)
        if mode not in ("mean", "cls") or kinds not in ([], ["Normalize"]):
            raise InputError(
                f"{name} pools by {mode} and then has {kinds}, expected mean or cls, and Normalize or none"
            )
        length = int(longest or found.max_seq_length or 256)
        return cls(transformer.model, found.tokenizer, pooling=mode, normalise=bool(kinds), longest=length)

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return len(self.model.encoder.layer)  # type: ignore[union-attr, arg-type]

    @property
    def dim(self) -> int:
        """Width of the states."""
        return int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]

    def tokenise(self, texts: Sequence[str], *, longest: int | None = None) -> dict[str, torch.Tensor]:
        """Return `input_ids` and `attention_mask` (n, length), on the model's device.

        Raises
        ------
        InputError
            If there is no text.
        """
        if not texts:
            raise InputError("texts is empty, expected at least one")
        found = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=longest or self.longest, return_tensors="pt"
        )
        device = next(self.model.parameters()).device
        return {name: found[name].to(device) for name in ("input_ids", "attention_mask")}

    def layers(self, batch: Batch) -> Iterator[torch.Tensor]:
        """Yield the states (n, length, d) of the embeddings, and then of every block."""
        states = self.model.embeddings(input_ids=batch["input_ids"])  # type: ignore[operator]
        yield states
        yield from self._blocks(states, batch["attention_mask"], 0)

    def states(self, batch: Batch, *, layer: int | None = None) -> torch.Tensor:
        """Return the states (n, length, d) after a block: 0 for the embeddings, `depth` (or None) for the last one."""
        last = self.depth if layer is None else layer
        if not 0 <= last <= self.depth:
            raise InputError(f"layer is {layer}, expected 0 (the embeddings) to {self.depth}")
        return next(islice(self.layers(batch), last, None))

    def resume(self, states: torch.Tensor, mask: torch.Tensor, *, layer: int) -> torch.Tensor:
        """Return the last block's states from those after block `layer`."""
        return deque(self._blocks(states, mask, layer), maxlen=1).pop() if layer < self.depth else states

    def pooled(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the vectors (n, d) of texts whose last states are given."""
        vectors = pool(states, mask, self.pooling)
        return F.normalize(vectors, dim=-1) if self.normalise else vectors

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return the vectors (n, d) of a batch."""
        return self.pooled(self.states(batch), batch["attention_mask"])

    @torch.no_grad()
    def encode(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        longest: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Return the vectors (n, d) of texts in their order, float32, without dropout.

        Raises
        ------
        InputError
            If `batch_size` is not positive.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}, expected at least 1")
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        was_training = self.training
        self.eval()
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            batch = self.tokenise([texts[i] for i in chosen], longest=longest)
            vectors[chosen] = self(batch).float().cpu().numpy()
            if progress:
                progress(start + len(chosen), len(order))
        self.train(was_training)
        return vectors

    def save(self, folder: Path) -> Path:
        """Write a new folder that sentence-transformers and `load` open.

        Raises
        ------
        InputError
            If the folder exists.
        """
        with new_folder(folder) as place:
            self.write(place)
        return folder

    def write(self, place: Path) -> None:
        """Write the files of `save` into a folder that is there."""
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # slow to import
        from sentence_transformers.base.modules import Normalize, Transformer  # noqa: PLC0415
        from sentence_transformers.sentence_transformer.modules import Pooling as PoolingModule  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as plain:
            self.model.save_pretrained(plain)  # type: ignore[operator]
            self.tokenizer.save_pretrained(plain)
            modules = [
                Transformer(plain, max_seq_length=self.longest),
                PoolingModule(self.dim, pooling_mode=self.pooling),
            ]
            modules += [Normalize()] if self.normalise else []
            SentenceTransformer(modules=modules, device="cpu").save(str(place), create_model_card=False)

    def _blocks(self, states: torch.Tensor, mask: torch.Tensor, first: int) -> Iterator[torch.Tensor]:
        # Additive, which every implementation of attention takes.
        added = (1.0 - mask[:, None, None, :].to(states.dtype)) * torch.finfo(states.dtype).min
        for block in self.model.encoder.layer[first:]:  # type: ignore[union-attr, index]
            states = block(states, added)
            yield states
