"""Adapted vectors: small corrections that a task taught, over an encoder that stays as it is (ADDER, 2023).

They are trained by `seme.embeddings.adapters`; to apply them takes NumPy alone. Queries that are adapted need no new
index; documents that are adapted do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError
from seme.new_folder import new_folder
from seme.retrieval.tensors import read_tensors, write_tensors

Activation = Literal["identity", "softmax", "relu"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
Vectors = npt.NDArray[np.float32]
_CONFIG, _TENSORS, _FORMAT = "adapter.json", "adapter.safetensors", 1
_SIDES = ("queries", "documents")


@dataclass(frozen=True, slots=True)
class Residual:
    """`h(v) = v + V f(K v)` at unit length.

    Parameters
    ----------
    keys
        K, float32 (r, D).
    values
        V, float32 (D, r).
    activation
        f: `identity`, `softmax` over the keys, or `relu`.

    Raises
    ------
    InputError
        If the shapes do not fit, a number is not finite, or the activation is unknown.
    """

    keys: Vectors
    values: Vectors
    activation: Activation = "identity"

    def __post_init__(self) -> None:
        """Refuse what cannot be applied."""
        if self.keys.ndim != 2 or not self.keys.size or self.values.shape != self.keys.shape[::-1]:
            raise InputError(f"keys are {self.keys.shape} and values {self.values.shape}, expected (r, D) and (D, r)")
        if not (np.isfinite(self.keys).all() and np.isfinite(self.values).all()):
            raise InputError("keys or values hold a number that is not finite")
        if self.activation not in ACTIVATIONS:
            raise InputError(f"activation is {self.activation!r}, expected one of {', '.join(ACTIVATIONS)}")

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return int(self.keys.shape[1])

    def apply(self, vectors: npt.ArrayLike) -> Vectors:
        """Return the moved vectors (n, D), float32 and of unit length.

        Raises
        ------
        InputError
            If the width is another one, a value is not finite, or a vector is moved to zero.
        """
        given = checked_vectors(vectors, self.dim)
        active: Vectors = given @ self.keys.T
        if self.activation == "softmax":
            active = np.exp(active - active.max(axis=1, keepdims=True))
            active /= active.sum(axis=1, keepdims=True)
        elif self.activation == "relu":
            active = np.maximum(active, np.float32(0))
        moved: Vectors = given + active @ self.values.T
        return unit(moved)


@dataclass(frozen=True, slots=True)
class Adapter:
    """What queries and documents of one encoder are moved by.

    Parameters
    ----------
    encoder
        Name of the encoder whose vectors are adapted.
    queries, documents
        `None` for a side that stays as it is.

    Raises
    ------
    InputError
        If the sides are of different widths.
    """

    encoder: str
    queries: Residual | None = None
    documents: Residual | None = None

    def __post_init__(self) -> None:
        """Refuse sides that do not fit each other."""
        if self.queries is not None and self.documents is not None and self.queries.dim != self.documents.dim:
            raise InputError(f"queries have {self.queries.dim} dimensions and documents {self.documents.dim}")

    @property
    def index_encoder(self) -> str:
        """Name for an index of the documents: the encoder's own where they stay as they are, else of their residual."""
        if self.documents is None:
            return self.encoder
        parts = (self.documents.keys.tobytes(), self.documents.values.tobytes(), self.documents.activation.encode())
        return f"{self.encoder}+{hashlib.sha256(b''.join(parts)).hexdigest()[:8]}"

    def adapt_queries(self, vectors: npt.ArrayLike) -> Vectors:
        """Return the vectors (n, D) of queries as they should be searched for."""
        return _moved(self.queries, vectors)

    def adapt_documents(self, vectors: npt.ArrayLike) -> Vectors:
        """Return the vectors (n, D) of documents as they should be indexed."""
        return _moved(self.documents, vectors)

    def save(self, folder: Path) -> Path:
        """Write `adapter.json` and `adapter.safetensors` into a new folder, whole or not at all.

        Raises
        ------
        InputError
            If the folder exists.
        """
        sides = {name: side for name in _SIDES if (side := getattr(self, name)) is not None}
        config = {
            "format": _FORMAT,
            "encoder": self.encoder,
            "activations": {name: side.activation for name, side in sides.items()},
        }
        arrays = {f"{name}.{part}": getattr(side, part) for name, side in sides.items() for part in ("keys", "values")}
        with new_folder(folder) as place:
            (place / _CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")
            write_tensors(place / _TENSORS, arrays)
        return folder

    @classmethod
    def open(cls, folder: Path | str, *, encoder: str | None = None) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If there is none, it is of a later format, or it was trained for another encoder than `encoder`.
        CorruptionError
            If its files cannot be read or do not fit each other.
        """
        folder = Path(folder)
        if not (folder / _CONFIG).is_file():
            raise InputError(f"there is no {_CONFIG} in {folder}", hint="An adapter's folder is made by save")
        try:
            config: dict[str, Any] = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
            form = config["format"]
            tensors = read_tensors(folder / _TENSORS)
            sides = {
                name: Residual(tensors[f"{name}.keys"], tensors[f"{name}.values"], activation)
                for name, activation in config["activations"].items()
            }
            found = cls(str(config["encoder"]), **sides)
        except (InputError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorruptionError(f"the adapter in {folder} cannot be read: {error}") from error
        if form != _FORMAT:
            raise InputError(f"{folder} is of format {form!r}; this version reads {_FORMAT}")
        if encoder is not None and found.encoder != encoder:
            raise InputError(f"the adapter in {folder} is for the encoder {found.encoder}, not {encoder}")
        return found


def checked_vectors(vectors: npt.ArrayLike, dim: int | None = None) -> Vectors:
    """Return vectors (n, D) as float32.

    Raises
    ------
    InputError
        If they are no matrix, of another width than `dim`, or a value is not finite.
    """
    found = np.asarray(vectors, dtype=np.float32)
    if found.ndim != 2 or not found.shape[1] or (dim is not None and found.shape[1] != dim):
        raise InputError(f"vectors are {found.shape}, expected (n, {dim or 'D'})")
    if not np.isfinite(found).all():
        raise InputError("vectors hold a number that is not finite")
    return found


def unit(vectors: Vectors) -> Vectors:
    """Return vectors (n, D) at unit length.

    Raises
    ------
    InputError
        If one is zero; the first is named.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise InputError(f"vector {int(np.flatnonzero(lengths == 0)[0])} is zero, which has no direction")
    scaled: Vectors = (vectors / lengths).astype(np.float32)
    return scaled


def _moved(residual: Residual | None, vectors: npt.ArrayLike) -> Vectors:
    return checked_vectors(vectors) if residual is None else residual.apply(vectors)
