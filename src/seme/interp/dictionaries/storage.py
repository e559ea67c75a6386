"""Folders of dictionaries: `dictionary.json` and `dictionary.safetensors`, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from seme.errors import CorruptionError, InputError
from seme.tensor_folders import Tensors, write_tensor_folder

FORMAT = 1
_CONFIG, _TENSORS = "dictionary.json", "dictionary.safetensors"


def write_folder(
    folder: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, npt.NDArray[Any]],
    *,
    names: tuple[str, str] = (_CONFIG, _TENSORS),
) -> Path:
    """Write a configuration and tensors, whole or not at all; a dictionary's own says its format."""
    own = {"format": FORMAT, **config} if names[0] == _CONFIG else config
    return write_tensor_folder(folder, own, tensors, names=names, kind="dictionary")


def read_folder(folder: Path, *, names: tuple[str, str] = (_CONFIG, _TENSORS)) -> tuple[dict[str, Any], Tensors]:
    """Return the configuration and the tensors of a folder; 16-bit floats become float32, which NumPy knows.

    Raises
    ------
    InputError
        If a file is not there, or is of a later format.
    CorruptionError
        If a file cannot be read.
    """
    for name in names:
        if not (folder / name).is_file():
            raise InputError(f"there is no {name} in {folder}", hint="A dictionary's folder is made by dictionary.save")
    try:
        config: dict[str, Any] = json.loads((folder / names[0]).read_text())
        found = load_file(folder / names[1])
    except (ValueError, OSError, SafetensorError) as error:
        raise CorruptionError(f"the dictionary in {folder} cannot be read", hint="Write it again") from error
    if names[0] == _CONFIG and config.get("format") != FORMAT:
        raise InputError(f"{folder} is of format {config.get('format')!r}; this version reads {FORMAT}")
    return config, {
        name: (tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor).numpy()
        for name, tensor in found.items()
    }
