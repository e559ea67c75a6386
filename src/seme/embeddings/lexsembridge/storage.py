"""Folders of bridges: `bridge.json` and `bridge.safetensors`, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from seme.errors import CorruptionError, InputError
from seme.tensor_folders import Tensors, write_tensor_folder

_FORMAT = 1
_CONFIG, _TENSORS = "bridge.json", "bridge.safetensors"


def write_folder(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> Path:
    """Write a configuration and tensors, whole or not at all.

    Raises
    ------
    InputError
        If the folder exists and holds anything but a bridge.
    """
    return write_tensor_folder(folder, {"format": _FORMAT, **config}, tensors, names=(_CONFIG, _TENSORS), kind="bridge")


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
