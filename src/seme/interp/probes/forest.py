"""A second family of probes, which bends: a random forest (Jin et al. 2024 use it beside the linear one)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError

from seme.errors import CorruptionError, InputError
from seme.interp.probes.probe import checked_rows
from seme.interp.probes.splitting import coded
from seme.tensor_folders import write_tensor_folder

_FILES = ("forest.json", "forest.safetensors")


class ForestProbe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Read a class from states by many trees, each of which asks single dimensions for a threshold.

    Parameters
    ----------
    trees
        How many; each sees a bootstrap sample of the texts, and tries √width dimensions at every node.
    leaf
        The fewest texts in a leaf.
    seed
        Of samples and dimensions.

    Attributes
    ----------
    classes_ : ndarray
        In alphabetical order.
    width_ : int
        Of the states that it was fitted on.
    converged_ : bool
        Always true: trees grow to their end.
    roots_, features_, thresholds_, children_, shares_ : ndarray
        (trees,) first node of each tree; of all nodes of all trees the dimension (-2 at leaves), the threshold, the
        nodes below (nodes, 2), and the shares of the classes (nodes, classes).
    """

    def __init__(self, trees: int = 100, *, leaf: int = 1, seed: int = 0) -> None:
        self.trees, self.leaf, self.seed = trees, leaf, seed

    def fit(self, x: npt.ArrayLike, y: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> Self:  # noqa: ARG002
        """Fit to states (n, width) and their classes (n,); `groups` is taken for the sake of `probe_layers` alone.

        Raises
        ------
        InputError
            If a hyper-parameter is below 1, or the data cannot be used.
        """
        for name in ("trees", "leaf"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected 1 or more")
        rows = checked_rows(x)
        self.classes_, codes = coded(y, len(rows))
        self.width_, self.converged_ = rows.shape[1], True
        forest = RandomForestClassifier(self.trees, min_samples_leaf=self.leaf, random_state=self.seed)
        grown = [one.tree_ for one in forest.fit(rows, codes).estimators_]
        starts = np.cumsum([0, *(one.node_count for one in grown)])
        self.roots_ = starts[:-1].astype(np.int64)
        self.features_ = np.concatenate([one.feature for one in grown])
        self.thresholds_ = np.concatenate([one.threshold for one in grown])
        below = [
            np.stack([one.children_left, one.children_right], axis=1) + start
            for one, start in zip(grown, self.roots_, strict=True)
        ]
        self.children_ = np.concatenate(below)
        counts = np.concatenate([one.value[:, 0] for one in grown])
        self.shares_ = counts / counts.sum(axis=1, keepdims=True)
        return self

    def predict_proba(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return (n, classes) probabilities: the mean of the trees.

        Raises
        ------
        InputError
            If the states have another width than those that it was fitted on, or are not finite.
        """
        if not hasattr(self, "roots_"):
            raise NotFittedError("this probe was not fitted: call fit(x, y) first")
        # Thresholds were chosen among single-precision values.
        rows = checked_rows(x).astype(np.float32)
        if rows.shape[1] != self.width_:
            raise InputError(f"x has the width {rows.shape[1]}, expected {self.width_}, that of the states fitted on")
        node = np.tile(self.roots_, (len(rows), 1))
        text = np.arange(len(rows))[:, None]
        while (inner := self.features_[node] >= 0).any():
            right = rows[text, np.maximum(self.features_[node], 0)] > self.thresholds_[node]
            node = np.where(inner, self.children_[node, right.astype(np.intp)], node)
        found: npt.NDArray[np.float64] = self.shares_[node].mean(axis=1)
        return found

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return (n,) the most probable class."""
        found: npt.NDArray[Any] = self.classes_[self.predict_proba(x).argmax(axis=1)]
        return found

    def save(self, folder: Path | str) -> Path:
        """Write `forest.json` and `forest.safetensors`, whole or not at all."""
        config = {"settings": self.get_params(), "classes": self.classes_.tolist(), "width": self.width_}
        tensors = {
            "roots": self.roots_,
            "features": self.features_,
            "thresholds": self.thresholds_,
            "children": self.children_,
            "shares": self.shares_,
        }
        return write_tensor_folder(Path(folder), config, tensors, names=_FILES, kind="probe")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If there is no forest in the folder.
        CorruptionError
            If a file was cut or changed.
        """
        folder = Path(folder)
        if not (folder / _FILES[0]).is_file():
            raise InputError(f"{folder} holds no forest", hint="ForestProbe.save writes one")
        try:
            config, tensors = json.loads((folder / _FILES[0]).read_bytes()), load_file(folder / _FILES[1])
            probe = cls(**config["settings"])
            probe.classes_, probe.width_ = np.asarray(config["classes"]), int(config["width"])
            probe.roots_, probe.features_, probe.thresholds_, probe.children_, probe.shares_ = (
                tensors[name] for name in ("roots", "features", "thresholds", "children", "shares")
            )
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise CorruptionError(f"{folder} holds a forest that cannot be read", hint="Fit it again") from error
        probe.converged_ = True
        return probe
