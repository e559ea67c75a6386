"""The model, loaded once, and its recordings, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seme.assets import load_language_model
from seme.assets.language_models import LanguageModel
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.recorded import recorded
from seme.interp.activations import named_sites
from seme.interp.activations.fingerprint import model_hash
from seme.interp.emotion import user_turn
from seme.interp.probes import LayerStates, record_states, untrained

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_PART = 210
"""Sequences that are recorded and kept together, so that a broken run loses no more."""


class Recorder:
    """Records what the model holds of utterances."""

    def __init__(self, settings: EmotionSettings, context: Context) -> None:
        self._settings, self._context = settings, context

    @cached_property
    def loaded(self) -> LanguageModel:
        """The model and its tokenizer."""
        return load_language_model(self._settings.model, device=self._context.device)

    def turns(self, texts: Sequence[str], system: str = "") -> list[list[int]]:
        """Return each text as the user's turn."""
        return [user_turn(self.loaded.tokenizer, text, system=system) for text in texts]

    def states(
        self, what: str, sequences: Sequence[Sequence[int]], at: Sequence[Sequence[int]] | None = None
    ) -> LayerStates:
        """Return the states of the last tokens, or of several places of each sequence."""
        return self._recorded(what, self.loaded.model, sequences, at)

    def random(self, sequences: Sequence[Sequence[int]]) -> LayerStates:
        """Return those of the same architecture without training."""
        return self._recorded("untrained", self._fresh, sequences, None)

    @cached_property
    def _fresh(self) -> torch.nn.Module:
        return untrained(self.loaded.model, self._context.seed)

    @cached_property
    def _sites(self) -> list[str]:
        names = [name for name in named_sites(self.loaded.model) if name.startswith("resid.")]
        wanted = self._settings.blocks
        if wanted > len(names) - 1:
            raise InputError(f"--blocks {wanted}: {self._settings.model} has {len(names) - 1}", hint="0 takes all")
        few = names[: wanted + 1] if wanted else names
        if (len(few) - 1) % self._settings.every:
            raise InputError(f"--every {self._settings.every}: there are {len(few) - 1} blocks, and the last is needed")
        return few[:: self._settings.every]

    def _recorded(
        self,
        what: str,
        model: torch.nn.Module,
        sequences: Sequence[Sequence[int]],
        at: Sequence[Sequence[int]] | None,
    ) -> LayerStates:
        found = []
        for start in range(0, len(sequences), _PART):
            part = list(sequences[start : start + _PART])
            places = None if at is None else list(at[start : start + _PART])

            def make(part: list[Any] = part, places: list[Any] | None = places) -> LayerStates:
                return record_states(model, part, sites=self._sites, at=places, progress=self.shown(what))

            found.append(recorded(self._context.cache, (model_hash(model), self._sites, part, places), make))
        return LayerStates(np.concatenate([one.values for one in found], axis=1), found[0].names)

    def shown(self, what: str) -> Callable[..., Iterator[Any]]:
        """Return progress that says what is recorded."""

        def show(items: Any, doing: str, total: int) -> Iterator[Any]:
            return self._context.progress(items, f"{doing}, {what}", total)

        return show
