"""What every sparse autoencoder is compared with: PCA, k-means, NMF, random directions, and the neurons themselves."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA, MiniBatchNMF, non_negative_factorization

from seme.interp.dictionaries.arguments import at_least_one
from seme.interp.dictionaries.base import Dictionary, Rows, sample, signed_codes
from seme.interp.dictionaries.codes import Codes, Floats
from seme.interp.dictionaries.refitting import refit


class PCADictionary(Dictionary):
    """Principal components: the directions of the largest variance.

    Parameters
    ----------
    n_atoms
        Number of components, at most the width; None for as many.
    k
        Codes keep the k largest by size; None for all.
    max_rows
        Rows that are drawn where there are more.
    seed
        Of the draw.
    """

    def __init__(
        self, n_atoms: int | None = None, *, k: int | None = None, max_rows: int = 200_000, seed: int = 0
    ) -> None:
        self.n_atoms, self.k, self.max_rows, self.seed = n_atoms, k, max_rows, seed

    def fit(self, x: Rows, y: None = None) -> Self:
        """Learn from rows (n, d); at least as many as components."""
        del y
        at_least_one(n_atoms=self.n_atoms, k=self.k, max_rows=self.max_rows)
        store = self._begin(x, least=max(2, self.n_atoms or 1))
        components = min(self.n_atoms or store.width, store.width, len(store))
        model = PCA(components, svd_solver="covariance_eigh" if len(store) > store.width else "full")
        model.fit(sample(store, self.max_rows, seed=self.seed))
        self.atoms_ = model.components_.astype(np.float32)
        self.bias_ = model.mean_.astype(np.float32)
        return self

    def _encode(self, rows: Floats) -> Codes:
        return signed_codes(np.matmul(rows - self.bias_, self.atoms_.T, dtype=np.float32), self.k)


class KMeansDictionary(Dictionary):
    """Cluster centres: each row is replaced by the nearest, one unit per row.

    Atoms are the centres' directions, and values their lengths.

    Parameters
    ----------
    n_atoms
        Number of clusters; None for four times the width.
    max_rows
        Rows that are drawn where there are more.
    seed
        Of the draw and the start.
    """

    lengths_: Floats

    def __init__(self, n_atoms: int | None = None, *, max_rows: int = 200_000, seed: int = 0) -> None:
        self.n_atoms, self.max_rows, self.seed = n_atoms, max_rows, seed

    def fit(self, x: Rows, y: None = None) -> Self:
        """Learn from rows (n, d); at least as many as clusters."""
        del y
        at_least_one(n_atoms=self.n_atoms, max_rows=self.max_rows)
        store = self._begin(x, least=self.n_atoms or 2)
        clusters = min(self.n_atoms or 4 * store.width, len(store))
        model = MiniBatchKMeans(clusters, batch_size=4096, n_init=1, random_state=self.seed)
        model.fit(sample(store, self.max_rows, seed=self.seed))
        centres = model.cluster_centers_.astype(np.float32)
        self.lengths_ = np.linalg.norm(centres, axis=1)
        self.atoms_ = centres / np.where(self.lengths_ > 0, self.lengths_, np.float32(1))[:, None]
        self.bias_ = np.zeros(store.width, dtype=np.float32)
        return self

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return the directions and the lengths of the centres."""
        return {**super().tensors(), "lengths": self.lengths_}

    def set_tensors(self, tensors: dict[str, npt.NDArray[Any]]) -> None:
        """Take over what a file holds."""
        super().set_tensors(tensors)
        self.lengths_ = tensors["lengths"]

    def _encode(self, rows: Floats) -> Codes:
        distances = self.lengths_**2 - 2 * (rows @ (self.atoms_ * self.lengths_[:, None]).T)
        nearest = distances.argmin(axis=1).astype(np.int32)[:, None]
        return Codes(nearest, self.lengths_[nearest], len(self.atoms_))


class NMFDictionary(Dictionary):
    """Parts that are only ever added: non-negative matrix factorisation.

    Activations are shifted by the smallest value of each coordinate, which makes them non-negative; what lies below in
    other rows is cut off.

    Parameters
    ----------
    n_atoms
        Number of parts; None for the width.
    max_rows
        Rows that are drawn where there are more.
    max_iter
        Passes over them.
    seed
        Of the draw and the start.
    """

    def __init__(
        self, n_atoms: int | None = None, *, max_rows: int = 20_000, max_iter: int = 50, seed: int = 0
    ) -> None:
        self.n_atoms, self.max_rows, self.max_iter, self.seed = n_atoms, max_rows, max_iter, seed

    def fit(self, x: Rows, y: None = None) -> Self:
        """Learn from rows (n, d)."""
        del y
        at_least_one(n_atoms=self.n_atoms, max_rows=self.max_rows, max_iter=self.max_iter)
        store = self._begin(x, least=self.n_atoms or 2)
        rows = sample(store, self.max_rows, seed=self.seed)
        self.bias_ = rows.min(axis=0)
        model = MiniBatchNMF(
            self.n_atoms or store.width, max_iter=self.max_iter, batch_size=4096, random_state=self.seed
        )
        model.fit(rows - self.bias_)
        lengths = np.linalg.norm(model.components_, axis=1, keepdims=True)
        self.atoms_ = (model.components_ / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return self

    def _encode(self, rows: Floats) -> Codes:
        shifted = np.maximum(rows - self.bias_, 0)
        codes, *_ = non_negative_factorization(
            shifted,
            H=self.atoms_,
            n_components=len(self.atoms_),
            update_H=False,
            init="custom",
            max_iter=self.max_iter,
            tol=1e-3,
        )
        return Codes.from_dense(codes)


class RandomDictionary(Dictionary):
    """Random directions, of which each row gets the k that it correlates with most: what no learning gives.

    Parameters
    ----------
    n_atoms
        Number of directions; None for four times the width.
    k
        Active units per row; their values are the least-squares fit.
    seed
        Of the directions.
    """

    def __init__(self, n_atoms: int | None = None, *, k: int = 32, seed: int = 0) -> None:
        self.n_atoms, self.k, self.seed = n_atoms, k, seed

    def fit(self, x: Rows, y: None = None) -> Self:
        """Draw the directions, and take the mean from the rows (n, d)."""
        del y
        at_least_one(n_atoms=self.n_atoms, k=self.k)
        store = self._begin(x, least=1)
        rng = np.random.default_rng(self.seed)
        atoms = rng.standard_normal((self.n_atoms or 4 * store.width, store.width)).astype(np.float32)
        self.atoms_ = atoms / np.linalg.norm(atoms, axis=1, keepdims=True)
        self.bias_ = store.mean
        return self

    def _encode(self, rows: Floats) -> Codes:
        centred = rows - self.bias_
        return refit(signed_codes(np.matmul(centred, self.atoms_.T, dtype=np.float32), self.k), self.atoms_, centred)


class NeuronBasis(Dictionary):
    """The coordinates themselves: every neuron is a unit, and a row is its own code.

    Parameters
    ----------
    k
        Codes keep the k largest by size; None for all.
    """

    def __init__(self, *, k: int | None = None) -> None:
        self.k = k

    def fit(self, x: Rows, y: None = None) -> Self:
        """Take the width from the rows (n, d)."""
        del y
        at_least_one(k=self.k)
        store = self._begin(x, least=1)
        self.atoms_ = np.eye(store.width, dtype=np.float32)
        self.bias_ = np.zeros(store.width, dtype=np.float32)
        return self

    def _encode(self, rows: Floats) -> Codes:
        return signed_codes(rows, self.k)
