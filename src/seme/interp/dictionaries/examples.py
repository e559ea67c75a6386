"""The texts around tokens: rows of a store traced back to what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PARTIAL = "\N{REPLACEMENT CHARACTER}"
_LONGEST_CHARACTER = 4  # tokens that one character may be split into, byte by byte


@dataclass(frozen=True, slots=True)
class Context:
    """A token and the text on both sides of it."""

    before: str
    token: str
    after: str


Place = tuple[int, int]
"""Document and position (in tokens, padding not counted), as in `Store.index`."""


def read_contexts(
    places: npt.ArrayLike,
    batches: Iterable[Mapping[str, Any]],
    tokenizer: PreTrainedTokenizerBase,
    *,
    before: int = 20,
    after: int = 10,
) -> dict[Place, Context]:
    """Return the texts around tokens that were recorded.

    Parameters
    ----------
    places
        Documents and positions, (n, 2): rows of `Store.index`.
    batches
        The batches that were given to `record`, in the same order; they are gone through once.
    tokenizer
        Of the model.
    before, after
        Tokens that are shown on each side.

    Raises
    ------
    InputError
        If the batches have fewer documents, or shorter ones, than were recorded.
    """
    wanted: dict[int, list[int]] = {}
    for document, position in np.unique(np.asarray(places, dtype=np.int64).reshape(-1, 2), axis=0).tolist():
        wanted.setdefault(document, []).append(position)
    found: dict[Place, Context] = {}
    for document, ids in enumerate(_documents(batches)):
        for position in wanted.pop(document, []):
            if position >= len(ids):
                raise InputError(
                    f"document {document} has {len(ids)} tokens, and number {position} was recorded: "
                    "these batches are others",
                    hint="Give the batches that were recorded",
                )
            found[document, position] = _context(ids, position, tokenizer, before, after)
        if not wanted:
            break
    if wanted:
        raise InputError(
            f"the batches have no document {min(wanted)}, and it was recorded: these batches are others",
            hint="Give the batches that were recorded",
        )
    return found


def _documents(batches: Iterable[Mapping[str, Any]]) -> Iterator[list[int]]:
    """Yield the ids of each sequence without its padding."""
    for batch in batches:
        ids: torch.Tensor = batch["input_ids"].cpu()
        mask: torch.Tensor = batch.get("attention_mask", torch.ones_like(ids)).cpu() != 0
        for row, kept in zip(ids, mask, strict=True):
            yield row[kept].tolist()


def _context(ids: list[int], position: int, tokenizer: PreTrainedTokenizerBase, before: int, after: int) -> Context:
    first, last = max(0, position - before), min(len(ids), position + 1 + after)

    def text(end: int) -> str:
        return str(tokenizer.decode(ids[first:end], skip_special_tokens=False, clean_up_tokenization_spaces=False))

    # A token may be a part of a character; the whole character is marked then. Texts of growing beginnings are
    # compared, since the text of a token by itself may lack its leading space.
    begin = next((e for e in range(position, first, -1) if not text(e).endswith(_PARTIAL)), first)
    ends = range(position + 1, min(last, position + _LONGEST_CHARACTER) + 1)
    end = next((e for e in ends if not text(e).endswith(_PARTIAL)), position + 1)
    left, marked, whole = text(begin) if begin > first else "", text(end), text(last)
    return Context(left, marked[_shared(left, marked) :], whole[_shared(marked, whole) :])


def _shared(beginning: str, whole: str) -> int:
    """Return how many characters the beginnings of two texts have in common."""
    if whole.startswith(beginning):
        return len(beginning)
    return next((n for n, (a, b) in enumerate(zip(beginning, whole, strict=False)) if a != b), len(whole))
