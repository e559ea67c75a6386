"""Batches of chunks that can help each other: neighbours of one document, beside those of other documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypedDict

import numpy as np
import torch

from seme.errors import InputError


class ChunkBatch(TypedDict):
    """Chunks as a language model and a retriever read them.

    `input_ids` and `attention_mask` (n, length) of whole chunks; `helped` (n, length), true in their second halves;
    `texts` as they came; `queries` and `passages`, the texts of first halves and of whole chunks as far as they are
    read.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    helped: torch.Tensor
    texts: list[str]
    queries: list[str]
    passages: list[str]


def group_chunks(
    documents: Sequence[Sequence[str]], *, size: int = 16, group: int = 2, rng: np.random.Generator
) -> list[str]:
    """Return `size` different chunks: runs of `group` neighbours from documents drawn at random, shuffled.

    Parameters
    ----------
    documents
        The chunks of each document in their order.
    size
        Chunks of the batch.
    group
        Neighbours from one document; a document of fewer chunks is never drawn.
    rng
        Of what is drawn.

    Raises
    ------
    InputError
        If a number cannot be used, or there are not enough different chunks.
    """
    if group < 1 or size < 2 or size % group:
        raise InputError(f"size is {size} and group is {group}, expected size >= 2, and a multiple of group")
    long = [one for one in documents if len(one) >= group]
    found: dict[str, None] = {}
    # A chunk that occurs twice would let its copy be read off; so a run with anything that is there is drawn again.
    for number in rng.permutation(len(long)):
        start = int(rng.integers(len(long[number]) - group + 1))
        run = list(dict.fromkeys(long[number][start : start + group]))
        if len(run) == group and not any(one in found for one in run):
            found |= dict.fromkeys(run)
        if len(found) == size:
            return [list(found)[i] for i in rng.permutation(size)]
    raise InputError(
        f"size is {size}, but {len(long)} documents with {group} chunks or more have {len(found)} different ones",
        hint="Give more documents, or a smaller size",
    )


class ChunkBatches:
    """Batches that can be taken up at any number: batch k is the same in every process.

    Parameters
    ----------
    documents
        The chunks of each document in their order.
    tokenizer
        Of the language model.
    size, group
        As in `group_chunks`.
    longest
        Tokens that are read of a chunk.
    seed
        Of what is drawn.

    Raises
    ------
    InputError
        If there are not enough chunks.
    """

    def __init__(
        self,
        documents: Sequence[Sequence[str]],
        tokenizer: Any,
        *,
        size: int = 16,
        group: int = 2,
        longest: int = 157,
        seed: int = 0,
    ) -> None:
        self.documents, self.tokenizer = documents, tokenizer
        self.size, self.group, self.longest, self.seed = size, group, longest, seed
        self.texts(0)

    def texts(self, number: int) -> list[str]:
        """Return the chunks of a batch."""
        rng = np.random.default_rng([self.seed, number])
        return group_chunks(self.documents, size=self.size, group=self.group, rng=rng)

    def starting_at(self, number: int) -> Iterator[ChunkBatch]:
        """Yield the batches from that number on, without end."""
        while True:
            yield make_batch(self.texts(number), self.tokenizer, longest=self.longest)
            number += 1


def make_batch(texts: Sequence[str], tokenizer: Any, *, longest: int = 157) -> ChunkBatch:
    """Return chunks as one batch, padded on the right; the first half of each is what its query is made of.

    Raises
    ------
    InputError
        If there are fewer than two chunks, two are the same, or one has fewer than two tokens.
    """
    if len(texts) < 2 or len(set(texts)) < len(texts):
        raise InputError(
            f"the batch has {len(texts)} chunks, {len(set(texts))} different ones, expected two or more, all different",
            hint="A chunk must not read its own copy",
        )
    rows = [tokenizer.encode(text, add_special_tokens=False)[:longest] for text in texts]
    short = next((i for i, row in enumerate(rows) if len(row) < 2), None)
    if short is not None:
        raise InputError(f"chunk {short} of the batch has {len(rows[short])} tokens, expected at least 2")
    lengths = torch.tensor([len(row) for row in rows])
    places = torch.arange(int(lengths.max()))
    mask = places < lengths[:, None]
    ids = torch.zeros(mask.shape, dtype=torch.long)
    ids[mask] = torch.tensor([token for row in rows for token in row])
    return {
        "input_ids": ids,
        "attention_mask": mask.long(),
        "helped": mask & (places >= (lengths // 2)[:, None]),
        "texts": list(texts),
        "queries": [tokenizer.decode(row[: len(row) // 2]) for row in rows],
        "passages": [tokenizer.decode(row) for row in rows],
    }
