"""Texts as tokens, cut into chunks at another offset in each epoch; and the share that each corpus has of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seme.embeddings.contriever.cropping import Tokens
from seme.errors import InputError

_PIECE = 1000
"""Texts that are tokenised at once."""


class TokenCorpus:
    """The tokens of texts one after another.

    Parameters
    ----------
    tokens
        Of all texts, (n,).
    lengths
        How many tokens each text has, each at least 1; their sum is n.
    across
        Whether a chunk may run from one text into the next, as the paper's do. Where texts are shorter than a chunk,
        views of it would be of strangers: without `across` a text that is shorter is a chunk of its own.

    Raises
    ------
    InputError
        If there is no token, or the lengths are others.
    """

    def __init__(self, tokens: Tokens, lengths: Sequence[int] | Tokens, *, across: bool = True) -> None:
        sizes = np.asarray(lengths, dtype=np.int64)
        if tokens.ndim != 1 or not len(tokens) or sizes.min() < 1 or int(sizes.sum()) != len(tokens):
            raise InputError(
                f"tokens is {tokens.shape} and lengths sum to {int(sizes.sum())}, expected as many tokens as that, at "
                "least one of each text"
            )
        self.tokens, self.across = tokens, across
        self._ends = np.cumsum(sizes) if not across else np.array([len(tokens)])
        self._sizes = sizes if not across else np.array([len(tokens)])

    @classmethod
    def from_texts(cls, texts: Sequence[str], tokenizer: Any, *, across: bool = True) -> Self:
        """Tokenise texts, without special tokens; those that have no token are left out.

        Raises
        ------
        InputError
            If nothing is left.
        """
        rows: list[list[int]] = []
        for start in range(0, len(texts), _PIECE):
            found = tokenizer(list(texts[start : start + _PIECE]), add_special_tokens=False, verbose=False)
            rows += [row for row in found["input_ids"] if row]
        if not rows:
            raise InputError(f"none of the {len(texts)} texts has a token", hint="Give texts with words")
        return cls(
            np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]), list(map(len, rows)), across=across
        )

    def __len__(self) -> int:
        return len(self.tokens)

    def chunks(self, length: int, offset: int = 0) -> npt.NDArray[np.int64]:
        """Return first and last (exclusive) token of each chunk, (m, 2); there are as many at every offset.

        What is left over at the beginning and the end (without `across`: of each text) is in chunks of other offsets.

        Raises
        ------
        InputError
            If the length is not positive, or the offset is not below it.
        """
        if length < 1 or not 0 <= offset < length:
            raise InputError(f"length is {length} and offset {offset}, expected 0 <= offset < length")
        counts = np.maximum(1, (self._sizes - length + 1) // length)
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        # The offsets are spread over the room that is left, so that the end of every text is in some chunk.
        room = np.maximum(0, self._sizes - counts * length)
        places = np.repeat(offset * room // max(1, length - 1), counts)
        starts = np.repeat(self._ends - self._sizes, counts) + places + within * length
        ends = np.minimum(starts + length, np.repeat(self._ends, counts))
        return np.stack([starts, ends], axis=1)


def corpus_shares(sizes: Sequence[float], exponent: float = 0.0) -> npt.NDArray[np.float64]:
    """Return the probability of each corpus, `size^exponent` over their sum; 0 makes all alike, 1 all texts.

    Raises
    ------
    InputError
        If there is no corpus, or a size is not positive.
    """
    given = np.asarray(sizes, dtype=np.float64)
    if given.ndim != 1 or not len(given) or not bool((given > 0).all()) or not np.isfinite(given).all():
        raise InputError(f"sizes is {list(sizes)}, expected positive numbers, at least one")
    weights = (given / given.max()) ** exponent
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares
