"""Files of float32 arrays in the safetensors format."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from seme.errors import CorruptionError

Arrays = Mapping[str, npt.NDArray[np.float32]]


def write_tensors(path: Path, arrays: Arrays) -> None:
    """Write arrays by name; the file is replaced in one step."""
    body = save({name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()})
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def read_tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read arrays by name.

    Raises
    ------
    CorruptionError
        If the file is not there, is no such file, or holds numbers of another type.
    """
    try:
        found = load(path.read_bytes())
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CorruptionError(f"{path} cannot be read: {error}") from error
    for name, array in found.items():
        if array.dtype != np.float32:
            raise CorruptionError(f"{path} holds {name} as {array.dtype}, expected float32")
    return found
