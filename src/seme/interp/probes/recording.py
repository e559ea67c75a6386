"""One forward pass over texts, of which one vector a layer and place is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations import Site, capture, resolve_all
from seme.interp.activations.sites import SiteNames
from seme.interp.probes.states import LayerStates

Places: TypeAlias = Sequence[int] | Sequence[Sequence[int]]
EVERY_LAYER = "resid.*"
"""What enters the first block, and what leaves each block, before the final normalisation."""


@torch.no_grad()
def record_states(
    model: nn.Module,
    sequences: Sequence[Sequence[int]],
    *,
    sites: SiteNames = EVERY_LAYER,
    at: Places | None = None,
    mean: bool = False,
    batch: int = 32,
    progress: Callable[..., Iterator[Any]] | None = None,
) -> LayerStates:
    """Run a model once over token sequences and keep, at each site, only what probes need.

    Sequences are batched by length, so that little is padding; padding stands on the right and is never read. The
    forward pass stops at the last site: the head over the vocabulary is not computed.

    Parameters
    ----------
    model
        A transformers model in evaluation mode.
    sequences
        Token numbers of each text.
    sites
        By default the residual stream at every layer (`seme.interp.activations.sites`). The code of Jin et al. 2024
        reads `model.layers.*.post_attention_layernorm`.
    at
        The place that is read in each sequence, or several places of each; by default its last token. Rows of several
        places follow each other, text by text.
    mean
        Take the mean over all tokens of each sequence instead of one place.
    batch
        Sequences that are run together.
    progress
        Called as `progress(batches, label, total)` (`Context.progress` is one).

    Returns
    -------
    LayerStates
        In the order of the sequences.

    Raises
    ------
    InputError
        If there is no sequence, one has no token, a place lies outside, the model is in training mode or has no such
        site, or a state is NaN or infinite.
    """
    places = _places(sequences, at, mean=mean)
    if model.training:
        raise InputError(f"{type(model).__name__} is in training mode, where dropout is random", hint="model.eval()")
    if batch < 1:
        raise InputError(f"batch is {batch}, expected 1 or more")
    found = resolve_all(model, sites)
    starts = np.cumsum([0, *map(len, places)])
    order = sorted(range(len(sequences)), key=lambda number: len(sequences[number]))
    parts = [order[start : start + batch] for start in range(0, len(order), batch)]
    shown: Iterable[list[int]] = parts if progress is None else progress(parts, "Recording", len(parts))
    values = np.empty((0, 0, 0), dtype=np.float32)
    for part in shown:
        rows = _rows(model, [sequences[n] for n in part], [places[n] for n in part], found, mean=mean)
        if not values.size:  # the width is known from the first batch on
            values = np.empty((len(found), int(starts[-1]), rows.shape[-1]), dtype=np.float32)
        values[:, np.concatenate([np.arange(starts[n], starts[n + 1]) for n in part])] = rows
    _check_finite(values, found)
    return LayerStates(values, tuple(site.name for site in found))


def padded(sequences: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
    """Return a batch of token numbers, padded on the right, with its attention mask."""
    width = max(map(len, sequences))
    ids = torch.tensor([[*one, *[0] * (width - len(one))] for one in sequences])
    mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in sequences])
    return {"input_ids": ids, "attention_mask": mask}


def _places(sequences: Sequence[Sequence[int]], at: Places | None, *, mean: bool) -> list[list[int]]:
    lengths = [len(one) for one in sequences]
    if not lengths or not all(lengths):
        raise InputError(
            f"sequences has {len(lengths)} entries, {lengths.count(0)} of them without tokens; expected one or more",
            hint="Leave empty texts out before they are tokenised",
        )
    if mean and at is not None:
        raise InputError("at and mean=True exclude each other: the mean is over all tokens")
    if at is None:
        return [[length - 1] for length in lengths]
    if len(at) != len(lengths):
        raise InputError(f"at has {len(at)} entries, expected {len(lengths)}, one a sequence")
    places = [[int(one)] if isinstance(one, int | np.integer) else [int(place) for place in one] for one in at]
    for number, (wanted, length) in enumerate(zip(places, lengths, strict=True)):
        if not wanted or min(wanted) < 0 or max(wanted) >= length:
            raise InputError(
                f"at is {wanted} for sequence {number}, expected places from 0 to {length - 1}",
                hint="A filler has to be at least as long as the largest offset",
            )
    return places


def _rows(
    model: nn.Module,
    sequences: list[Sequence[int]],
    places: list[list[int]],
    sites: tuple[Site, ...],
    *,
    mean: bool,
) -> np.ndarray:
    inputs = padded(sequences)
    found = capture(model, inputs, sites)
    which = torch.tensor([number for number, one in enumerate(places) for _ in one])
    where = torch.tensor([place for one in places for place in one])
    kept = []
    for site in sites:
        tensor = found[site.name].flatten(2)
        if mean:
            weights = inputs["attention_mask"].to(tensor)
            kept.append((tensor * weights[..., None]).sum(1).float() / weights.sum(1, keepdim=True).float())
        else:
            kept.append(tensor[which.to(tensor.device), where.to(tensor.device)].float())
    widths = {rows.shape[-1] for rows in kept}
    if len(widths) > 1:
        raise InputError(f"sites have widths {sorted(widths)}, expected one for all", hint="Record them apart")
    stacked: np.ndarray = torch.stack(kept).cpu().numpy()
    return stacked


def _check_finite(values: np.ndarray, sites: tuple[Site, ...]) -> None:
    for layer, site in zip(values, sites, strict=True):
        if not np.isfinite(layer).all():
            raise InputError(
                f"the states at {site.name} hold NaN or infinity", hint="Load the model in float32 or bfloat16"
            )
