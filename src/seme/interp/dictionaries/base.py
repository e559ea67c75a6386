"""What every dictionary is: rows in, sparse codes out, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator

from seme.errors import InputError
from seme.interp.activations import Store, as_store
from seme.interp.dictionaries.codes import Codes, Floats
from seme.interp.dictionaries.evaluation import evaluate
from seme.interp.dictionaries.storage import write_folder

Rows: TypeAlias = npt.ArrayLike | torch.Tensor | Store | Path | str
CHUNK = 4096  # rows that are encoded at a time


class Dictionary(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Units into which activations are taken apart, by the rules of scikit-learn's estimators.

    Attributes
    ----------
    atoms_ : ndarray of shape (m, d)
        The units, as rows of unit length.
    bias_ : ndarray of shape (d,)
        What is added when codes are decoded.
    n_features_in_ : int
        Width of a row, d.
    site_, model_name_ : str
        Where the activations came from, or "".
    """

    atoms_: Floats
    bias_: Floats
    n_features_in_: int
    site_: str
    model_name_: str

    def fit(self, x: Rows, y: None = None) -> Self:
        """Learn from rows.

        Parameters
        ----------
        x
            Rows (n, d): an array, a tensor, a `Store` or its folder.
        y
            Not used.

        Raises
        ------
        InputError
            If there are too few rows, or they hold NaN or infinity.
        """
        raise NotImplementedError

    def encode(self, x: Rows) -> Codes:
        """Return the sparse codes of rows (n, d).

        Raises
        ------
        InputError
            If nothing was fitted, or the rows are of another width, site or model, or hold NaN or infinity.
        """
        return Codes.concatenate([self._encode(rows) for rows in self.checked(x).chunks(CHUNK)])

    def decode(self, codes: Codes) -> Floats:
        """Return the rows (n, d) that codes stand for."""
        self._require_fit()
        if codes.width != len(self.atoms_):
            raise InputError(f"the codes are of {codes.width} units, and the dictionary has {len(self.atoms_)}")
        decoded: Floats = codes.csr() @ self.atoms_ + self.bias_
        return decoded

    def reconstruct(self, x: Rows) -> Floats:
        """Encode rows and decode them again, (n, d)."""
        return self.decode(self.encode(x))

    def transform(self, x: Rows) -> Floats:
        """Return the codes of rows as a dense array (n, m)."""
        return self.encode(x).dense()

    def fit_transform(self, x: Rows, y: None = None) -> Floats:
        """Learn from rows and return their codes as a dense array (n, m)."""
        return self.fit(x, y).transform(x)

    def score(self, x: Rows, y: None = None) -> dict[str, float]:
        """Return how well rows are reconstructed, and how sparsely; see `evaluate`."""
        del y
        return evaluate(self, x).as_dict()

    def save(self, folder: Path | str) -> Path:
        """Write the dictionary into a folder, as safetensors and JSON; `load_dictionary` reads it.

        A folder that is there is replaced. Training can go on from what was saved, but with new moments in the
        optimiser.
        """
        self._require_fit()
        config = {
            "kind": type(self).__name__,
            "arguments": self.get_params(),
            "width": self.n_features_in_,
            "site": self.site_,
            "model_name": self.model_name_,
        }
        return write_folder(Path(folder), config, self.tensors())

    def checked(self, x: Rows) -> Store:
        """Return rows as a store, or refuse what this dictionary was not fitted to."""
        self._require_fit()
        store = as_store(x)
        if store.width != self.n_features_in_:
            raise InputError(
                f"the activations have width {store.width}, but {type(self).__name__} was fitted to width "
                f"{self.n_features_in_}{f' at {self.site_}' if self.site_ else ''}"
            )
        store.require(site=self.site_, model_name=self.model_name_)
        return store

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learned, by name, for a file."""
        self._require_fit()
        return {"atoms": self.atoms_, "bias": self.bias_}

    def set_tensors(self, tensors: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what a file holds."""
        self.atoms_, self.bias_ = tensors["atoms"], tensors["bias"]

    def _encode(self, rows: Floats) -> Codes:
        raise NotImplementedError

    def _begin(self, x: Rows, *, least: int) -> Store:
        store = as_store(x)
        if len(store) < least:
            raise InputError(
                f"there are {len(store)} rows, and {type(self).__name__} needs at least {least}",
                hint="Record more texts, or ask for fewer units",
            )
        self.n_features_in_, self.site_, self.model_name_ = store.width, store.site, store.model_name
        return store

    def _require_fit(self) -> None:
        if not hasattr(self, "n_features_in_"):
            raise InputError(f"this {type(self).__name__} was not fitted", hint="dictionary.fit(activations)")


def signed_codes(dense: Floats, k: int | None) -> Codes:
    """Return dense codes (n, m) as they are, or the k of the largest size in each row."""
    width = dense.shape[1]
    if k is None or k >= width:
        indices = np.broadcast_to(np.arange(width, dtype=np.int32), dense.shape).copy()
        return Codes(indices, dense.astype(np.float32, copy=False), width)
    indices = np.argpartition(-np.abs(dense), k - 1, axis=1)[:, :k].astype(np.int32)
    return Codes(indices, np.take_along_axis(dense, indices, axis=1).astype(np.float32, copy=False), width)


def sample(store: Store, most: int, *, seed: int) -> Floats:
    """Return all rows of a store, or so many drawn from it, as one array."""
    if len(store) <= most:
        return store.rows(slice(None))
    return store.rows(np.sort(np.random.default_rng(seed).choice(len(store), size=most, replace=False)))
