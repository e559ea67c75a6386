"""The ground truth: what is lost of a task when a head says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seme.errors import InputError
from seme.interp.activations import Replay
from seme.interp.activations.capturing import on_device
from seme.interp.circuits.prompts import PromptPairs, Side
from seme.interp.heads import HeadValues, ReplacedHeads, head_values


@dataclass(frozen=True, slots=True)
class Effects:
    """What heads contribute to a task.

    Attributes
    ----------
    clean, broken
        Logit difference after each positive and each negative prompt, (pairs,).
    lost
        How much of each pair's clean difference is lost without a head, (pairs, layers, heads).
    passes
        Forward passes over the pairs that it took; one that starts at a later layer counts as one.
    """

    clean: Tensor
    broken: Tensor
    lost: Tensor
    passes: int

    @property
    def share(self) -> Tensor:
        """Mean loss as a share of the mean clean difference, (layers, heads).

        Raises
        ------
        InputError
            If the model does not do the task: there is nothing to lose.
        """
        clean = float(self.clean.mean())
        if not clean > 0:
            raise InputError(f"the clean logit difference is {clean:.3g}: the model does not do the task")
        return self.lost.mean(0) / clean

    def circuit(self, share: float) -> Tensor:
        """Return the heads that change the difference by at least a share, up or down: bool (layers, heads)."""
        if not share > 0:
            raise InputError(f"share is {share}; it must be above 0")
        return self.share.abs() >= share


@torch.no_grad()
def logit_difference(model: nn.Module, pairs: PromptPairs, side: Side = "positive") -> Tensor:
    """Return the logit difference after each prompt of one side, (pairs,)."""
    return pairs.difference(last_logits(model, pairs, side)).float().cpu()


@torch.no_grad()
def activation_patching(
    model: nn.Module,
    pairs: PromptPairs,
    *,
    values: HeadValues | None = None,
    last_only: bool = False,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Effects:
    """Replace one head at a time by what it says on the negative prompt, over all heads (activation patching).

    Parameters
    ----------
    model
        A causal language model; afterwards it is as it was.
    pairs
        Positive and negative prompts.
    values
        What heads say instead, if not that: `mean_values` of negative prompts makes it mean ablation.
    last_only
        Whether a head is replaced at the last token alone, the only one that the paper's method sees.
    progress
        Wraps the iteration over the layers.

    Returns
    -------
    Effects
        From a forward pass for each head, which starts at the head's layer.
    """
    replay = Replay(model, pairs.batch("positive"))
    instead = head_values(model, pairs.batch("negative")) if values is None else values
    clean, broken = logit_difference(model, pairs), logit_difference(model, pairs, "negative")
    layers, heads = len(instead), instead[0].shape[-2]
    lost = torch.zeros(len(pairs), layers, heads)
    for layer in progress(range(layers)):
        with replay.skipping(layer):
            for head in range(heads):
                with ReplacedHeads(instead, one_head((layers, heads), layer, head), last_only=last_only)(model):
                    lost[:, layer, head] = clean - logit_difference(model, pairs)
    return Effects(clean, broken, lost, layers * heads + 4)


@torch.no_grad()
def remaining(model: nn.Module, pairs: PromptPairs, kept: Tensor, values: HeadValues) -> float:
    """Return the share of the clean difference that is there when only some heads say what they say (step 7).

    Parameters
    ----------
    model
        A causal language model; afterwards it is as it was.
    pairs
        Of which the positive prompts are run.
    kept
        The circuit, bool (layers, heads).
    values
        What the other heads say, such as `mean_values` of negative prompts.

    Raises
    ------
    InputError
        If the model does not do the task.
    """
    clean = float(logit_difference(model, pairs).mean())
    if not clean > 0:
        raise InputError(f"the clean logit difference is {clean:.3g}: the model does not do the task")
    with ReplacedHeads(values, ~kept)(model):
        return float(logit_difference(model, pairs).mean()) / clean


def one_head(shape: tuple[int, int], layer: int, head: int) -> Tensor:
    """Return a choice of heads, bool (layers, heads), with one of them."""
    chosen = torch.zeros(shape, dtype=torch.bool)
    chosen[layer, head] = True
    return chosen


def last_logits(model: nn.Module, pairs: PromptPairs, side: Side) -> Tensor:
    """Return the logits after each prompt of one side, (pairs, V)."""
    logits: Tensor = model(**on_device(pairs.batch(side), model), use_cache=False, logits_to_keep=1).logits
    return logits[:, -1]
