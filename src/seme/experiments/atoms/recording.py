"""Activations of texts for learning, and of other texts for judging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seme.assets import LanguageModel, load_language_model, load_texts
from seme.assets.texts import Split
from seme.experiment import Context
from seme.interp.activations import Store, record

if TYPE_CHECKING:
    from seme.experiments.p01_atoms import AtomsSettings

_LENGTH, _SIZE = 64, 8
_SHORTEST = 80
"""Characters of the shortest text that is recorded."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Stores by site: rows to learn from, and rows of other texts; and what they were recorded from."""

    train: Mapping[str, Store]
    held_out: Mapping[str, Store]
    language_model: LanguageModel
    batches: list[dict[str, Any]]
    """Of `train`."""


def residual(layer: int) -> str:
    """Return the site of the residual stream after a layer."""
    return f"resid.{layer}"


def neurons(layer: int) -> str:
    """Return the site of the hidden layer of a feed-forward block."""
    return f"mlp.{layer}.neurons"


def record_rows(settings: AtomsSettings, context: Context) -> Recorded:
    """Record all sites in one pass over each part of the texts."""
    language_model = load_language_model(settings.model, device=context.device)
    sites = sorted(
        {
            *map(residual, (*settings.layers, *settings.angle_layers)),
            *map(neurons, settings.angle_layers),
        }
    )

    def run(split: Split, batches: list[dict[str, Any]]) -> Mapping[str, Store]:
        return record(
            language_model.model,
            batches,
            sites,
            folder=context.folder / "activations" / split,
            name=settings.model,
            progress=context.progress,
        )

    train = list(_batches(language_model, settings.texts, "train", settings.rows))
    held_out = list(_batches(language_model, settings.texts, "held-out", settings.rows // 4))
    return Recorded(run("train", train), run("held-out", held_out), language_model, train)


def _batches(language_model: LanguageModel, texts: str, split: Split, rows: int) -> Iterator[dict[str, Any]]:
    """Yield batches of the beginnings of texts until they have so many tokens, the first of each not counted."""
    long = [text for text in load_texts(texts, max(200, rows // 8), split=split) if len(text) >= _SHORTEST]
    count = 0
    for start in range(0, len(long), _SIZE):
        batch = language_model.batch(long[start : start + _SIZE], longest=_LENGTH)
        yield batch
        count += int(batch["attention_mask"][:, 1:].sum())
        if count >= rows:
            return
