"""What a model holds about each text at each layer: one array, in memory or mapped from a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from seme.errors import CorruptionError, InputError

Values = npt.NDArray[np.float32]
_VALUES, _NAMES = "states.npy", "states.json"


@dataclass(frozen=True, slots=True)
class LayerStates:
    """Vectors of n texts at each layer.

    Parameters
    ----------
    values
        (layers, n, width) float32.
    names
        Of the layers: of a language model `resid.embed`, then `resid.0` and so on, so that index i is the state after
        i blocks.
    """

    values: Values
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or 0 in self.values.shape:
            raise InputError(
                f"values has the shape {self.values.shape}, expected (layers, texts, width), none of them 0",
                hint="values[None] makes one layer of (texts, width)",
            )
        if len(self.names) != len(self.values):
            raise InputError(f"names has {len(self.names)} entries, expected {len(self.values)}, one a layer")

    @classmethod
    def of(cls, rows: npt.ArrayLike, name: str = "rows") -> Self:
        """Take (n, width) as the only layer."""
        return cls(np.asarray(rows, dtype=np.float32)[None], (name,))

    def __len__(self) -> int:
        return int(self.values.shape[1])

    @property
    def layers(self) -> int:
        """How many layers there are, the embeddings among them."""
        return len(self.names)

    def layer(self, number: int) -> Values:
        """Return (n, width) of one layer.

        Raises
        ------
        InputError
            If there is no such layer.
        """
        if not 0 <= number < self.layers:
            raise InputError(
                f"layer is {number}, expected 0 to {self.layers - 1}",
                hint=f"0 is {self.names[0]}, {self.layers - 1} is {self.names[-1]}",
            )
        rows: Values = self.values[number]
        return rows

    def take(self, texts: npt.ArrayLike | Sequence[int]) -> LayerStates:
        """Return the states of some of the texts, by their numbers."""
        return LayerStates(np.ascontiguousarray(self.values[:, np.asarray(texts, dtype=np.intp)]), self.names)

    def save(self, folder: Path | str) -> Path:
        """Write `states.npy` and `states.json`; each appears whole, and the second last."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        described = {"names": list(self.names), "shape": list(self.values.shape)}
        _write(folder / _VALUES, lambda file: np.save(file, self.values, allow_pickle=False))
        _write(folder / _NAMES, lambda file: file.write(json.dumps(described).encode()))
        return folder

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Open what `save` wrote; the array is mapped, so that one layer is read at a time.

        Raises
        ------
        InputError
            If there is nothing of the kind in the folder.
        CorruptionError
            If a file was cut, or the two do not belong together.
        """
        folder = Path(folder)
        if not (folder / _NAMES).is_file():
            raise InputError(f"{folder} holds no states", hint="LayerStates.save writes them")
        try:
            described = json.loads((folder / _NAMES).read_bytes())
            values = np.load(folder / _VALUES, mmap_mode="r", allow_pickle=False)
            names, shape = tuple(described["names"]), tuple(described["shape"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CorruptionError(f"{folder} holds states that cannot be read", hint="Record them again") from error
        if values.shape != shape or values.dtype != np.float32:
            raise CorruptionError(f"{folder}: {_VALUES} is {values.shape}, expected {shape}", hint="Record them again")
        return cls(values, names)


def _write(path: Path, put: Any) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            put(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
