"""The synthetic task by which heads are found: values of random keys, looked up in a list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from seme.errors import InputError
from seme.interp.heads.retrieval import RetrievalPrompt

_FEWEST = 2


def lookup_prompts(
    tokenizer: PreTrainedTokenizerBase,
    passages: Sequence[str],
    rng: np.random.Generator,
    count: int,
    *,
    pairs: int = 8,
    shots: int = 3,
    letters: int = 8,
) -> list[RetrievalPrompt]:
    """Make prompts that list random keys with passages as values, look some up, and ask for another.

    Parameters
    ----------
    tokenizer
        A fast one.
    passages
        Sentences of a corpus: the values. None has a line break or a double quote.
    rng
        Of keys and choices.
    count
        Prompts.
    pairs
        Keys in a list.
    shots
        Keys that are looked up before, as examples; the paper takes 3.
    letters
        Hexadecimal digits of a key.

    Returns
    -------
    list of RetrievalPrompt
        `span` is where the value that is asked for stands in the list, `depth` how far down the list.

    Raises
    ------
    InputError
        If there are fewer passages than pairs, no key is left to ask for, or a passage cannot be quoted.
    """
    if count < 1 or letters < 4:
        raise InputError(f"count is {count} and letters is {letters}; they may be 1 or more, and 4 or more")
    if not 0 <= shots < pairs:
        raise InputError(f"shots is {shots}, and with {pairs} pairs it may be 0 to {pairs - 1}")
    values = list(dict.fromkeys(passages))
    if len(values) < max(pairs, _FEWEST):
        raise InputError(
            f"passages has {len(values)} different texts, and a list needs {max(pairs, _FEWEST)}",
            hint="Give more passages, or lower pairs",
        )
    bad = next((text for text in values if not text.strip() or any(one in text for one in '"\n')), None)
    if bad is not None:
        raise InputError(f"passages has {bad!r}, which is empty or holds a line break or a double quote")
    if not tokenizer.is_fast:
        raise InputError(f"tokenizer is {type(tokenizer).__name__}, expected a fast one, which tells letters by token")
    return [_prompt(tokenizer, values, rng, pairs, shots, letters) for _ in range(count)]


def _prompt(
    tokenizer: PreTrainedTokenizerBase,
    values: Sequence[str],
    rng: np.random.Generator,
    pairs: int,
    shots: int,
    letters: int,
) -> RetrievalPrompt:
    chosen = [values[one] for one in rng.choice(len(values), pairs, replace=False)]
    keys = ["".join(rng.choice(list("0123456789abcdef"), letters)) for _ in range(pairs)]
    *examples, asked = rng.choice(pairs, shots + 1, replace=False).tolist()
    rows = [f'"{key}": "{value}"' for key, value in zip(keys, chosen, strict=True)]
    listed = "{" + ",\n ".join(rows) + "}\n"
    start = listed.index(rows[asked]) + len(f'"{keys[asked]}": "')
    text = listed + "".join(f"{rows[one]}\n" for one in examples) + f'"{keys[asked]}": "'
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    end = start + len(chosen[asked])
    held = [n for n, (first, last) in enumerate(encoded["offset_mapping"]) if first < end and last > start]
    return RetrievalPrompt(tuple(encoded["input_ids"]), (held[0], held[-1] + 1), asked / max(1, pairs - 1))
