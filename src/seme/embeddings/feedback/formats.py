"""How a query and its first hits become one sequence of tokens, by the family of the model (Li et al. 2022, section 3).

======== ======================================================= =========================================
family   sequence                                                padding
======== ======================================================= =========================================
bert     [CLS] q [SEP] p1 [SEP] ... pk [SEP]                     as the tokenizer pads, unread
roberta  <s> q </s> p1 </s> ... pk </s>                          as the tokenizer pads, unread
tct      [CLS] [ Q ] q [SEP] p1 [SEP] ... pk                     [MASK] up to the limit, read
======== ======================================================= =========================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch

from seme.errors import InputError

Family = Literal["bert", "roberta", "tct"]
FAMILIES: tuple[Family, ...] = get_args(Family)
TCT_PREFIX = 4
"""Tokens at the head of a sequence of TCT-ColBERT ([CLS], and the three of "[Q]") that its mean leaves out."""


def feedback_ids(
    tokenizer: Any,
    query: str,
    passages: Sequence[str],
    *,
    family: Family = "bert",
    longest: int = 512,
    whole: bool = False,
) -> list[int]:
    """Return the tokens' numbers of a query and its passages, at most `longest`.

    Parameters
    ----------
    tokenizer
        Of the model.
    query, passages
        Texts; the first passages come first.
    family
        One of `FAMILIES`.
    longest
        Most tokens, the special ones included.
    whole
        Whether a passage that does not fit is left out, with all after it, instead of being cut.

    Raises
    ------
    InputError
        If the family is unknown, or `longest` leaves no room for a query.
    """
    if family not in FAMILIES:
        raise InputError(f"family is {family!r}, it must be one of {', '.join(FAMILIES)}")
    if longest < TCT_PREFIX + 2:
        raise InputError(f"longest is {longest}, it must be at least {TCT_PREFIX + 2}")
    start, end = (tokenizer.bos_token_id, tokenizer.eos_token_id) if family == "roberta" else _bert_ends(tokenizer)
    prefix = [start, *(_pieces(tokenizer, "[ Q ]") if family == "tct" else [])]
    ids = [*prefix, *_pieces(tokenizer, query)][: longest - 1]
    ids.append(end)
    for number, passage in enumerate(passages, 1):
        open_end = family == "tct" and number == len(passages)
        more = [*_pieces(tokenizer, passage), *([] if open_end else [end])]
        left = longest - len(ids)
        if len(more) > left:
            if not whole and left > 1:
                ids += more[:left] if open_end else [*more[: left - 1], end]
            break
        ids += more
    return ids


def feedback_batch(
    tokenizer: Any,
    pairs: Sequence[tuple[str, Sequence[str]]],
    *,
    family: Family = "bert",
    longest: int = 512,
    whole: bool = False,
    pad_to: int | None = None,
) -> dict[str, torch.Tensor]:
    """Return `input_ids` and `attention_mask` (n, length) of pairs of a query and its passages.

    Parameters
    ----------
    pairs
        Queries with their passages.
    pad_to
        Length of the batch; that of its longest sequence if not given. `tct` always pads to `longest`.

    Raises
    ------
    InputError
        As `feedback_ids`, and if there is no pair or a sequence is longer than `pad_to`.
    """
    if not pairs:
        raise InputError("pairs is empty, expected at least one query with its passages")
    rows = [
        feedback_ids(tokenizer, query, passages, family=family, longest=longest, whole=whole)
        for query, passages in pairs
    ]
    width = longest if family == "tct" else pad_to or max(map(len, rows))
    if max(map(len, rows)) > width:
        raise InputError(f"pad_to is {width}, but a sequence has {max(map(len, rows))} tokens")
    filler = tokenizer.mask_token_id if family == "tct" else tokenizer.pad_token_id
    ids = torch.full((len(rows), width), filler, dtype=torch.long)
    mask = torch.full((len(rows), width), int(family == "tct"), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _pieces(tokenizer: Any, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return found


def _bert_ends(tokenizer: Any) -> tuple[int, int]:
    return int(tokenizer.cls_token_id), int(tokenizer.sep_token_id)
