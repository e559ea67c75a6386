"""Adapters as estimators: fitted to pairs of a task, applied to all vectors of the encoder."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch
from torch import nn

from seme.embeddings.adapters.module import FreeMap, LowRankAdapter
from seme.embeddings.adapters.pairs import Pairs, Vectors
from seme.embeddings.adapters.ranking import quality
from seme.embeddings.adapters.settings import AdapterSettings
from seme.embeddings.adapters.training import AdapterTraining
from seme.errors import InputError
from seme.retrieval.adapter import Adapter, Residual, checked_vectors

Side = Literal["query", "document"]
Bar = Callable[[Iterable[int], str], Iterable[int]]
_CHECK = 2
"""Epochs from one validation to the next."""
_PLURAL = {"query": "queries", "document": "documents"}


class RetrievalAdapter:
    """A correction of an encoder's vectors that pairs of a task teach; the encoder is never touched.

    Parameters
    ----------
    settings
        How it is made and trained.
    encoder
        Name of the encoder, which the saved adapter keeps.
    seed
        Of keys, batches and drawn documents.

    Attributes
    ----------
    history_
        Value in validation by epoch, from 0 (the identity).
    epoch_
        The epoch whose state was kept; 0 if it is the identity.
    """

    def __init__(self, settings: AdapterSettings | None = None, *, encoder: str = "", seed: int = 0) -> None:
        self.settings, self.encoder, self.seed = settings or AdapterSettings(), encoder, seed
        self.history_: dict[int, float] = {}
        self.epoch_ = 0
        self._sides: dict[str, nn.Module] = {}

    def fit(self, pairs: Pairs, *, validation: Pairs | None = None, progress: Bar | None = None) -> Self:
        """Train on pairs, and keep the state that is best in validation (the mean of nDCG@1, 3 and 5).

        Parameters
        ----------
        pairs
            What is right in training. Documents that are right in validation or in the test should not be among these:
            they would be pushed away as wrong ones.
        validation
            Other queries; without any the last state is kept.
        progress
            Shows the epochs, as `Context.progress` does.

        Raises
        ------
        InputError
            If the widths of both differ.
        """
        if validation is not None and validation.dim != pairs.dim:
            raise InputError(f"validation has {validation.dim} dimensions and the pairs {pairs.dim}")
        if self.settings.rank is not None and len(pairs.queries) < self.settings.rank:
            warnings.warn(f"{len(pairs.queries)} queries for {self.settings.rank} keys are few", stacklevel=2)
        self._sides = self._new_sides(pairs.dim, torch.Generator().manual_seed(self.seed))
        training = AdapterTraining(self.settings, pairs, self._sides, self.seed)
        epochs = range(1, self.settings.epochs + 1)
        shown = progress(epochs, "Training an adapter") if progress else epochs
        if validation is None:
            for epoch in shown:
                training.epoch(epoch)
            self.history_, self.epoch_ = {}, self.settings.epochs
        else:
            self._fit_to_best(training, validation, shown)
        return self

    def _fit_to_best(self, training: AdapterTraining, validation: Pairs, epochs: Iterable[int]) -> None:
        """Train until nothing gets better, and keep the best state."""
        self.history_, self.epoch_ = {0: self._value(validation)}, 0
        best = self.history_[0] if self.settings.never_worse else -math.inf
        kept, since = copy.deepcopy(self._sides), 0
        for epoch in epochs:
            training.epoch(epoch)
            if epoch % _CHECK and epoch != self.settings.epochs:
                continue
            self.history_[epoch] = self._value(validation)
            since += 1
            if self.history_[epoch] > best:
                best, kept, since, self.epoch_ = self.history_[epoch], copy.deepcopy(self._sides), 0, epoch
            if since >= self.settings.patience:
                break
        self._sides = kept

    def transform(self, vectors: Vectors, side: Side) -> Vectors:
        """Return the vectors (n, D) of queries or documents as they are moved, at unit length.

        Raises
        ------
        InputError
            If it was not fitted, the side is unknown, or the vectors do not fit.
        """
        if not self._sides:
            raise InputError("the adapter was not fitted", hint="Call fit first")
        if side not in ("query", "document"):
            raise InputError(f"side is {side!r}, expected 'query' or 'document'")
        module = self._sides[side]
        width = next((one.shape[-1] for one in module.parameters()), None)
        with torch.no_grad():
            moved: Vectors = module(torch.from_numpy(np.array(checked_vectors(vectors, width)))).numpy()
        return moved

    @property
    def parameter_count(self) -> int:
        """Numbers that are learned."""
        modules = {id(one): one for one in self._sides.values()}.values()
        return sum(one.numel() for module in modules for one in module.parameters() if one.requires_grad)

    def exported(self) -> Adapter:
        """Return the adapter for serving, which needs NumPy alone.

        Raises
        ------
        InputError
            If it was not fitted, or is a free map.
        """
        if not self._sides or not self.settings.residual:
            raise InputError("only a fitted residual can be exported")
        parts = {
            _PLURAL[name]: Residual(
                one.keys.detach().numpy().copy(), one.values.detach().numpy().copy(), one.activation
            )
            for name, one in self._sides.items()
            if isinstance(one, LowRankAdapter)
        }
        return Adapter(self.encoder, **parts)

    def save(self, folder: Path) -> Path:
        """Write the adapter for serving into a new folder (`seme.retrieval.adapter.Adapter.open` reads it)."""
        return self.exported().save(folder)

    def _value(self, pairs: Pairs) -> float:
        moved = self.transform(pairs.queries, "query"), self.transform(pairs.documents, "document")
        return quality(pairs, *moved)

    def _new_sides(self, dim: int, generator: torch.Generator) -> dict[str, nn.Module]:
        mode = self.settings.mode
        first, second = (self._module(dim, generator) for _ in range(2))
        return {
            "query": nn.Identity() if mode == "document" else first,
            "document": {"query": nn.Identity(), "shared": first}.get(mode, second),
        }

    def _module(self, dim: int, generator: torch.Generator) -> nn.Module:
        if not self.settings.residual:
            return FreeMap(dim, generator=generator)
        return LowRankAdapter(dim, self.settings.rank, self.settings.activation, generator=generator)
