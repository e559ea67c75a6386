"""Dictionaries put into the model: what is lost when it has to go on with reconstructions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from seme.errors import InputError
from seme.interp.activations import Cost, edit, resolve
from seme.interp.dictionaries.base import Dictionary


class Splice:
    """A patch that replaces activations by what a dictionary makes of them.

    Parameters
    ----------
    dictionaries
        A dictionary for each site.
    tokens
        Which tokens are replaced, bool (batch, tokens); None for all. What a dictionary was not trained on (padding,
        the first token) should be left as it is.

    Raises
    ------
    InputError
        At the forward, if a dictionary is of another width; on entering, if it is of another site.
    """

    def __init__(self, dictionaries: Mapping[str, Dictionary], *, tokens: torch.Tensor | None = None) -> None:
        self.dictionaries, self.tokens = dict(dictionaries), tokens

    @contextlib.contextmanager
    def __call__(self, model: nn.Module, /) -> Iterator[nn.Module]:
        """Replace activations for as long as a block lasts."""
        for name, dictionary in self.dictionaries.items():
            site = resolve(model, name).name
            if dictionary.site_ and dictionary.site_ != site:
                raise InputError(f"the dictionary is of site {dictionary.site_!r}, and was put at {site!r}")
        with edit(model, {name: self._replace(dictionary) for name, dictionary in self.dictionaries.items()}):
            yield model

    def cost(self) -> Cost:
        """Return what encoding and decoding add at most, if all units were active: 4 m d a token and site."""
        numbers = sum(dictionary.atoms_.size for dictionary in self.dictionaries.values())
        return Cost(flops=4.0 * numbers, bytes=8.0 * numbers)

    def _replace(self, dictionary: Dictionary) -> Any:
        def replace(tensor: torch.Tensor) -> torch.Tensor:
            chosen = slice(None) if self.tokens is None else self.tokens.to(tensor.device).flatten()
            rows = tensor.reshape(tensor.shape[0] * tensor.shape[1], -1)
            if len(rows[chosen]):
                made = torch.from_numpy(dictionary.reconstruct(rows[chosen]))
                rows[chosen] = made.to(rows)
            return rows.view(tensor.shape)

        return replace


@dataclass(frozen=True, slots=True)
class Recovery:
    """Cross-entropy of the next token, in nats, under three versions of a site.

    Parameters
    ----------
    original
        Of the model as it is.
    spliced
        With reconstructions in place of activations.
    zeroed
        With zeros in their place.
    tokens
        How many tokens were predicted.
    """

    original: float
    spliced: float
    zeroed: float
    tokens: int

    @property
    def recovered(self) -> float:
        """The share of what zeros would cost that reconstructions save: 1 is the model as it is, 0 no better than 0."""
        return (self.zeroed - self.spliced) / (self.zeroed - self.original)


def cross_entropy_recovered(
    model: nn.Module,
    batches: Iterable[Mapping[str, Any]],
    site: str,
    dictionary: Dictionary,
    *,
    exclude_first: bool = True,
) -> Recovery:
    """Measure how much of a language model's loss survives when a dictionary stands at a site.

    Parameters
    ----------
    model
        A causal language model of transformers, whose output has `logits`.
    batches
        Dicts with `input_ids` and, where there is padding, `attention_mask`; other texts than those of the training.
    site
        Where the dictionary is put.
    dictionary
        Fitted to that site.
    exclude_first
        Leave the first token of each sequence as it is, as `record` does.

    Raises
    ------
    InputError
        If there is no token to predict, or the dictionary does not fit.
    """
    sums, tokens = [0.0, 0.0, 0.0], 0
    for batch in batches:
        mask = batch.get("attention_mask", torch.ones_like(batch["input_ids"])).bool()
        replaced = mask & ((mask.cumsum(dim=1) > 1) | (not exclude_first))
        patches: list[contextlib.AbstractContextManager[Any]] = [
            contextlib.nullcontext(),
            Splice({site: dictionary}, tokens=replaced)(model),
            edit(model, {site: _zeros(replaced)}),
        ]
        for number, patch in enumerate(patches):
            with patch:
                loss, counted = _loss(model, batch, mask)
            sums[number] += loss
        tokens += counted
    if tokens == 0:
        raise InputError("there is no token to predict", hint="Texts of at least two tokens are needed")
    original, spliced, zeroed = (total / tokens for total in sums)
    return Recovery(original, spliced, zeroed, tokens)


def _zeros(tokens: torch.Tensor) -> Any:
    def replace(tensor: torch.Tensor) -> torch.Tensor:
        tensor[tokens.to(tensor.device)] = 0
        return tensor

    return replace


@torch.no_grad()
def _loss(model: nn.Module, batch: Mapping[str, Any], mask: torch.Tensor) -> tuple[float, int]:
    """Return the summed cross-entropy of the tokens that follow a token, and how many those are."""
    device = next(model.parameters()).device
    given = {key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in batch.items()}
    logits = model(**given).logits[:, :-1]
    wanted = (mask[:, 1:] & mask[:, :-1]).to(device)
    losses = functional.cross_entropy(logits[wanted].float(), given["input_ids"][:, 1:][wanted], reduction="sum")
    return float(losses), int(wanted.sum())
