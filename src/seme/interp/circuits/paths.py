"""Edges: what is lost when one head hears another as on the negative prompt (path patching, Wang et al. 2023)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from seme.errors import InputError
from seme.interp.activations import Replay, capturing, edit
from seme.interp.activations.architecture import find_blocks
from seme.interp.activations.capturing import on_device
from seme.interp.circuits.patching import logit_difference, one_head
from seme.interp.circuits.prompts import PromptPairs
from seme.interp.heads import HeadValues, ReplacedHeads, head_sites, head_values, output_slices

_NORMS = ("input_layernorm", "ln_1")
Head = tuple[int, int]


@torch.no_grad()
def path_patching(
    model: nn.Module, pairs: PromptPairs, *, progress: Callable[[Iterable[Head]], Iterable[Head]] = iter
) -> Tensor:
    """Patch the direct path from each head to each head of a later layer.

    What the sender writes is exchanged in what the receiver's layer reads and nowhere else; what the receiver then says
    stands in a run that is otherwise clean.

    Parameters
    ----------
    model
        A causal language model whose attention reads the residual stream through a norm of its own (the Llama, Gemma,
        Qwen, GPT-2 and GPT-NeoX families); afterwards it is as it was.
    pairs
        Positive and negative prompts.
    progress
        Wraps the iteration over the senders.

    Returns
    -------
    Tensor of shape (layers * heads, layers * heads)
        Mean loss of the logit difference, [sender, receiver]; 0 where the receiver does not come later. It takes
        about half the square of the number of heads in forward passes.

    Raises
    ------
    InputError
        If the norm before the attention is not found.
    """
    norms = _norms(model)
    clean, negative = (head_values(model, pairs.batch(side)) for side in ("positive", "negative"))
    slices, difference = output_slices(model), logit_difference(model, pairs)
    replay = Replay(model, pairs.batch("positive"))
    layers, heads = slices.shape[:2]
    lost = torch.zeros(layers, heads, layers, heads)
    for layer, head in progress([(layer, head) for layer in range(layers - 1) for head in range(heads)]):
        change = (negative[layer] - clean[layer])[:, :, head] @ slices[layer, head]
        heard = _heard(model, pairs, norms[layer + 1 :], change, clean)
        for later in range(layer + 1, layers):
            with replay.skipping(later):
                for receiver in range(heads):
                    with ReplacedHeads(heard, one_head((layers, heads), later, receiver))(model):
                        lost[layer, head, later, receiver] = (difference - logit_difference(model, pairs)).mean()
    return lost.reshape(layers * heads, layers * heads)


def _heard(model: nn.Module, pairs: PromptPairs, norms: list[str], change: Tensor, clean: HeadValues) -> HeadValues:
    """Return what heads say if the layers of some norms read a changed stream, while the stream itself stays clean."""
    everyone = torch.ones(len(clean), clean[0].shape[-2], dtype=torch.bool)
    changes = {f"{norm}:in": lambda stream: stream + change.to(stream) for norm in norms}
    with (
        capturing(model, head_sites(model)) as values,
        ReplacedHeads(clean, everyone)(model),
        edit(model, changes),
    ):
        model(**on_device(pairs.batch("positive"), model), use_cache=False, logits_to_keep=1)
    return tuple(values.values())


def _norms(model: nn.Module) -> list[str]:
    path, blocks = find_blocks(model)
    found = [next((name for name in _NORMS if hasattr(block, name)), None) for block in blocks]
    if None in found:
        raise InputError(f"{type(model).__name__} has no norm before the attention among {', '.join(_NORMS)}")
    return [f"{path}.{number}.{name}" for number, name in enumerate(found)]
