"""From a word to the neurons that stand for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from seme.errors import InputError
from seme.interp.neurons.mapping import NeuronMap


@dataclass(frozen=True, slots=True)
class Found:
    """A neuron, its best token and how far that stands out."""

    layer: int
    neuron: int
    token: int
    z: float
    margin: float


def token_forms(tokenizer: PreTrainedTokenizerBase, word: str) -> tuple[int, ...]:
    """Return the single tokens that are the word: as given, in lower, title and upper case, with or without a space.

    Raises
    ------
    InputError
        If no form is a single token; the message shows how the word is split.
    """
    stem = word.strip()
    spellings = dict.fromkeys((stem, stem.lower(), stem.title(), stem.upper()))
    split = {
        text: tokenizer.encode(text, add_special_tokens=False) for form in spellings for text in (f" {form}", form)
    }
    singles = dict.fromkeys(ids[0] for ids in split.values() if len(ids) == 1)
    if not stem or not singles:
        pieces = " + ".join(repr(tokenizer.decode([i])) for i in split.get(f" {stem}", []))
        raise InputError(f"the word {word!r} is no single token; it is split into {pieces or 'nothing'}")
    return tuple(singles)


def find_neurons(neuron_map: NeuronMap, tokens: Iterable[int]) -> list[Found]:
    """Return the neurons whose best token is one of `tokens`, those that stand out most first (by z)."""
    wanted = torch.tensor(sorted(tokens), dtype=neuron_map.ids.dtype)
    places = torch.isin(neuron_map.tokens, wanted).nonzero()
    return sorted((_found(neuron_map, int(a), int(b)) for a, b in places), key=lambda found: -found.z)


def most_specialised(neuron_map: NeuronMap, count: int, *, distinct: bool = True) -> list[Found]:
    """Return the neurons whose best token stands out most, by z.

    Parameters
    ----------
    distinct
        Whether to take only the first neuron of each token.
    """
    order = neuron_map.z.flatten().argsort(descending=True).tolist()
    width = neuron_map.tokens.shape[1]
    chosen: dict[int, Found] = {}
    for place in order:
        if len(chosen) == count:
            break
        found = _found(neuron_map, place // width, place % width)
        chosen.setdefault(found.token if distinct else place, found)
    return list(chosen.values())


def _found(neuron_map: NeuronMap, row: int, neuron: int) -> Found:
    return Found(
        layer=neuron_map.layers[row],
        neuron=neuron,
        token=int(neuron_map.tokens[row, neuron]),
        z=float(neuron_map.z[row, neuron]),
        margin=float(neuron_map.margin[row, neuron]),
    )
