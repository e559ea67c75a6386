"""The model, loaded once, and its recordings, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

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
        return names[: wanted + 1] if wanted else names

    def _recorded(
        self, what: str, model: torch.nn.Module, sequences: Sequence[Sequence[int]],
        at: Sequence[Sequence[int]] | None,
    ) -> LayerStates:  # fmt: skip
        return recorded(
            self._context.cache, (model_hash(model), self._sites, list(sequences), at),
            lambda: record_states(model, sequences, sites=self._sites, at=at, progress=self.shown(what)),
        )  # fmt: skip

    def shown(self, what: str) -> Callable[..., Iterator[Any]]:
        """Return progress that says what is recorded."""

        def show(items: Any, doing: str, total: int) -> Iterator[Any]:
            return self._context.progress(items, f"{doing}, {what}", total)

        return show
