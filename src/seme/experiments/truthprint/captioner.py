"""A small vision-language model in the form of LLaVA, trained here to caption pictures of coloured shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from seme.experiment import Context
from seme.experiments.truthprint import scenes
from seme.interp.steering import ObjectNames
from seme.training.budget import Budget
from seme.training.loss import Loss, Objective
from seme.training.trainer import Trainer

if TYPE_CHECKING:
    from seme.experiments.p48_truthprint import TruthprintSettings

LAYERS = 4
_INITIAL: dict[str, Any] = {"initializer_range": 0.1}
"""Deviation of the first weights: as wide as so narrow a model needs to begin at all."""

OBJECTS = ObjectNames({str(thing): [[scenes.token(thing)]] for thing in range(scenes.CLASSES)})
PROMPT = (*[scenes.IMAGE] * scenes.SIDE**2, scenes.START)


@dataclass(frozen=True, slots=True)
class Captioner:
    """A trained model, the world that it was trained on, and its number."""

    model: LlavaForConditionalGeneration
    world: scenes.World
    number: int


def site(layer: int) -> str:
    """Return the path of a layer of the language model: LLaVA has two towers of blocks."""
    return f"model.language_model.layers.{layer}"


def prompts(images: Sequence[scenes.Images]) -> dict[str, Tensor]:
    """Return what the model reads of pictures."""
    return {
        "input_ids": torch.tensor([PROMPT] * len(images)),
        "attention_mask": torch.ones(len(images), len(PROMPT), dtype=torch.long),
        "pixel_values": torch.tensor(np.stack(images)),
    }


def train(number: int, settings: TruthprintSettings, context: Context) -> Captioner:
    """Train captioner `number`, each on a world and with a seed of its own; what was trained is kept in the cache."""
    width = settings.widths[number % len(settings.widths)]
    world = scenes.World.drawn(number)
    model = _untrained(width, context.torch_generator("captioner", number).initial_seed())
    key = f"captioner-{width}-{settings.steps}-{settings.batch}-{settings.rate}-{context.seed}-{number}"
    trainer = Trainer(
        model,
        _Captioning(),
        _Pairs(world, settings.batch, context, number),
        Budget(steps=settings.steps),
        folder=Path(context.cache) / key,
        seed=context.seed,
        optimizer=torch.optim.AdamW(model.parameters(), lr=settings.rate, weight_decay=0.01),
        schedule=_rising_and_falling,
        clip_norm=1.0,
        checkpoint_every=settings.steps,
        log_every=settings.steps,
        device="cpu" if context.device == "cpu" else None,
    )
    trainer.run()
    return Captioner(model.eval().to(context.device), world, number)


def _untrained(width: int, seed: int) -> LlavaForConditionalGeneration:
    vision = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=1,
        num_attention_heads=4,
        image_size=scenes.SIDE * scenes.PATCH,
        patch_size=scenes.PATCH,
        projection_dim=width,
        **_INITIAL,
    )
    text = LlamaConfig(
        vocab_size=scenes.VOCABULARY,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=128,
        bos_token_id=scenes.START,
        eos_token_id=scenes.END,
        pad_token_id=scenes.PAD,
        **_INITIAL,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=scenes.IMAGE,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=False,
        **_INITIAL,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed & (2**63 - 1))
        return LlavaForConditionalGeneration(config)


class _Captioning(Objective):
    def forward(self, model: nn.Module, batch: Mapping[str, Tensor]) -> Loss:
        return Loss(model(**batch, use_cache=False).loss)


class _Pairs:
    """Pictures with captions, drawn anew for each batch."""

    def __init__(self, world: scenes.World, size: int, context: Context, number: int) -> None:
        self._world, self._size, self._context, self._number = world, size, context, number

    def starting_at(self, number: int) -> Iterator[dict[str, Any]]:
        while True:
            rng = self._context.rng("training", self._number, number)
            drawn = [scenes.draw_scene(self._world, rng) for _ in range(self._size)]
            texts = [scenes.caption(one, self._world, rng) for one in drawn]
            batch = prompts([scenes.picture(one, self._world, rng) for one in drawn])
            width = max(map(len, texts))
            ids = torch.tensor([text + [scenes.PAD] * (width - len(text)) for text in texts])
            kept = (ids != scenes.PAD).long()
            batch["labels"] = torch.cat([torch.full_like(batch["input_ids"], -100), ids.where(kept.bool(), -100)], 1)
            batch["input_ids"] = torch.cat([batch["input_ids"], ids], 1)
            batch["attention_mask"] = torch.cat([batch["attention_mask"], kept], 1)
            yield batch
            number += 1


def _rising_and_falling(progress: float) -> float:
    return min(progress / 0.05, 1.0) * max(0.02, 1 - progress)
