"""A probe: a small classifier of states, standardised, calibrated if asked, and saved without pickles."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from seme.errors import CorruptionError, InputError
from seme.interp.probes.calibration import fit_temperature
from seme.interp.probes.fitting import Fitted, fit_logistic, fit_mlp, fit_ridge
from seme.interp.probes.splitting import coded, grouped_splits
from seme.tensor_folders import write_tensor_folder

Kind = Literal["logistic", "ridge", "mlp"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_FILES = ("probe.json", "probe.safetensors")
_PENALTIES = {"logistic": 100.0, "ridge": 100.0, "mlp": 1.0}
_EARLY = 200  # texts from which an MLP can spare a tenth for early stopping


class ProbeWarning(UserWarning):
    """A probe did not converge."""


class Probe(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Read a class from states by a linear map, or through one hidden layer.

    States are standardised on the texts that it is fitted on: single dimensions of a residual stream are a thousand
    times larger than others, and the fit does not converge without.

    Parameters
    ----------
    kind
        `logistic`, `ridge` (least squares) or `mlp` (one hidden layer of ReLU units).
    penalty
        λ of the loss summed over the texts + λ/2 ‖weights‖² (for `ridge`, squared errors + λ ‖weights‖²); by default
        100, and 1 for `mlp`. scikit-learn's default is 1, that of Jin et al. 2024.
    hidden
        Units of the hidden layer of `mlp`.
    calibrated
        Whether a quarter of the texts, by groups, is first held out to find a temperature.
    most
        Iterations, of `mlp` epochs, after which a fit is broken off.
    seed
        Of `mlp` and of what is held out.

    Attributes
    ----------
    classes_ : ndarray
        In alphabetical order.
    converged_ : bool
        Whether the fit came to its end.
    temperature_ : float
        Logits are divided by it.
    """

    def __init__(
        self,
        kind: Kind = "logistic",
        *,
        penalty: float | None = None,
        hidden: int = 256,
        calibrated: bool = False,
        most: int = 1000,
        seed: int = 0,
    ) -> None:
        self.kind, self.penalty, self.hidden, self.calibrated = kind, penalty, hidden, calibrated
        self.most, self.seed = most, seed

    def fit(self, x: npt.ArrayLike, y: npt.ArrayLike, groups: npt.ArrayLike | None = None) -> Self:
        """Fit to states and their classes.

        Parameters
        ----------
        x
            (n, width).
        y
            (n,) names or numbers of classes.
        groups
            (n,) what is not torn apart when `calibrated`.

        Raises
        ------
        InputError
            If a hyper-parameter is out of its range, or the data cannot be used.
        """
        self._check()
        rows = checked_rows(x)
        self.classes_, codes = coded(y, len(rows))
        self.temperature_ = 1.0
        if self.calibrated:
            train, held = next(iter(grouped_splits(codes, groups, splits=1, test_share=0.25, seed=self.seed)))
            self._fit(rows[train], codes[train])
            self.temperature_ = fit_temperature(self._logits(rows[held]), codes[held])
        self._fit(rows, codes)
        if not self.converged_:
            warnings.warn(
                f"a {self.kind} probe did not converge in {self.most} iterations: raise most, or penalty",
                ProbeWarning,
                stacklevel=2,
            )
        return self

    def predict_proba(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return (n, classes) probabilities.

        Raises
        ------
        InputError
            If the states have another width than those that it was fitted on, or are not finite.
        """
        if not hasattr(self, "weights_"):
            raise NotFittedError("this probe was not fitted: call fit(x, y) first")
        rows = checked_rows(x)
        if rows.shape[1] != len(self.mean_):
            raise InputError(
                f"x has the width {rows.shape[1]}, expected {len(self.mean_)}, that of the states it was fitted on"
            )
        found: npt.NDArray[np.float64] = softmax(self._logits(rows) / self.temperature_, axis=1)
        return found

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return (n,) the most probable class."""
        numbers = self.predict_proba(x).argmax(axis=1)
        found: npt.NDArray[Any] = self.classes_[numbers]
        return found

    def save(self, folder: Path | str) -> Path:
        """Write `probe.json` and `probe.safetensors`, whole or not at all."""
        tensors = {"mean": self.mean_, "scale": self.scale_}
        for number, (weights, biases) in enumerate(zip(self.weights_, self.biases_, strict=True)):
            tensors |= {f"weights.{number}": weights, f"biases.{number}": biases}
        config = {
            "settings": self.get_params(),
            "classes": self.classes_.tolist(),
            "temperature": self.temperature_,
            "converged": self.converged_,
        }
        return write_tensor_folder(Path(folder), config, tensors, names=_FILES, kind="probe")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If there is no probe in the folder.
        CorruptionError
            If a file was cut or changed.
        """
        folder = Path(folder)
        if not (folder / _FILES[0]).is_file():
            raise InputError(f"{folder} holds no probe", hint="Probe.save writes one")
        try:
            config, tensors = json.loads((folder / _FILES[0]).read_bytes()), load_file(folder / _FILES[1])
            probe = cls(**config["settings"])
            probe.classes_ = np.asarray(config["classes"])
            probe.temperature_, probe.converged_ = float(config["temperature"]), bool(config["converged"])
            probe.mean_, probe.scale_ = tensors["mean"], tensors["scale"]
            depth = sum(name.startswith("weights.") for name in tensors)
            probe.weights_ = [tensors[f"weights.{number}"] for number in range(depth)]
            probe.biases_ = [tensors[f"biases.{number}"] for number in range(depth)]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise CorruptionError(f"{folder} holds a probe that cannot be read", hint="Fit it again") from error
        return probe

    def _check(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        if self.penalty is not None and not 0 < self.penalty < np.inf:
            raise InputError(f"penalty is {self.penalty}, expected a number above 0, or None for the default")
        for name in ("hidden", "most"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected 1 or more")

    def _fit(self, rows: npt.NDArray[np.float64], codes: npt.NDArray[np.int64]) -> None:
        self.mean_ = rows.mean(axis=0)
        spread = rows.std(axis=0)
        self.scale_ = np.where(spread > 1e-12 * (1 + np.abs(self.mean_)), spread, 1.0)
        x = (rows - self.mean_) / self.scale_
        penalty = _PENALTIES[self.kind] if self.penalty is None else self.penalty
        if self.kind == "logistic":
            found: Fitted = fit_logistic(x, codes, penalty=penalty, most=self.most)
        elif self.kind == "ridge":
            found = fit_ridge(x, codes, penalty=penalty)
        else:
            found = fit_mlp(
                x,
                codes,
                penalty=penalty,
                hidden=self.hidden,
                most=self.most,
                seed=self.seed,
                stop_early=len(x) >= _EARLY,
            )
        self.weights_, self.biases_, self.converged_ = found.weights, found.biases, found.converged

    def _logits(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x = (rows - self.mean_) / self.scale_
        for weights, biases in zip(self.weights_[:-1], self.biases_[:-1], strict=True):
            x = np.maximum(x @ weights + biases, 0)
        logits: npt.NDArray[np.float64] = x @ self.weights_[-1] + self.biases_[-1]
        return logits


def checked_rows(x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return states as float64 (n, width), and refuse what is none.

    Raises
    ------
    InputError
        If the shape is another, or a state is not finite.
    """
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or 0 in rows.shape:
        raise InputError(f"x has the shape {rows.shape}, expected (texts, width), none of them 0")
    if not np.isfinite(rows).all():
        raise InputError("x holds NaN or infinity", hint="States of a float16 model overflow: load it in float32")
    return rows
