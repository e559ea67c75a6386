"""Folders of bridges: `bridge.json` and `bridge.safetensors`, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from seme.errors import CorruptionError, InputError

_FORMAT = 1
_CONFIG, _TENSORS = "bridge.json", "bridge.safetensors"

Tensors = dict[str, npt.NDArray[Any]]


def write_folder(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> Path:
    """Write a configuration and tensors beside the folder's place, and rename them into it.

    Raises
    ------
    InputError
        If the folder exists and holds anything but a bridge.
    """
    building, before = folder.with_name(f".{folder.name}.part"), folder.with_name(f".{folder.name}.before")
    others = (
        sorted(one.name for one in folder.iterdir() if one.name not in (_CONFIG, _TENSORS)) if folder.exists() else []
    )
    if others:
        raise InputError(f"{folder} holds {others[0]} and is no bridge's folder", hint="Name one that is not there yet")
    for leftover in (building, before):
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(parents=True)
    (building / _CONFIG).write_text(json.dumps({"format": _FORMAT, **config}, indent=1))
    save_file(
        {name: np.ascontiguousarray(one).reshape(one.shape) for name, one in tensors.items()}, building / _TENSORS
    )
    for name in (_CONFIG, _TENSORS):
        with (building / name).open("rb") as file:
            os.fsync(file.fileno())
    if folder.exists():
        folder.rename(before)
    building.rename(folder)
    shutil.rmtree(before, ignore_errors=True)
    return folder


def read_folder(folder: Path) -> tuple[dict[str, Any], Tensors]:
    """Return the configuration and the tensors of a folder.

    Raises
    ------
    InputError
        If a file is not there, or is of another format.
    CorruptionError
        If a file cannot be read.
    """
    for name in (_CONFIG, _TENSORS):
        if not (folder / name).is_file():
            raise InputError(f"there is no {name} in {folder}", hint="Such a folder is made by Bridge.save")
    try:
        config: dict[str, Any] = json.loads((folder / _CONFIG).read_text())
        tensors: Tensors = load_file(folder / _TENSORS)
    except (ValueError, OSError, SafetensorError) as error:
        raise CorruptionError(f"the bridge in {folder} cannot be read", hint="Write it again") from error
    if config.pop("format", None) != _FORMAT:
        raise InputError(f"{folder} is of another format; this version reads {_FORMAT}")
    return config, tensors
