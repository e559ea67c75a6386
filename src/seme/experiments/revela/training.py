"""Training retrievers from the same start: by Revela and its variants, and by telling random crops apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from seme.embeddings.contrastive import ContrastiveLoss
from seme.embeddings.revela import ChunkBatches, DecoderRetriever, Revela, RevelaObjective, add_lora, split_chunks
from seme.experiment import Context
from seme.experiments.revela.pretraining import Base
from seme.training import Budget, Loss, Objective, Trainer, linear

if TYPE_CHECKING:
    from seme.experiments.p25_revela import RevelaSettings

GROUP = 2
_SHORTEST = 12
"""Tokens of a chunk, and of a crop."""
_CROPS_TEMPERATURE = 0.05
"""As Contriever's."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is varied: the batch (with steps for as many chunks), parts of the method, the seed."""

    batch: int
    seed: int
    value_norm: bool = True
    frozen: bool = False
    dual: bool = False


def chunked(texts: Sequence[str], base: Base, settings: RevelaSettings) -> list[list[str]]:
    """Return the chunks of each text that has a pair of neighbours."""
    backend = base.tokenizer.backend_tokenizer  # ten times as fast as the wrapper around it

    def count(text: str) -> int:
        return len(backend.encode(text, add_special_tokens=False))

    found = (split_chunks(text, count, longest=settings.chunk, shortest=_SHORTEST) for text in texts)
    return [one for one in found if len(one) >= GROUP]


def train_revela(
    base: Base, documents: Sequence[Sequence[str]], variant: Variant, settings: RevelaSettings, context: Context
) -> Revela:
    """Train a retriever and its language model, or take both from where a broken run left them."""
    model = start(base, settings, variant)
    data = ChunkBatches(
        documents, base.tokenizer, size=variant.batch, group=GROUP, longest=settings.chunk, seed=variant.seed
    )
    steps = settings.steps * settings.batch // variant.batch
    _train(
        model,
        RevelaObjective(dual=variant.dual),
        data,
        steps,
        variant.seed,
        (base.key, asdict(variant)),
        settings,
        context,
    )
    return model.eval()


def start(base: Base, settings: RevelaSettings, variant: Variant) -> Revela:
    """Return retriever and language model before any training."""
    retriever, language_model = base.retriever(settings.longest), base.language_model()
    if settings.rank:
        with torch.random.fork_rng():
            torch.manual_seed(variant.seed)
            for one in (retriever.model, language_model):
                add_lora(one, rank=settings.rank)  # type: ignore[type-var]
    return Revela(
        retriever,
        language_model,
        temperature=settings.temperature,
        value_norm=variant.value_norm,
        frozen=variant.frozen,
    )


def train_crops(
    base: Base, texts: Sequence[str], seed: int, settings: RevelaSettings, context: Context
) -> DecoderRetriever:
    """Train a retriever to find one random crop of a text by another (Izacard et al. 2022, without the queue)."""
    model = base.retriever(settings.longest)
    if settings.rank:
        add_lora(model.model, rank=settings.rank)  # type: ignore[type-var]
    data = Crops(texts, base.tokenizer, size=settings.batch, longest=settings.chunk, seed=seed)
    objective = CropObjective()
    _train(model, objective, data, settings.steps, seed, (base.key, "crops", seed), settings, context)
    return model.eval()


class Crops:
    """Two random crops of each of some texts; batch k is the same in every process."""

    def __init__(self, texts: Sequence[str], tokenizer: Any, *, size: int, longest: int, seed: int) -> None:
        self.texts, self.tokenizer, self.size, self.longest, self.seed = texts, tokenizer, size, longest, seed

    def starting_at(self, number: int) -> Iterator[dict[str, list[str]]]:
        """Yield the batches from that number on, without end."""
        while True:
            rng = np.random.default_rng([self.seed, number])
            chosen = [self.texts[i] for i in rng.choice(len(self.texts), self.size, replace=False)]
            pairs = [[self._crop(ids, rng) for _ in range(2)] for ids in self.tokenizer(chosen)["input_ids"]]
            yield {"queries": [one for one, _ in pairs], "passages": [one for _, one in pairs]}
            number += 1

    def _crop(self, ids: list[int], rng: np.random.Generator) -> str:
        most = min(self.longest, len(ids))
        length = int(rng.integers(min(_SHORTEST, most), most + 1))
        first = int(rng.integers(len(ids) - length + 1))
        return str(self.tokenizer.decode(ids[first : first + length]))


class CropObjective(Objective):
    """Cross-entropy of a crop's text among those of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.contrast = ContrastiveLoss(temperature=_CROPS_TEMPERATURE)

    def forward(self, model: torch.nn.Module, batch: Mapping[str, Sequence[str]]) -> Loss:
        """Return the loss of a batch of `Crops`."""
        return Loss(self.contrast(model(batch["queries"], "query"), model(batch["passages"], "passage")))


def _train(
    model: torch.nn.Module,
    objective: Objective,
    data: Any,
    steps: int,
    seed: int,
    key: Any,
    settings: RevelaSettings,
    context: Context,
) -> None:
    ignored = {"seeds", "variants", "longest", "queries", "terms", "probes"}
    name = repr((key, steps, settings.model_dump(exclude=ignored)))
    shown = iter(context.progress(range(steps), f"Training {key[1]}"))
    Trainer(
        model,
        objective,
        data,
        Budget(steps=steps),
        folder=context.cache / f"revela-{hashlib.sha256(name.encode()).hexdigest()[:16]}",
        seed=seed,
        optimizer=_optimizer(model, settings),
        schedule=linear(warmup=0.1),
        clip_norm=1.0,
        device="cpu" if context.device == "cpu" else None,
        checkpoint_every=max(1, steps // 2),
        log_every=1,
        progress=lambda _: next(shown, None),
    ).run()
    for _ in shown:  # what a broken run had done
        pass


def _optimizer(model: torch.nn.Module, settings: RevelaSettings) -> torch.optim.Optimizer:
    parts = [(model, settings.rate)]
    if isinstance(model, Revela):
        parts = [(model.retriever, settings.rate), (model.language_model, settings.rate_model)]
    groups = [{"params": [one for one in part.parameters() if one.requires_grad], "lr": rate} for part, rate in parts]
    return torch.optim.AdamW([one for one in groups if one["params"]], weight_decay=0.01, fused=True)
