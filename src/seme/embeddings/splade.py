"""Learned sparse vectors: weights of the vocabulary's terms from the masked-word head (SPLADE, Formal et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from seme.assets.packages import need_extra, package_file
from seme.errors import InputError

_TINY = "splade-tiny"
_WEIGHTS = "96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a"


class SpladeEncoder:
    """Texts to the weights of terms: the maximum over tokens of `log(1 + relu(logit))`.

    Parameters
    ----------
    model
        With a head for masked words.
    tokenizer
        Its tokenizer.
    longest
        Most tokens that are read of a text, the special ones included.
    """

    def __init__(self, model: nn.Module, tokenizer: Any, *, longest: int = 256) -> None:
        self.model, self.tokenizer, self.longest = model.eval(), tokenizer, longest

    @classmethod
    def load(cls, name: str = _TINY, *, longest: int = 256) -> Self:
        """Load `splade-tiny` (2 layers, 128 dimensions; Apache-2.0), or a folder in the Hugging Face form.

        Raises
        ------
        AssetError
            If it is not installed; the command that gets it is named.
        """
        need_extra("transformers", "a SPLADE encoder")
        from transformers import AutoModelForMaskedLM, AutoTokenizer  # noqa: PLC0415  # slow to import

        if name == _TINY:
            place = package_file(name, "cognition", "model/model.safetensors", _WEIGHTS).parent
        else:
            place = Path(name).expanduser()
            if not place.is_dir():
                raise InputError(f"name is {name!r}, it must be {_TINY!r} or a folder")
        model = AutoModelForMaskedLM.from_pretrained(place, use_safetensors=True, local_files_only=True)
        return cls(model, AutoTokenizer.from_pretrained(place, local_files_only=True), longest=longest)

    @torch.no_grad()
    def encode(self, texts: Sequence[str], *, most: int = 128, batch_size: int = 32) -> list[dict[int, float]]:
        """Return, for each text, its `most` heaviest terms by their numbers, the heaviest first.

        Raises
        ------
        InputError
            If `most` or `batch_size` is not positive.
        """
        if most < 1 or batch_size < 1:
            raise InputError(f"most is {most} and batch_size is {batch_size}, both must be at least 1")
        found: list[dict[int, float]] = [{} for _ in texts]
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            weights, terms = self.weights([texts[i] for i in chosen]).topk(most, dim=1)
            for i, values, numbers in zip(chosen, weights.tolist(), terms.tolist(), strict=True):
                found[i] = {n: w for n, w in zip(numbers, values, strict=True) if w > 0}
        return found

    def weights(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the weights of all terms (n, vocabulary)."""
        batch = self.tokenizer(list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="pt")
        logits: torch.Tensor = self.model(**batch).logits
        kept = torch.relu(logits).masked_fill(batch["attention_mask"][..., None] == 0, 0.0)
        return torch.log1p(kept.amax(1))
