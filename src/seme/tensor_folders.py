"""Folders of a configuration and tensors, `NAME.json` and `NAME.safetensors`, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from seme.errors import InputError

Tensors = dict[str, npt.NDArray[Any]]


def write_tensor_folder(
    folder: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, npt.NDArray[Any]],
    *,
    names: tuple[str, str],
    kind: str,
) -> Path:
    """Write a configuration and tensors beside the folder's place, and rename them into it.

    Parameters
    ----------
    folder
        Where they go; one that holds these two files alone is replaced.
    config, tensors
        What is written.
    names
        Of the two files.
    kind
        What such a folder is called in errors: `dictionary`.

    Raises
    ------
    InputError
        If the folder holds anything else.
    """
    others = sorted(path.name for path in folder.iterdir() if path.name not in names) if folder.exists() else []
    if others:
        raise InputError(
            f"{folder} holds {others[0]} and is no {kind}'s folder", hint="Name a folder that is not there yet"
        )
    building, before = folder.with_name(f".{folder.name}.part"), folder.with_name(f".{folder.name}.before")
    for leftover in (building, before):
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(parents=True)
    (building / names[0]).write_text(json.dumps(config, indent=1), encoding="utf-8")
    # ascontiguousarray gives a scalar a dimension.
    plain = {name: np.ascontiguousarray(one).reshape(one.shape) for name, one in tensors.items()}
    save_file(plain, building / names[1])
    for name in names:
        with (building / name).open("rb") as file:
            os.fsync(file.fileno())
    if folder.exists():
        folder.rename(before)
    building.rename(folder)
    shutil.rmtree(before, ignore_errors=True)
    return folder
