"""Batches of pairs of views that can be taken up at any number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.contriever.augmentation import AUGMENTATIONS, Augmentation, augment
from seme.embeddings.contriever.corpus import TokenCorpus, corpus_shares
from seme.embeddings.contriever.cropping import PAIRINGS, Pairing, Tokens, inverse_cloze, two_crops
from seme.errors import InputError

ViewPair = dict[str, dict[str, torch.Tensor]]
"""`query` and `key`, each with `input_ids` and `attention_mask` (n, length)."""


@dataclass(frozen=True, slots=True)
class Views:
    """How two views are made of a chunk; the defaults are those of the published English model.

    Parameters
    ----------
    pairing
        `crops`, or `ict`: a span, and the chunk without it.
    shortest, longest
        Shares of the chunk that a crop (the span) has.
    kept
        How often the span stays in the chunk (`ict`).
    augmentation, probability
        What is done to each view after that, and how often to a token.
    chunk
        Tokens of a chunk.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    pairing: Pairing = "crops"
    shortest: float = 0.05
    longest: float = 0.5
    kept: float = 0.1
    augmentation: Augmentation = "delete"
    probability: float = 0.1
    chunk: int = 256

    def __post_init__(self) -> None:
        if self.pairing not in PAIRINGS or self.augmentation not in AUGMENTATIONS:
            raise InputError(
                f"pairing is {self.pairing!r} and augmentation {self.augmentation!r}, expected one of "
                f"{', '.join(PAIRINGS)}, and one of {', '.join(AUGMENTATIONS)}"
            )
        if self.chunk < 1 or not 0 <= self.shortest <= self.longest <= 1:
            raise InputError(
                f"chunk is {self.chunk}, shortest {self.shortest} and longest {self.longest}, expected chunk >= 1 and "
                "0 <= shortest <= longest <= 1"
            )

    def pair(self, tokens: Tokens, rng: np.random.Generator) -> tuple[Tokens, Tokens]:
        """Return the two views of a chunk, before they are augmented."""
        if self.pairing == "ict":
            return inverse_cloze(tokens, rng, shortest=self.shortest, longest=self.longest, kept=self.kept)
        return two_crops(tokens, rng, shortest=self.shortest, longest=self.longest)


class ViewBatches:
    """Endless batches of pairs of views; batch k is the same in every process.

    A corpus is drawn for each pair; of it, the next chunk in a permutation, new in each epoch, as is the offset at
    which the corpus is cut.

    Parameters
    ----------
    corpora
        What is cut.
    tokenizer
        A BERT tokenizer: its special tokens, and the tokens that `replace` draws from.
    size
        Pairs of a batch.
    views
        How they are made.
    exponent
        Of the corpora's sizes in tokens; see `corpus_shares`.
    seed
        Of all that is drawn.

    Raises
    ------
    InputError
        If there is no corpus or the size is not positive.
    """

    def __init__(
        self,
        corpora: Sequence[TokenCorpus],
        tokenizer: Any,
        *,
        size: int = 64,
        views: Views | None = None,
        exponent: float = 0.0,
        seed: int = 0,
    ) -> None:
        if size < 1:
            raise InputError(f"size is {size}, expected at least 1 pair a batch")
        self.size, self.views, self.seed = size, views or Views(), seed
        self.shares = corpus_shares([len(one) for one in corpora], exponent)
        self._tokenizer = tokenizer
        self._streams = [_Stream(one, self.views.chunk, (seed, 1, i)) for i, one in enumerate(corpora)]
        special = set(tokenizer.all_special_ids)
        self._plain = np.array([one for one in range(len(tokenizer)) if one not in special], dtype=np.int64)

    def starting_at(self, number: int) -> Iterator[ViewPair]:
        """Yield the batches from that number on."""
        taken = np.zeros(len(self._streams), dtype=np.int64)
        for earlier in range(number):
            taken += self._counts(earlier)
        while True:
            counts = self._counts(number)
            chunks = [
                chunk
                for stream, first, count in zip(self._streams, taken, counts, strict=True)
                for chunk in stream.between(int(first), int(first + count))
            ]
            yield self._batch(chunks, np.random.default_rng([self.seed, 2, number]))
            taken, number = taken + counts, number + 1

    def _counts(self, number: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self.seed, 0, number]).multinomial(self.size, self.shares)

    def _batch(self, chunks: Sequence[Tokens], rng: np.random.Generator) -> ViewPair:
        change: Callable[[Tokens], Tokens] = partial(
            augment,
            rng=rng,
            kind=self.views.augmentation,
            probability=self.views.probability,
            mask_id=self._tokenizer.mask_token_id,
            replacements=self._plain,
        )
        pairs = [tuple(change(view) for view in self.views.pair(chunk, rng)) for chunk in chunks]
        return {
            name: padded([pair[side] for pair in pairs], self._tokenizer) for side, name in enumerate(("query", "key"))
        }


class _Stream:
    """The chunks of a corpus, one epoch after another, as a single endless sequence."""

    def __init__(self, corpus: TokenCorpus, length: int, key: tuple[int, ...]) -> None:
        self._corpus, self._length, self._key = corpus, length, key
        self._count = len(corpus.chunks(length))
        self._epoch, self._chunks = -1, np.empty((0, 2), dtype=np.int64)

    def between(self, first: int, last: int) -> Iterator[Tokens]:
        """Yield the chunks first..last-1."""
        for place in range(first, last):
            epoch, row = divmod(place, self._count)
            if epoch != self._epoch:
                rng = np.random.default_rng([*self._key, epoch])
                found = self._corpus.chunks(self._length, int(rng.integers(self._length)))
                self._epoch, self._chunks = epoch, rng.permutation(found)
            start, end = self._chunks[row]
            yield self._corpus.tokens[start:end]


def padded(rows: Sequence[Tokens], tokenizer: Any) -> dict[str, torch.Tensor]:
    """Return `input_ids` and `attention_mask` (n, length) of tokens between the tokenizer's special ones."""
    width = max(map(len, rows)) + 2
    ids = np.full((len(rows), width), tokenizer.pad_token_id, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens) + 2] = [tokenizer.cls_token_id, *tokens, tokenizer.sep_token_id]
        mask[row, : len(tokens) + 2] = 1
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
