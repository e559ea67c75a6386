"""A small decoder as a retriever: a text's vector is the state of the end token that is put after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from seme.errors import InputError

Side = Literal["query", "passage"]
PREFIXES: dict[Side, str] = {"query": "query: ", "passage": "passage: "}


class DecoderRetriever(nn.Module):
    """Texts to vectors of unit norm through a causal transformer.

    Parameters
    ----------
    model
        A transformer without its head, e.g. `LlamaModel`; it returns `last_hidden_state`.
    tokenizer
        Its tokenizer, which has an end token.
    longest
        Most tokens that are read of a text, prefix and end token included.

    Raises
    ------
    InputError
        If the tokenizer has no end token, or `longest` leaves no room for the text.
    """

    def __init__(self, model: nn.Module, tokenizer: Any, *, longest: int = 160) -> None:
        super().__init__()
        if tokenizer.eos_token_id is None:
            raise InputError("tokenizer has no end token (eos_token), whose state is a text's vector")
        self.model, self.tokenizer, self.longest = model, tokenizer, longest
        self._prefixes = {side: tokenizer.encode(text, add_special_tokens=False) for side, text in PREFIXES.items()}
        least = 2 + max(len(one) for one in self._prefixes.values())
        if longest < least:
            raise InputError(f"longest is {longest}, expected at least {least}: prefix, a token, and the end")

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]

    def tokenise(self, texts: Sequence[str], side: Side) -> dict[str, torch.Tensor]:
        """Return `input_ids` and `attention_mask` (n, length): prefix, text, end token, padded on the right.

        Raises
        ------
        InputError
            If there is no text, or the side is unknown.
        """
        if not texts or side not in PREFIXES:
            raise InputError(f"there are {len(texts)} texts of the side {side!r}, expected some, query or passage")
        prefix, end = self._prefixes[side], self.tokenizer.eos_token_id
        room = self.longest - len(prefix) - 1
        found = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        rows = [[*prefix, *one[:room], end] for one in found]
        lengths = torch.tensor([len(row) for row in rows])
        mask = torch.arange(int(lengths.max())) < lengths[:, None]
        ids = torch.zeros(mask.shape, dtype=torch.long)
        ids[mask] = torch.tensor([token for row in rows for token in row])
        device = next(self.model.parameters()).device
        return {"input_ids": ids.to(device), "attention_mask": mask.long().to(device)}

    def forward(self, texts: Sequence[str], side: Side) -> torch.Tensor:
        """Return the vectors (n, d) of texts, of unit norm."""
        batch = self.tokenise(texts, side)
        states = self.model(**batch, use_cache=False).last_hidden_state
        # By length: the padding may be the end token, too.
        last = batch["attention_mask"].sum(1) - 1
        return F.normalize(states[torch.arange(len(last), device=last.device), last].float(), dim=-1)

    @torch.no_grad()
    def encode(self, texts: Sequence[str], side: Side = "passage", *, batch_size: int = 32) -> npt.NDArray[np.float32]:
        """Return the vectors (n, d) of texts in their order, float32, without dropout.

        Raises
        ------
        InputError
            If there is no text, or `batch_size` is not positive.
        """
        if batch_size < 1 or not texts:
            raise InputError(
                f"there are {len(texts)} texts and batch_size is {batch_size}, expected at least 1 of both"
            )
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        was_training = self.training
        self.eval()
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            vectors[chosen] = self([texts[i] for i in chosen], side).cpu().numpy()
        self.train(was_training)
        return vectors
