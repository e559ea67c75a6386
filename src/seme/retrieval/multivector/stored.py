"""Whether the arrays of a segment that was read fit each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError
from seme.retrieval import store
from seme.retrieval.multivector.codebook import Codebook
from seme.retrieval.store import Arrays

_TYPES = {
    "order": ("int32",),
    "offsets": ("int64",),
    "vectors": ("float32", "float16"),
    "residuals": ("uint8",),
    "codes": ("int32",),
    "list_offsets": ("int64",),
    "list_rows": ("int32",),
}


def check_parts(arrays: Arrays, rows: int, dim: int, bits: int | None, codebook: Codebook | None, place: Path) -> None:
    """Refuse arrays that a search could not use.

    Raises
    ------
    CorruptionError
        Naming what does not fit.
    """
    for name, kind in _TYPES.items():
        _must(name not in arrays or arrays[name].dtype in kind, place, f"has {name} of another type")
    wanted = {"ids", "order", "offsets", "vectors" if bits is None else "residuals"}
    wanted |= {"codes", "list_offsets", "list_rows"} if codebook is not None else set()
    _must(set(arrays) == wanted, place, f"holds {', '.join(sorted(arrays))}")
    offsets = arrays["offsets"]
    _must(offsets.shape == (rows + 1,), place, f"has offsets {offsets.shape}")
    _must(arrays["ids"].shape == (rows,) and _readable(arrays["ids"]), place, "has ids that cannot be read")
    order = arrays["order"]
    _must(order.shape == (rows,) and bool(((order >= 0) & (order < rows)).all()), place, "has an order of other rows")
    body = arrays["vectors" if bits is None else "residuals"]
    width = dim if codebook is None or bits is None else codebook.width
    _must(body.ndim == 2 and body.shape[1] == width, place, f"has vectors {body.shape}")
    _must(
        not rows or (offsets[0] == 0 and int(offsets[-1]) == len(body) and bool((np.diff(offsets) > 0).all())),
        place,
        "has offsets that do not divide the vectors",
    )
    if codebook is not None:
        _check_lists(arrays, rows, len(body), len(codebook.centroids), place)


def _check_lists(arrays: Arrays, rows: int, vectors: int, centroids: int, place: Path) -> None:
    codes, offsets, texts = arrays["codes"], arrays["list_offsets"], arrays["list_rows"]
    _must(codes.shape == (vectors,) and _within(codes, centroids), place, "has codes of other centroids")
    whole = offsets.shape == (centroids + 1,) and offsets[0] == 0 and int(offsets[-1]) == len(texts)
    _must(bool(whole) and bool((np.diff(offsets) >= 0).all()), place, "has lists of other centroids")
    _must(_within(texts, rows), place, "has lists of other texts")


def _readable(ids: npt.NDArray[np.bytes_]) -> bool:
    try:
        b" ".join(ids.tolist()).decode()
    except (UnicodeDecodeError, TypeError):
        return False
    return True


def _within(numbers: npt.NDArray[np.int32], end: int) -> bool:
    return not len(numbers) or (int(numbers.min()) >= 0 and int(numbers.max()) < end)


def _must(fits: bool, place: Path, what: str) -> None:
    if not fits:
        raise CorruptionError(f"{place} {what}, which does not fit the index", hint=store.REBUILD)
