"""States and neurons of the language model at the last digit of each year, kept for the next run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets import load_language_model
from seme.assets.language_models import LanguageModel
from seme.experiment import Context
from seme.experiments.temporal.years import KINDS, grid
from seme.interp.activations.fingerprint import model_hash
from seme.interp.temporal import last_token_values, year_prompts
from seme.report.files import write_atomically

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

Half = npt.NDArray[np.float16]
_MOST = float(np.finfo(np.float16).max)
_BLOCK = 100
"""Years that are read and kept together."""


@dataclass(frozen=True, slots=True)
class Read:
    """For `Year` and `Number`: neurons (layers, n, neurons) and states after each layer (layers, n, d), in halves."""

    years: npt.NDArray[np.int64]
    neurons: dict[str, Half]
    states: dict[str, Half]


def load(settings: TemporalSettings, context: Context) -> LanguageModel:
    """Load the language model."""
    return load_language_model(settings.model, device=context.device)


def read(loaded: LanguageModel, settings: TemporalSettings, context: Context) -> Read:
    """Run both prompts for all years, a block of them at a time, or take the blocks that an earlier run has kept."""
    years = grid(settings, settings.read)
    digest = model_hash(loaded.model)
    blocks = [(kind, years[start : start + _BLOCK]) for kind in KINDS for start in range(0, len(years), _BLOCK)]
    found: dict[str, list[tuple[Half, Half]]] = {kind: [] for kind in KINDS}
    prompts = {kind: dict(zip(years.tolist(), year_prompts(years, kind), strict=True)) for kind in KINDS}
    for kind, part in context.progress(blocks, "Reading years and numbers"):
        key = hashlib.sha256(repr((digest, kind, part.tolist(), 2)).encode()).hexdigest()[:24]
        file = context.cache / f"temporal-{key}.safetensors"
        if not file.is_file():
            _record(loaded, [prompts[kind][year] for year in part.tolist()], file)
        found[kind].append(_opened(file))
    neurons, states = (
        {kind: np.concatenate([block[place] for block in found[kind]], axis=1) for kind in KINDS} for place in range(2)
    )
    return Read(years, neurons, states)


def _record(loaded: LanguageModel, prompts: list[str], file: Path) -> None:
    from safetensors.numpy import save  # noqa: PLC0415

    found = last_token_values(loaded.model, loaded.tokenizer, prompts, ["mlp.*.neurons", "resid.[0-9]*"])
    parts = {
        name: np.stack([_half(found.pop(site)) for site in [one for one in found if one.startswith(prefix)]])
        for name, prefix in (("neurons", "mlp."), ("states", "resid."))
    }
    write_atomically(file, save(parts))


def _half(values: npt.NDArray[np.float32]) -> Half:
    return np.clip(values, -_MOST, _MOST).astype(np.float16)


def _opened(file: Path) -> tuple[Half, Half]:
    from safetensors.numpy import load_file  # noqa: PLC0415

    tensors = load_file(file)
    return tensors["neurons"], tensors["states"]
