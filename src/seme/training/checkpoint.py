"""Checkpoints of a training run: folders of safetensors and JSON that appear whole or not at all.

folder/
  metrics.jsonl             one line per logged step
  checkpoint-00000500/
    weights.safetensors     the model and the objective
    optimizer.safetensors   the optimiser's tensors, by parameter number and name
    random.safetensors      states of the random generators, one per process and device
    state.json              counters, settings, the optimiser's numbers
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import nn

from seme.errors import CorruptionError

_PREFIX = "checkpoint-"


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint of the most steps, or None."""
    return max(folder.glob(f"{_PREFIX}[0-9]*"), default=None)


def write_checkpoint(
    folder: Path,
    steps: int,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    generators: Mapping[str, torch.Tensor],
    state: Mapping[str, Any],
) -> Path:
    """Write a checkpoint beside its place, rename it into place, and delete the older ones.

    Parameters
    ----------
    folder
        The run's folder.
    steps
        Number of the checkpoint.
    module
        What is trained.
    optimizer
        Its optimiser.
    generators
        States of random generators, by name.
    state
        Everything else, for JSON.

    Returns
    -------
    Path
        The checkpoint.
    """
    place = folder / f"{_PREFIX}{steps:08d}"
    building = folder / f".building-{place.name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    tensors, groups = _split_optimizer(optimizer.state_dict())
    save_model(module, str(building / "weights.safetensors"))
    save_file(tensors, building / "optimizer.safetensors")
    save_file(dict(generators), building / "random.safetensors")
    (building / "state.json").write_text(json.dumps({**state, "optimizer_groups": groups}, indent=1))
    for path in (*building.iterdir(), building):
        _to_disk(path)
    shutil.rmtree(place, ignore_errors=True)
    building.rename(place)
    _to_disk(folder)
    for older in folder.glob(f"{_PREFIX}[0-9]*"):
        if older != place:
            shutil.rmtree(older)
    return place


def read_state(checkpoint: Path) -> dict[str, Any]:
    """Return what `state.json` holds.

    Raises
    ------
    CorruptionError
        If it cannot be read.
    """
    try:
        state: dict[str, Any] = json.loads((checkpoint / "state.json").read_text())
    except (OSError, ValueError) as error:
        raise _unreadable(checkpoint) from error
    return state


def read_checkpoint(
    checkpoint: Path, module: nn.Module, optimizer: torch.optim.Optimizer, groups: list[dict[str, Any]]
) -> dict[str, torch.Tensor]:
    """Load the weights and the optimiser's state into place and return the states of the random generators.

    Raises
    ------
    CorruptionError
        If a file cannot be read or does not fit the module.
    """
    try:
        load_model(module, checkpoint / "weights.safetensors")
        tensors = load_file(checkpoint / "optimizer.safetensors")
        generators: dict[str, torch.Tensor] = load_file(checkpoint / "random.safetensors")
        optimizer.load_state_dict({"state": _join_optimizer(tensors), "param_groups": groups})
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise _unreadable(checkpoint) from error
    return generators


def _unreadable(checkpoint: Path) -> CorruptionError:
    return CorruptionError(
        f"the checkpoint {checkpoint} cannot be read or does not fit", hint="delete its folder to train from the start"
    )


def _split_optimizer(state: dict[str, Any]) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
    tensors = {
        f"{number}.{name}": torch.as_tensor(value).detach().cpu().contiguous()
        for number, values in state["state"].items()
        for name, value in values.items()
        if value is not None
    }
    return tensors, state["param_groups"]


def _join_optimizer(tensors: Mapping[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    return state


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
