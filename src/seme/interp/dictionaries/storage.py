"""Folders of dictionaries: `dictionary.json` and `dictionary.safetensors`, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import save_file
from safetensors.torch import load_file

from seme.errors import CorruptionError, InputError

FORMAT = 1
_CONFIG, _TENSORS = "dictionary.json", "dictionary.safetensors"

Tensors = dict[str, npt.NDArray[Any]]


def write_folder(
    folder: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, npt.NDArray[Any]],
    *,
    names: tuple[str, str] = (_CONFIG, _TENSORS),
) -> Path:
    """Write a configuration and tensors beside the folder's place, and rename them into it."""
    building, before = folder.with_name(f".{folder.name}.part"), folder.with_name(f".{folder.name}.before")
    for leftover in (building, before):
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(parents=True)
    (building / names[0]).write_text(
        json.dumps({"format": FORMAT, **config} if names[0] == _CONFIG else config, indent=1)
    )
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, building / names[1])
    if folder.exists():
        _refuse_other_files(folder, names)
        folder.rename(before)
    building.rename(folder)
    shutil.rmtree(before, ignore_errors=True)
    return folder


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


def _refuse_other_files(folder: Path, names: tuple[str, str]) -> None:
    others = sorted(path.name for path in folder.iterdir() if path.name not in names)
    if others:
        raise InputError(
            f"{folder} holds {others[0]} and is no dictionary's folder", hint="Name a folder that is not there yet"
        )
