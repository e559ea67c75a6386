"""Holding a neuron at a value, and what that does to the next token (arXiv 2501.02688, clamping)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.activations import capture, edit
from seme.interp.neurons.weights import neurons, projection_path

Place = Literal["up", "product"]


@contextmanager
def clamped(
    model: PreTrainedModel, layer: int, neuron: int, value: float, *, place: Place = "up"
) -> Iterator[PreTrainedModel]:
    """Hold one neuron at a value at every position, as long as the block lasts.

    Parameters
    ----------
    model
        A causal language model; afterwards it is as it was.
    layer, neuron
        Which neuron.
    value
        What it is set to.
    place
        `up`: the output of the up projection, before the gate multiplies it, as in the paper: sign and size of the gate
        decide the effect. `product`: what goes into the down projection.

    Raises
    ------
    InputError
        If there is no such layer, neuron or place.
    """
    width = len(neurons(model, layer).rows)
    if not 0 <= neuron < width:
        raise InputError(f"neuron is {neuron}; it may be 0 to {width - 1}")
    if place not in ("up", "product"):
        raise InputError(f"place is {place!r}; it may be 'up' or 'product'")

    def hold(values: Tensor) -> Tensor:
        values[..., neuron] = value
        return values

    with edit(model, {_site(model, layer, place): hold}):
        yield model


def largest_activation(model: PreTrainedModel, batch: Mapping[str, Any], layer: int, *, place: Place = "up") -> Tensor:
    """Return the largest absolute value that each neuron of a layer takes in a batch, shape (F,)."""
    site = _site(model, layer, place)
    values = capture(model, batch, site)[site].abs()
    kept = batch["attention_mask"].to(values.device).bool()
    return values[kept].amax(0)


@torch.no_grad()
def next_token_log_probs(model: PreTrainedModel, batch: Mapping[str, Tensor]) -> Tensor:
    """Return the log-probabilities of the token after each text, shape (B, V).

    Parameters
    ----------
    model
        A causal language model.
    batch
        `input_ids` and `attention_mask`, both (B, T), padded on the right.

    Raises
    ------
    InputError
        If a text is padded on the left or is empty.
    """
    mask = batch["attention_mask"].to(model.device)
    if not mask[:, 0].all():
        raise InputError("the batch is padded on the left or has an empty text; pad it on the right")
    hidden = model.base_model(input_ids=batch["input_ids"].to(model.device), attention_mask=mask).last_hidden_state
    last = hidden[torch.arange(len(mask), device=mask.device), mask.sum(1) - 1]
    logits = model.get_output_embeddings()(last)  # only where they are asked for: the vocabulary is the costly part
    return torch.as_tensor(logits).float().log_softmax(-1)


@dataclass(frozen=True, slots=True)
class ClampEffect:
    """What a clamp changed in the next token, as means over texts.

    Attributes
    ----------
    value
        What the neuron was held at: of those tried, the one that raised the token most on the texts for choosing.
    own
        Change of the log-probability of the neuron's token, in nats, on the other texts.
    others
        Mean change of the tokens that it is compared with.
    divergence
        Kullback-Leibler divergence of the clamped distribution from the free one, in nats.
    """

    value: float
    own: float
    others: float
    divergence: float

    @property
    def specificity(self) -> float:
        """How much more the neuron's own token rose than the others, in nats."""
        return self.own - self.others


class ClampTrial:
    """Texts to try clamps on, and what the model says after them when it is left alone.

    The value of a clamp is chosen on other texts than it is judged on: else the best of several would look good by
    chance.

    Parameters
    ----------
    model
        A causal language model.
    choosing, judging
        Two batches as for `next_token_log_probs`.
    """

    def __init__(self, model: PreTrainedModel, choosing: Mapping[str, Tensor], judging: Mapping[str, Tensor]) -> None:
        self.model, self.choosing, self.judging = model, choosing, judging
        self._chosen_free = next_token_log_probs(model, choosing)
        self._judged_free = next_token_log_probs(model, judging)
        self._largest: dict[tuple[int, Place], float] = {}

    def unit(self, layer: int, place: Place = "up") -> float:
        """Return the largest absolute value of any neuron of a layer in the texts for choosing."""
        if (layer, place) not in self._largest:
            found = largest_activation(self.model, self.choosing, layer, place=place)
            self._largest[layer, place] = float(found.max())
        return self._largest[layer, place]

    def effect(
        self,
        *,
        layer: int,
        neuron: int,
        token: int,
        others: Sequence[int],
        values: Sequence[float],
        place: Place = "up",
    ) -> ClampEffect:
        """Clamp a neuron and measure its token against others.

        Parameters
        ----------
        layer, neuron
            Which neuron.
        token
            What it stands for.
        others
            Tokens to compare with.
        values
            Clamps to try; of several, the one that raises the token most on the texts for choosing is judged.
        place
            See `clamped`.
        """
        if not values or not others:
            raise InputError("values and others must each have at least one entry")
        best = values[0] if len(values) == 1 else max(values, key=lambda v: self._rise(layer, neuron, token, v, place))
        with clamped(self.model, layer, neuron, best, place=place):
            after = next_token_log_probs(self.model, self.judging)
        change = (after - self._judged_free).mean(0)
        divergence = (after.exp() * (after - self._judged_free)).sum(-1).mean()
        return ClampEffect(best, float(change[token]), float(change[list(others)].mean()), float(divergence))

    def _rise(self, layer: int, neuron: int, token: int, value: float, place: Place) -> float:
        with clamped(self.model, layer, neuron, value, place=place):
            held = next_token_log_probs(self.model, self.choosing)[:, token]
        return float((held - self._chosen_free[:, token]).mean())


def _site(model: PreTrainedModel, layer: int, place: Place) -> str:
    return projection_path(model, layer, "up") if place == "up" else f"mlp.{layer}.neurons"
