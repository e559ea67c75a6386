"""The per-token detector: a small network that reads the state before an object is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from seme.errors import CorruptionError, InputError
from seme.interp.binary import Floats
from seme.interp.steering.arguments import Rows, as_labels, as_rows
from seme.tensor_folders import write_tensor_folder

_NAMES = ("detector.json", "detector.safetensors")


class TruthDetector:
    """Probability that the object about to be named is hallucinated (Duan et al. 2025, sec. 3).

    `G(h) = sigmoid(MLP(h))`, one hidden layer, fitted by cross-entropy in which both classes weigh the same. The
    probabilities are of balanced classes: take the threshold from `threshold_at` on mentions as they come.

    Parameters
    ----------
    width
        Hidden units.
    epochs, rate, batch
        Of Adam.
    decay
        Of the weights, decoupled.
    seed
        Of the first weights and the order of the rows.
    """

    def __init__(
        self,
        width: int = 256,
        *,
        epochs: int = 40,
        rate: float = 1e-3,
        batch: int = 128,
        decay: float = 1e-2,
        seed: int = 0,
    ) -> None:
        if width < 1 or epochs < 1 or batch < 1 or not rate > 0 or not decay >= 0:
            raise InputError(
                f"width is {width}, epochs {epochs}, batch {batch}, rate {rate} and decay {decay}; "
                "expected at least 1, above 0, and not below 0"
            )
        self.width, self.epochs, self.rate, self.batch, self.decay, self.seed = width, epochs, rate, batch, decay, seed

    def fit(self, states: Rows, hallucinated: npt.ArrayLike) -> Self:
        """Learn from states (n, d) and whether the object after each was hallucinated (n,).

        Raises
        ------
        InputError
            If a state is not finite, or the labels have one class only.
        """
        x = as_rows(states)
        y = as_labels(hallucinated, len(x))
        self.mean_, self.scale_ = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-8)
        generator = torch.Generator().manual_seed(self.seed)
        self.network_ = _network(x.shape[1], self.width, generator)
        weights = np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
        self._train(self._scaled(x), torch.tensor(y, dtype=torch.float32), torch.tensor(weights).float(), generator)
        return self

    def __call__(self, states: Rows, logits: Rows | None = None) -> Floats:  # noqa: ARG002
        """Return the probability (n,) that what follows each state (n, d) is hallucinated.

        Raises
        ------
        InputError
            If nothing was fitted, or the states are not finite or of another width.
        """
        if not hasattr(self, "network_"):
            raise InputError("the detector was not fitted", hint="TruthDetector().fit(states, hallucinated)")
        x = as_rows(states, width=len(self.mean_))
        with torch.no_grad():
            found: Floats = torch.sigmoid(self.network_(self._scaled(x))[:, 0].double()).numpy()
        return found

    def save(self, folder: Path | str) -> Path:
        """Write the detector as a folder of JSON and safetensors."""
        if not hasattr(self, "network_"):
            raise InputError("the detector was not fitted", hint="TruthDetector().fit(states, hallucinated)")
        config = {name: getattr(self, name) for name in ("width", "epochs", "rate", "batch", "decay", "seed")}
        weights = {name: one.numpy() for name, one in self.network_.state_dict().items()}
        tensors = {"mean": self.mean_, "scale": self.scale_, **weights}
        return write_tensor_folder(Path(folder), config, tensors, names=_NAMES, kind="detector")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If the folder holds no detector.
        CorruptionError
            If its files do not fit each other.
        """
        place = Path(folder)
        if not (place / _NAMES[0]).is_file():
            raise InputError(f"there is no detector in {place}", hint="TruthDetector.save(folder) writes one")
        try:
            config: dict[str, Any] = json.loads((place / _NAMES[0]).read_text())
            width = config.pop("width")
            found = cls(width, **config)
            tensors = load_file(place / _NAMES[1])
            found.mean_, found.scale_ = (tensors.pop(name).numpy() for name in ("mean", "scale"))
            found.network_ = _network(len(found.mean_), width, torch.Generator())
            found.network_.load_state_dict(tensors)
        except InputError:
            raise
        except Exception as error:  # safetensors, json and PyTorch each have their own kinds
            raise CorruptionError(f"the detector in {place} cannot be read: {error}", hint="Fit it again") from error
        return found

    def _scaled(self, x: Floats) -> Tensor:
        return torch.tensor((x - self.mean_) / self.scale_, dtype=torch.float32)

    def _train(self, x: Tensor, y: Tensor, weights: Tensor, generator: torch.Generator) -> None:
        optimiser = torch.optim.AdamW(self.network_.parameters(), lr=self.rate, weight_decay=self.decay)
        loss = nn.BCEWithLogitsLoss(reduction="none")
        for _ in range(self.epochs):
            for rows in torch.randperm(len(x), generator=generator).split(self.batch):
                optimiser.zero_grad()
                (loss(self.network_(x[rows])[:, 0], y[rows]) * weights[rows]).mean().backward()
                optimiser.step()
        self.network_.requires_grad_(False)


def _network(inputs: int, width: int, generator: torch.Generator) -> nn.Sequential:
    first, last = nn.Linear(inputs, width), nn.Linear(width, 1)
    for layer in (first, last):
        bound = layer.in_features**-0.5
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(first, nn.ReLU(), last)
