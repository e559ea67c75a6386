"""Where the weights of the feed-forward neurons stand in a model of the transformers library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from seme.errors import InputError
from seme.interp.activations import norm_gain

Kind = Literal["up", "gate", "down"]
KINDS: tuple[Kind, ...] = ("up", "gate", "down")

# The names of the parts in the Llama, Gemma, Qwen, GPT-2 and GPT-NeoX families.
_BLOCKS = ("layers", "h")
_PARTS: dict[Kind, tuple[str, ...]] = {
    "up": ("up_proj", "c_fc", "dense_h_to_4h"),
    "gate": ("gate_proj",),
    "down": ("down_proj", "c_proj", "dense_4h_to_h"),
}
_NORM_BEFORE_MLP = ("pre_feedforward_layernorm", "post_attention_layernorm", "ln_2")


@dataclass(frozen=True, slots=True)
class Neurons:
    """One projection of one layer's feed-forward block.

    Attributes
    ----------
    rows
        One vector of the residual space a neuron, shape (F, d): what the neuron reads (`up`, `gate`) or writes
        (`down`).
    read_gain
        Gain of the norm before the block, shape (d,): the direction that `up` and `gate` truly read is `rows * gain`.
    """

    rows: Tensor
    read_gain: Tensor


def layer_count(model: PreTrainedModel) -> int:
    """Return how many feed-forward blocks the model has."""
    return len(_blocks(model))


def neurons(model: PreTrainedModel, layer: int, kind: Kind = "up") -> Neurons:
    """Return the weights of the neurons of one layer; they share memory with the model where they can.

    Raises
    ------
    InputError
        If the layer does not exist, the kind is unknown, or the model has no such projection.
    """
    block = _block(model, layer)
    weight = _weight(projection(model, layer, kind))
    rows = weight.T if kind == "down" else weight
    return Neurons(rows.detach(), norm_gain(_part(block, _NORM_BEFORE_MLP, "norm before the feed-forward block")))


def projection(model: PreTrainedModel, layer: int, kind: Kind) -> nn.Module:
    """Return the module of a projection.

    Raises
    ------
    InputError
        As `neurons`.
    """
    if kind not in _PARTS:
        raise InputError(f"kind is {kind!r}; it may be 'up', 'gate' or 'down'")
    return _part(_part(_block(model, layer), ("mlp",), "feed-forward block"), _PARTS[kind], f"{kind} projection")


def projection_path(model: PreTrainedModel, layer: int, kind: Kind) -> str:
    """Return the dotted name of a projection, as a site for `seme.interp.activations`."""
    wanted = projection(model, layer, kind)
    names: dict[int, str] = {id(module): name for name, module in model.named_modules()}
    return names[id(wanted)]


def _blocks(model: PreTrainedModel) -> nn.ModuleList:
    blocks = _part(_decoder(model), _BLOCKS, "blocks")
    if not isinstance(blocks, nn.ModuleList):
        raise InputError(f"the blocks of {type(model).__name__} are not a list")
    return blocks


def _block(model: PreTrainedModel, layer: int) -> nn.Module:
    blocks = _blocks(model)
    if not 0 <= layer < len(blocks):
        raise InputError(f"layer is {layer}; it may be 0 to {len(blocks) - 1}")
    return blocks[layer]


def _decoder(model: PreTrainedModel) -> nn.Module:
    return model.base_model


def _part(module: nn.Module, names: Sequence[str], what: str) -> nn.Module:
    for name in names:
        found = getattr(module, name, None)
        if isinstance(found, nn.Module):
            return found
    raise InputError(f"{type(module).__name__} has no {what} among {', '.join(names)}")


def _weight(module: nn.Module) -> Tensor:
    weight = module.weight
    if not isinstance(weight, Tensor):
        raise InputError(f"{type(module).__name__} has no weight matrix")
    return weight.T if isinstance(module, Conv1D) else weight
