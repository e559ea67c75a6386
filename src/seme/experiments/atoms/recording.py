"""Activations of texts for learning, and of other texts for judging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from seme.assets import LanguageModel, load_language_model, load_texts
from seme.assets.texts import Split
from seme.experiment import Context
from seme.interp.activations import Store, record

if TYPE_CHECKING:
    from seme.experiments.p01_atoms import AtomsSettings

_LENGTH, _SIZE, _SHORTEST = 64, 8, 16


@dataclass(frozen=True, slots=True)
class Recorded:
    """Stores by site: rows to learn from, and rows of other texts."""

    train: Mapping[str, Store]
    held_out: Mapping[str, Store]


def residual(layer: int) -> str:
    """Return the site of the residual stream after a layer."""
    return f"resid.{layer}"


def neurons(layer: int) -> str:
    """Return the site of the hidden layer of a feed-forward block."""
    return f"mlp.{layer}.neurons"


def record_rows(settings: AtomsSettings, context: Context) -> Recorded:
    """Record all sites in one pass over each part of the texts."""
    language_model = load_language_model(settings.model, device=context.device)
    sites = sorted({
        *map(residual, (*settings.layers, *settings.angle_layers)), *map(neurons, settings.angle_layers),
    })  # fmt: skip

    def run(split: Split, rows: int) -> Mapping[str, Store]:
        batches = list(_batches(language_model, settings.texts, split, rows))
        return record(
            language_model.model, batches, sites, folder=context.folder / "activations" / split, name=settings.model,
            progress=context.progress,
        )  # fmt: skip

    return Recorded(run("train", settings.rows), run("held-out", settings.rows // 4))


def _batches(language_model: LanguageModel, texts: str, split: Split, rows: int) -> Iterator[dict[str, Any]]:
    """Yield batches of the beginnings of texts until they have so many tokens."""
    tokenizer, waiting, count = language_model.tokenizer, [], 0
    for text in load_texts(texts, max(200, rows // 8), split=split):
        ids = tokenizer.encode(text, add_special_tokens=False)[:_LENGTH]
        if len(ids) < _SHORTEST:
            continue
        waiting.append(ids)
        count += len(ids) - 1  # the first token is left out
        if len(waiting) == _SIZE or count >= rows:
            yield _padded(waiting)
            waiting = []
        if count >= rows:
            return


def _padded(rows: list[list[int]]) -> dict[str, Any]:
    width = max(map(len, rows))
    return {
        "input_ids": torch.tensor([[*row, *[0] * (width - len(row))] for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]),
    }
