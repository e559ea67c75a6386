"""A text encoder whose texts are sets of vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from seme.embeddings.crisp.reductions import All, Reduced, Reduction, Side
from seme.embeddings.encoder import Batch, TextEncoder
from seme.errors import CorruptionError, InputError
from seme.new_folder import new_folder
from seme.retrieval.multivector.packed import Packed, offsets_of
from seme.tensor_folders import write_tensor_folder

_NAMES = ("multivector.json", "multivector.safetensors")


class MultiVectorEncoder(nn.Module):
    """The states of a text's tokens, projected or not, and reduced; special tokens and a prefix count, too.

    Parameters
    ----------
    base
        The encoder of which the last states are taken; its pooling is not used.
    reduction
        What is kept of a text's vectors; it may be changed at any time (clustering after training).
    dim
        Width after a linear projection without bias; `None` for none.
    normalise
        Whether vectors have unit length before they are reduced.
    prefix
        Put before every query.

    Raises
    ------
    InputError
        If `dim` is not positive.
    """

    def __init__(
        self,
        base: TextEncoder,
        *,
        reduction: Reduction | None = None,
        dim: int | None = None,
        normalise: bool = True,
        prefix: str = "",
    ) -> None:
        super().__init__()
        if dim is not None and dim < 1:
            raise InputError(f"dim is {dim}, expected at least 1")
        self.base, self.reduction = base, reduction or All()
        self.normalise, self.prefix = normalise, prefix
        self.projection = nn.Identity() if dim is None else nn.Linear(base.dim, dim, bias=False)

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return int(self.projection.out_features) if isinstance(self.projection, nn.Linear) else self.base.dim

    def tokenise(self, texts: Sequence[str], side: Side, *, longest: int | None = None) -> dict[str, torch.Tensor]:
        """Return `input_ids` and `attention_mask` (n, length) of queries, behind the prefix, or of documents."""
        return self.base.tokenise([self.prefix + one for one in texts] if side == "query" else texts, longest=longest)

    def tokens(self, states: torch.Tensor) -> torch.Tensor:
        """Return every token's vector (n, length, dim) from the last states."""
        vectors: torch.Tensor = self.projection(states)
        return F.normalize(vectors, dim=-1) if self.normalise else vectors

    def reduced(self, states: torch.Tensor, mask: torch.Tensor, side: Side) -> Reduced:
        """Return the vectors of texts whose last states are given."""
        return self.reduction(self.tokens(states), mask, side)

    def forward(self, batch: Batch, side: Side) -> Reduced:
        """Return the vectors of a batch of tokens."""
        return self.reduced(self.base.states(batch), batch["attention_mask"], side)

    def resume(self, states: torch.Tensor, mask: torch.Tensor, side: Side, *, layer: int) -> Reduced:
        """Return the vectors of texts whose states after block `layer` are given."""
        return self.reduced(self.base.resume(states, mask, layer=layer), mask, side)

    @torch.no_grad()
    def encode(
        self,
        texts: Sequence[str],
        side: Side,
        *,
        batch_size: int = 32,
        longest: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Packed:
        """Return the vectors of texts in their order, float32, without dropout, as `MultiVectorIndex` takes them.

        Raises
        ------
        InputError
            If there is no text, one is empty, or `batch_size` is not positive.
        """
        if batch_size < 1 or not texts:
            raise InputError(
                f"batch_size is {batch_size} and there are {len(texts)} texts, expected at least 1 of both"
            )
        empty = next((i for i, one in enumerate(texts) if not one.strip()), None)
        if empty is not None:
            raise InputError(f"text {empty} is empty", hint="Leave it out")
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        found: dict[int, Any] = {}
        was_training = self.training
        self.eval()
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            made = self(self.tokenise([texts[i] for i in chosen], side, longest=longest), side)
            found |= zip(chosen, unpadded(made), strict=True)
            if progress:
                progress(start + len(chosen), len(order))
        self.train(was_training)
        ordered = [found[i] for i in range(len(texts))]
        return Packed(np.concatenate(ordered), offsets_of([len(one) for one in ordered]))

    def save(self, folder: Path) -> Path:
        """Write the base and, if there is one, the projection into a new folder; the reduction is not kept.

        Raises
        ------
        InputError
            If the folder exists.
        """
        config = {
            "format": 1,
            "dim": None if isinstance(self.projection, nn.Identity) else self.dim,
            "normalise": self.normalise,
            "prefix": self.prefix,
        }
        tensors = {name: one.detach().cpu().numpy() for name, one in self.projection.state_dict().items()}
        with new_folder(folder) as place:
            write_tensor_folder(place, config, tensors, names=_NAMES, kind="multi-vector encoder")
            self.base.save(place / "base")
        return folder

    @classmethod
    def load(cls, folder: Path | str, *, reduction: Reduction | None = None, device: str = "cpu") -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If there is none.
        CorruptionError
            If its files cannot be read.
        """
        folder = Path(folder)
        if not (folder / _NAMES[0]).is_file():
            raise InputError(f"there is no {_NAMES[0]} in {folder}", hint="MultiVectorEncoder.save makes one")
        try:
            config = json.loads((folder / _NAMES[0]).read_text(encoding="utf-8"))
            base = TextEncoder.load(str(folder / "base"), device=device)
            found = cls(
                base, reduction=reduction, dim=config["dim"], normalise=config["normalise"], prefix=config["prefix"]
            )
            found.projection.load_state_dict(load_file(folder / _NAMES[1]))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise CorruptionError(f"the multi-vector encoder in {folder} cannot be read: {error}") from error
        return found.to(device)


def unpadded(made: Reduced) -> list[npt.NDArray[np.float32]]:
    """Return the vectors of each text without padding, float32 (l, d)."""
    vectors, mask = made.vectors.float().cpu().numpy(), made.mask.cpu().numpy().astype(bool)
    return [one[real] for one, real in zip(vectors, mask, strict=True)]
