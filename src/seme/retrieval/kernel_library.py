"""The compiled library of the inner loops: where it lies, and what its functions take."""

from __future__ import annotations

import ctypes
import os
from importlib.util import find_spec

_POINTER = ctypes.c_void_p
_SIZE = ctypes.c_int64
_SIGNATURES = {
    "bm25_add": (None, [_POINTER, _POINTER, _SIZE, _POINTER, ctypes.c_float, _POINTER]),
    "bm25_add_to": (
        None,
        [_POINTER, _POINTER, _SIZE, _POINTER, ctypes.c_float, _POINTER, _SIZE, _POINTER],
    ),
    "bm25_top": (
        _SIZE,
        [_POINTER, _SIZE, *[_POINTER] * 3, _SIZE, ctypes.c_float, *[_POINTER] * 3, _SIZE],
    ),
    "kth_best": (_SIZE, [_POINTER, _POINTER, _SIZE, _SIZE, ctypes.c_float, _POINTER]),
    "rows_from": (_SIZE, [_POINTER, _POINTER, _SIZE, ctypes.c_float, _POINTER, _SIZE]),
    "dot_float32": (None, [_POINTER, _SIZE, _SIZE, _POINTER, _POINTER]),
    "dot_int8": (None, [_POINTER, _POINTER, _SIZE, _SIZE, _POINTER, ctypes.c_float, _POINTER]),
    "dot_rows": (None, [_POINTER, _SIZE, _POINTER, _SIZE, _POINTER, _POINTER]),
    "sign_products": (None, [_POINTER, _POINTER, _SIZE, _SIZE, _POINTER, _POINTER, _POINTER]),
    "nibble_sums": (None, [_POINTER, _SIZE, _SIZE, *[_POINTER] * 3]),
    "nibble_sums_of": (None, [_POINTER, _SIZE, _POINTER, _POINTER, _SIZE, _POINTER]),
    "byte_sums": (None, [_POINTER, _SIZE, _SIZE, _POINTER, _POINTER]),
    "maxsim_near": (None, [_POINTER, _SIZE, *[_POINTER] * 3, _SIZE, *[_POINTER] * 2]),
    "maxsim_levels": (
        None,
        [_POINTER, _SIZE, _POINTER, _POINTER, _SIZE, _POINTER, _SIZE, _POINTER, _SIZE, *[_POINTER] * 2, _SIZE]
        + [_POINTER] * 2,
    ),
    "rows_within": (_SIZE, [_POINTER, _POINTER, ctypes.c_float, _POINTER, _SIZE, ctypes.c_float, _POINTER, _SIZE]),
}


def installed() -> str | None:
    """Return the file of the compiled library, unless there is none or `SEME_KERNELS` asks for NumPy."""
    spec = find_spec("seme.retrieval._kernels")
    return None if os.environ.get("SEME_KERNELS") == "numpy" or spec is None else spec.origin


def load(path: str | None) -> ctypes.CDLL | None:
    """Open the library and tell its functions' types; `None` for no file."""
    if path is None:
        return None
    library = ctypes.CDLL(path)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
