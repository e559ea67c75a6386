"""One recording of each task and condition, kept; with what it took beside the same pass without recording."""

from __future__ import annotations

import contextlib
import hashlib
import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seme.assets import load_language_model
from seme.assets.language_models import LanguageModel
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.experiments.recorded import recorded
from seme.interp.activations import capture, named_sites
from seme.interp.activations.fingerprint import model_hash
from seme.interp.depth import answer_tokens, quantised, yes_over_no
from seme.interp.probes import LayerStates, record_states, untrained
from seme.interp.probes.recording import padded
from seme.report.files import write_atomically

if TYPE_CHECKING:
    from seme.experiments.p36_concept_depth import ConceptDepthSettings

_BATCH = 64
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor time of recording, and of the same passes without; what is held, in MiB."""

    texts: int
    tokens: int
    recording: float
    plain: float
    kept: float
    every_token: float
    peak: float


class Recorder:
    """Records states of the model, as it is or disturbed; loads it only where a recording is not kept."""

    def __init__(self, settings: ConceptDepthSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self.costs: dict[str, Cost] = {}

    @cached_property
    def _loaded(self) -> LanguageModel:
        return load_language_model(self._settings.model, device=self._context.device)

    @cached_property
    def _fingerprint(self) -> str:
        return model_hash(self._loaded.model)

    @cached_property
    def _sites(self) -> list[str]:
        names = [name for name in named_sites(self._loaded.model) if name.startswith("resid.")]
        wanted = self._settings.blocks
        if wanted > len(names) - 1:
            raise InputError(f"--blocks {wanted}: {self._settings.model} has {len(names) - 1}", hint="0 takes all")
        return names[: wanted + 1] if wanted else names

    def timed(self, name: str, texts: Sequence[str]) -> LayerStates:
        """Record the model as it is; every batch is also run without recording, and the time of both is kept."""
        sequences = self._tokens(texts)
        key = repr(("timed", self._fingerprint, self._sites, sequences))
        folder = self._context.cache / f"states-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
        file = folder / "cost.json"
        if not file.is_file():
            states, cost = self._measure(name, sequences)
            states.save(folder)
            write_atomically(file, json.dumps(cost).encode())
        self.costs[name] = Cost(**json.loads(file.read_bytes()))
        return LayerStates.open(folder)

    def plain(self, name: str, texts: Sequence[str]) -> LayerStates:
        """Record the model as it is."""
        return self._kept(f"plain {name}", texts, lambda: contextlib.nullcontext(self._loaded.model))

    def coarser(self, name: str, texts: Sequence[str], bits: int) -> LayerStates:
        """Record with weights of few bits."""
        return self._kept(f"{bits} bits {name}", texts, lambda: quantised(self._loaded.model, bits))

    def random(self, name: str, texts: Sequence[str]) -> LayerStates:
        """Record the same architecture without training."""
        return self._kept(f"untrained {name}", texts, lambda: contextlib.nullcontext(self._fresh))

    @cached_property
    def _fresh(self) -> torch.nn.Module:
        return untrained(self._loaded.model, self._context.seed)

    def asked(self, prompts: Sequence[str], yes: Sequence[str], no: Sequence[str]) -> np.ndarray:
        """Return how much more probable yes is than no as the next word of each prompt, as a logarithm."""
        model, tokenizer = self._loaded.model, self._loaded.tokenizer
        answers = [answer_tokens(tokenizer, words) for words in (yes, no)]
        sequences = self._tokens(prompts)

        def make() -> dict[str, Any]:
            return {"odds": yes_over_no(model, sequences, *answers, progress=self._context.progress).tolist()}

        return np.array(kept(self._context.cache, ("asked", self._fingerprint, sequences, answers), make)["odds"])

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        tokenizer = self._loaded.tokenizer
        return [tokenizer.encode(text, add_special_tokens=False) for text in texts]

    def _kept(
        self, condition: str, texts: Sequence[str], change: Callable[[], AbstractContextManager[Any]]
    ) -> LayerStates:
        sequences = self._tokens(texts)

        def make() -> LayerStates:
            with change() as model:
                return record_states(
                    model, sequences, sites=self._sites, batch=_BATCH, progress=self._labelled(condition)
                )

        key = (condition, self._context.seed, self._fingerprint, self._sites, sequences)
        return recorded(self._context.cache, key, make)

    def _labelled(self, label: str) -> Callable[..., Iterator[Any]]:
        def shown(items: Any, doing: str, total: int) -> Iterator[Any]:
            return self._context.progress(items, f"{doing}, {label}", total)

        return shown

    def _measure(self, name: str, sequences: list[list[int]]) -> tuple[LayerStates, dict[str, float]]:
        """Alternate which of the two comes first, so that neither finds the caches warmer."""
        order = sorted(range(len(sequences)), key=lambda number: len(sequences[number]))
        parts = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        taken = {"recording": 0.0, "plain": 0.0}
        values: list[np.ndarray] = []
        model = self._loaded.model
        self._run(padded([sequences[one] for one in parts[0]]))  # warm, outside the measurement
        for number, part in enumerate(self._context.progress(parts, f"Recording and timing, {name}")):
            batch = [sequences[one] for one in part]

            def record(batch: list[list[int]] = batch) -> None:
                values.append(record_states(model, batch, sites=self._sites, batch=_BATCH).values)

            def run(batch: list[list[int]] = batch) -> None:
                self._run(padded(batch))

            both = [("recording", record), ("plain", run)]
            for kind, act in both if number % 2 else both[::-1]:
                began = time.process_time()
                act()
                taken[kind] += time.process_time() - began
        whole = np.concatenate(values, axis=1)[:, np.argsort(np.concatenate(parts), kind="stable")]
        states, tokens = LayerStates(np.ascontiguousarray(whole), tuple(self._sites)), sum(map(len, sequences))
        cost = {
            "texts": len(sequences),
            "tokens": tokens,
            **taken,
            "kept": whole.nbytes / _MIB,
            "every_token": whole.nbytes / _MIB * tokens / len(sequences),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        return states, cost

    @torch.no_grad()
    def _run(self, batch: dict[str, torch.Tensor]) -> None:
        """Run the pass as a user would, without the head over the vocabulary, which recording does not need either."""
        if self._settings.blocks:
            capture(self._loaded.model, batch, self._sites[-1])  # the pass up to the same block
        else:
            on = {key: value.to(self._context.device) for key, value in batch.items()}
            self._loaded.model.base_model(**on, use_cache=False)
