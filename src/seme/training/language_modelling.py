"""Training a language model on the next token: the objective, and texts as blocks of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seme.errors import InputError
from seme.training.loss import Loss, Objective

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class NextToken(Objective):
    """Cross-entropy of the next token, of a causal model of the transformers library.

    A batch has `input_ids` (B, T); `attention_mask` and `labels` if they differ from all ones and the ids. Labels of
    -100 are not learned.
    """

    def forward(self, model: nn.Module, batch: Mapping[str, Tensor]) -> Loss:
        """Return the mean loss in nats per token."""
        labels = batch.get("labels", batch["input_ids"])
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        loss: Tensor = model(**inputs, labels=labels).loss
        return Loss(loss)


def token_blocks(
    tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], *, length: int, size: int, limit: int | None = None
) -> list[dict[str, Tensor]]:
    """Join texts, with the end-of-text token between them, and cut them into batches of full blocks.

    Parameters
    ----------
    tokenizer
        Of the model.
    texts
        In the order in which they are joined.
    length, size
        Tokens of a block, and blocks of a batch.
    limit
        Batches at most.

    Returns
    -------
    list of dict
        `input_ids` and `attention_mask`, both (size, length) int64.

    Raises
    ------
    InputError
        If the texts do not fill one batch.
    """
    wanted = None if limit is None else limit * size * length
    stream: list[int] = []
    for text in texts:
        stream += [*tokenizer.encode(text, add_special_tokens=False), int(tokenizer.eos_token_id)]
        if wanted is not None and len(stream) >= wanted:
            break
    count = len(stream) // (length * size)
    if count < 1:
        raise InputError(f"the texts have {len(stream)} tokens, a batch needs {length * size}")
    count = count if limit is None else min(count, limit)
    ids = torch.tensor(stream[: count * size * length]).view(count, size, length)
    return [{"input_ids": block, "attention_mask": torch.ones_like(block)} for block in ids]
