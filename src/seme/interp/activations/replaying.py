"""Starting a forward pass in the middle: the blocks before return what they returned in an earlier run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from seme.errors import InputError
from seme.interp.activations.architecture import find_blocks
from seme.interp.activations.capturing import on_device


class Replay:
    """What the blocks of a model return for one batch, to run the same batch again from a later block on.

    Interventions in block 20 leave blocks 0 to 19 as they were: `with replay.skipping(20): model(**batch)` does not
    compute them again, and gives the same, bit by bit.

    Parameters
    ----------
    model
        A transformer in evaluation mode, without hooks that change its early blocks.
    batch
        Its arguments. They must be the same in the runs that skip blocks.

    Raises
    ------
    InputError
        If the model has no list of blocks.
    """

    def __init__(self, model: nn.Module, batch: Mapping[str, Any]) -> None:
        self.model = model
        self._blocks = find_blocks(model)[1]
        self._outputs: list[Any] = []
        with contextlib.ExitStack() as stack, torch.no_grad():
            for block in self._blocks:
                stack.callback(block.register_forward_hook(self._keep).remove)
            model(**on_device(batch, model))

    @contextlib.contextmanager
    def skipping(self, count: int) -> Iterator[nn.Module]:
        """Let the first `count` blocks return what they returned, as long as the block lasts.

        Raises
        ------
        InputError
            If the model does not have so many blocks.
        """
        if not 0 <= count <= len(self._blocks):
            raise InputError(f"count is {count}; it may be 0 to {len(self._blocks)}, the number of blocks")
        with contextlib.ExitStack() as stack:
            for block, output in zip(list(self._blocks)[:count], self._outputs, strict=False):
                stack.enter_context(_returning(block, output))
            yield self.model

    def _keep(self, _module: nn.Module, _args: Any, output: Any) -> None:
        self._outputs.append(output)


@contextlib.contextmanager
def _returning(module: nn.Module, output: Any) -> Iterator[None]:
    def forward(*_args: Any, **_kwargs: Any) -> Any:
        return output

    own: Callable[..., Any] | None = module.__dict__.get("forward")  # set where accelerate has wrapped it
    module.__dict__["forward"] = forward
    try:
        yield
    finally:
        if own is None:
            del module.__dict__["forward"]
        else:
            module.__dict__["forward"] = own
