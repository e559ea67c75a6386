"""The structures of faiss that a search goes through: how they are made, asked, written and read."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seme.assets.packages import need_extra
from seme.errors import CorruptionError, InputError
from seme.retrieval.store import REBUILD

Float32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

METHODS = ("hnsw", "ivf")
FLAT_BELOW = 1_000
"""Rows under which going through all of them costs less than a structure over them."""
_PER_LIST = 39
"""Fewest vectors of a list that faiss trains without a warning."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is built over the vectors: `links` of a node and `breadth` of its building, or the number of `lists`."""

    method: str = "hnsw"
    links: int = 32
    breadth: int = 80
    lists: int | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"method is {self.method!r}, it must be one of {', '.join(METHODS)}")
        for name, least in (("links", 2), ("breadth", 1), ("lists", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InputError(f"{name} is {value}, it must be at least {least}")

    def lists_for(self, rows: int) -> int:
        """Return the number of lists over so many rows: four times the root, unless it is given."""
        return min(self.lists or round(4 * math.sqrt(rows)), max(1, rows // _PER_LIST))


def faiss() -> Any:
    """Return the library faiss, which the base install does without.

    Raises
    ------
    AssetError
        If it is not installed.
    """
    need_extra("faiss", "approximate search")
    import faiss  # noqa: PLC0415

    return faiss


def build(vectors: Float32, form: Form) -> Any:
    """Return a faiss index of vectors (n, d), whose rows are their places."""
    library = faiss()
    rows, dim = vectors.shape
    if rows < FLAT_BELOW:
        made = library.IndexFlatIP(dim)
    elif form.method == "hnsw":
        made = library.IndexHNSWFlat(dim, form.links, library.METRIC_INNER_PRODUCT)
        made.hnsw.efConstruction = form.breadth
    else:
        quantiser = library.IndexFlatIP(dim)
        made = library.IndexIVFFlat(quantiser, dim, form.lists_for(rows), library.METRIC_INNER_PRODUCT)
        made.train(vectors)
    made.add(vectors)
    if form.method == "ivf" and rows >= FLAT_BELOW:
        made.make_direct_map(True)
    return made


def ask(index: Any, query: Float32, k: int, effort: int, mask: npt.NDArray[np.bool_] | None) -> tuple[Any, Float32]:
    """Return the rows (<= k,) that a structure finds for a query (d,), and their inner products.

    `effort` is the number of candidates that a graph keeps (efSearch), or of lists that are read (nprobe).
    """
    library = faiss()
    chosen = None if mask is None else library.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
    if isinstance(index, library.IndexHNSW):
        how = library.SearchParametersHNSW(sel=chosen, efSearch=max(effort, k))
    elif isinstance(index, library.IndexIVF):
        how = library.SearchParametersIVF(sel=chosen, nprobe=min(effort, index.nlist))
    else:
        how = library.SearchParameters(sel=chosen)
    scores, rows = index.search(query[None], min(k, index.ntotal), params=how)
    found = rows[0] >= 0
    return rows[0][found], scores[0][found]


def vectors_of(index: Any, rows: npt.NDArray[np.integer]) -> Float32:
    """Return the vectors (m, d) of some rows."""
    found: Float32 = index.reconstruct_batch(rows.astype(np.int64))
    return found


def written(index: Any) -> tuple[Bytes, Bytes]:
    """Return a structure as bytes, and the SHA-256 of these."""
    body: Bytes = faiss().serialize_index(index)
    return body, np.frombuffer(hashlib.sha256(body.data).digest(), dtype=np.uint8)


def read(body: Bytes, digest: Bytes, rows: int, dim: int) -> Any:
    """Return the structure that `written` gave as bytes.

    faiss trusts what it reads: bytes are compared with their SHA-256 first, so that damage never reaches it.

    Raises
    ------
    CorruptionError
        If the bytes are others than were written, or of another number of vectors.
    """
    if hashlib.sha256(np.ascontiguousarray(body).data).digest() != digest.tobytes():
        raise CorruptionError("a structure of an approximate index was changed", hint=REBUILD)
    made = faiss().deserialize_index(np.array(body))
    if made.ntotal != rows or made.d != dim:
        raise CorruptionError(
            f"a structure of an approximate index holds {made.ntotal} vectors of {made.d}, expected {rows} of {dim}",
            hint=REBUILD,
        )
    return made
