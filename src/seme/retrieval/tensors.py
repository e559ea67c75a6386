"""Arrays in the safetensors format, float32 and without a library: the base install reads what training left."""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError

_LONGEST_HEADER = 10_000_000
Arrays = Mapping[str, npt.NDArray[np.float32]]


def write_tensors(path: Path, arrays: Arrays) -> None:
    """Write arrays by name; the file is replaced in one step."""
    header, end = {}, 0
    plain = {name: np.ascontiguousarray(array, dtype="<f4") for name, array in sorted(arrays.items())}
    for name, array in plain.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [end, end + array.nbytes],
        }
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in plain.values():
            file.write(array.tobytes())
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
        body = path.read_bytes()
        (length,) = struct.unpack_from("<Q", body)
        if length > min(_LONGEST_HEADER, len(body) - 8):
            raise ValueError("its header is cut")
        header = json.loads(body[8 : 8 + length])
        data = memoryview(body)[8 + length :]
        return {name: _array(entry, data) for name, entry in header.items() if name != "__metadata__"}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise CorruptionError(f"{path} cannot be read: {error}") from error


def _array(entry: Mapping[str, Any], data: memoryview) -> npt.NDArray[np.float32]:
    start, end = entry["data_offsets"]
    if entry["dtype"] != "F32" or not 0 <= start <= end <= len(data):
        raise ValueError(f"{entry} is not a piece of float32 of it")
    return np.frombuffer(data[start:end], dtype="<f4").reshape(entry["shape"]).astype(np.float32)
