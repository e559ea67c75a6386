"""How many neurons of two checkpoints stand for the same token."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from seme.errors import InputError
from seme.interp.neurons.mapping import NeuronMap


@dataclass(frozen=True, slots=True)
class Agreement:
    """Share of neurons with the same best token in two checkpoints (arXiv 2501.02688, base against fine-tuned).

    Attributes
    ----------
    total
        Over all neurons.
    per_layer
        Of each layer, shape (L,).
    """

    total: float
    per_layer: Tensor


def agreement(one: NeuronMap, other: NeuronMap) -> Agreement:
    """Compare two maps of models that have the same shape and tokenizer.

    Raises
    ------
    InputError
        If the maps differ in kind, reading, layers or width.
    """
    for name in ("kind", "reading", "layers"):
        first, second = getattr(one, name), getattr(other, name)
        if first != second:
            raise InputError(f"{name} is {first!r} in one map and {second!r} in the other; they must be the same")
    if one.tokens.shape != other.tokens.shape:
        raise InputError(f"the maps have {tuple(one.tokens.shape)} and {tuple(other.tokens.shape)} neurons")
    same = (one.tokens == other.tokens).double()
    return Agreement(float(same.mean()), same.mean(1))
