"""How one row of activations lies on disk: float32, bfloat16, or int8 with a scale of its own."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError

RowDtype: TypeAlias = Literal["float32", "bfloat16", "int8"]
Stored: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float32]

_SCALE_BYTES = 4


def check_dtype(dtype: str) -> None:
    """Refuse a dtype that rows cannot have.

    Raises
    ------
    InputError
        If it is none of float32, bfloat16 and int8.
    """
    if dtype not in get_args(RowDtype):
        raise InputError(f"dtype is {dtype!r}; it may be {', '.join(get_args(RowDtype))}")


def stored_shape(dtype: RowDtype, width: int) -> tuple[np.dtype[Any], int]:
    """Return the type of a row's elements on disk, and how many there are.

    A row of int8 ends with the four bytes of its float32 scale.
    """
    if dtype == "int8":
        return np.dtype("i1"), width + _SCALE_BYTES
    return np.dtype("<f4" if dtype == "float32" else "<u2"), width


def row_bytes(dtype: RowDtype, width: int) -> int:
    """Return the bytes that a row takes."""
    kind, columns = stored_shape(dtype, width)
    return kind.itemsize * columns


def encode(rows: torch.Tensor, dtype: RowDtype) -> Stored:
    """Encode rows (n, width) for the disk; bfloat16 rounds to nearest even, int8 to within half a 127th of the largest.

    The work is done on the tensor's own device, so that a GPU sends only what is kept.
    """
    if dtype == "float32":
        return rows.float().cpu().numpy()
    if dtype == "bfloat16":
        return rows.bfloat16().view(torch.int16).cpu().numpy().view("<u2")
    exact = rows.float()
    scale = exact.abs().amax(dim=1, keepdim=True) / 127
    steps = torch.where(scale > 0, exact / scale, 0).round().clamp(-127, 127).to(torch.int8)
    return torch.cat([steps, scale.view(torch.int8)], dim=1).cpu().numpy()


def decode(stored: Stored, dtype: RowDtype) -> Floats:
    """Return stored rows (n, columns) as float32 (n, width)."""
    if dtype == "float32":
        return np.asarray(stored, dtype=np.float32)
    if dtype == "bfloat16":
        bits: npt.NDArray[np.uint32] = stored.astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32)
    scale = np.ascontiguousarray(stored[:, -_SCALE_BYTES:]).view("<f4")
    exact: Floats = np.multiply(stored[:, :-_SCALE_BYTES], scale, dtype=np.float32)
    return exact
