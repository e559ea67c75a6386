"""Low-rank corrections of a model's linear layers, by peft."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from transformers import PreTrainedModel

from seme.errors import InputError

Model = TypeVar("Model", bound=PreTrainedModel)


def add_lora(model: Model, *, rank: int = 16, alpha: float = 64, dropout: float = 0.1) -> Model:
    """Freeze a model in place, and give every linear layer but the head a correction that is trained.

    Hu et al. 2022; the paper's settings are rank 256, alpha 64, dropout 0.1.

    Raises
    ------
    InputError
        If the rank is not positive.
    """
    from peft import LoraConfig, inject_adapter_in_model  # noqa: PLC0415  # slow to import

    if rank < 1:
        raise InputError(f"rank is {rank}, expected at least 1")
    found = {name.rpartition(".")[2] for name, one in model.base_model.named_modules() if isinstance(one, nn.Linear)}
    names = sorted(found)
    model.requires_grad_(requires_grad=False)
    inject_adapter_in_model(
        LoraConfig(r=rank, lora_alpha=int(alpha), lora_dropout=dropout, target_modules=names), model
    )
    return model


def merge_lora(model: Model) -> Model:
    """Write the corrections of `add_lora` into the weights, in place, and leave plain linear layers."""
    from peft.tuners.lora import LoraLayer  # noqa: PLC0415

    for name, layer in list(model.named_modules()):
        if isinstance(layer, LoraLayer):
            layer.merge()
            parent, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(parent), leaf, layer.get_base_layer())
    return model
