"""Small encoders with a random start, and their trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.contriever import (
    Augmentation,
    InBatchContrast,
    MomentumContrast,
    Pairing,
    TokenCorpus,
    ViewBatches,
    Views,
)
from seme.embeddings.encoder import TextEncoder
from seme.training import Budget, Loss, Objective, Trainer, linear

if TYPE_CHECKING:
    from seme.experiments.p23_contriever import ContrieverSettings

_WARMUP, _MASKED = 0.1, 0.15


@dataclass(frozen=True, slots=True)
class Variant:
    """How views are made and what they are set against: a queue of some length, the batch (0), or words (-1: MLM)."""

    name: str
    queue: int
    pairing: Pairing = "crops"
    augmentation: Augmentation = "delete"


def new_student(tokenizer: Any, settings: ContrieverSettings, seed: int) -> TextEncoder:
    """Return a student with a random start, the same for a seed.

    The last normalisation begins with a gain of 1 / sqrt(width): states of norm 1. With the usual gain of 1 inner
    products over the temperature would be in the hundreds at the start, and the loss flat.
    """
    from transformers import BertConfig, BertModel  # noqa: PLC0415  # slow to import

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=settings.width,
            num_hidden_layers=settings.layers,
            num_attention_heads=2,
            intermediate_size=2 * settings.width,
            max_position_embeddings=max(settings.longest, settings.chunk) + 2,
        )
        model = BertModel(config, add_pooling_layer=False)
    last = model.get_submodule(f"encoder.layer.{settings.layers - 1}.output.LayerNorm")
    nn.init.constant_(last.get_parameter("weight"), settings.width**-0.5)
    return TextEncoder(model, tokenizer, normalise=False, longest=settings.longest)


def pretrain(
    student: TextEncoder,
    corpora: list[TokenCorpus],
    variant: Variant,
    seed: int,
    settings: ContrieverSettings,
    *,
    steps: int | None = None,
    rate: float | None = None,
) -> TextEncoder:
    """Train a student in place on views of texts without labels."""
    views = Views(pairing=variant.pairing, augmentation=variant.augmentation, chunk=settings.chunk)
    data = ViewBatches(corpora, student.tokenizer, size=settings.batch, views=views, seed=seed)
    if variant.queue < 0:
        objective: Objective = MaskedWords(student)
    elif variant.queue == 0:
        objective = InBatchContrast(temperature=settings.temperature)
    else:
        objective = moco = MomentumContrast(
            student, queue=variant.queue, momentum=settings.momentum, temperature=settings.temperature, seed=seed
        )
        if settings.filled:
            moco.fill(data.starting_at(0))
    return optimise(student, objective, data, steps or settings.steps, rate or settings.rate, seed)


def optimise(student: TextEncoder, objective: Objective, data: Any, steps: int, rate: float, seed: int) -> TextEncoder:
    """Train with the paper's optimiser and schedule; only what is not frozen."""
    wanted = [one for one in (*student.parameters(), *objective.parameters()) if one.requires_grad]
    optimizer = torch.optim.AdamW(wanted, lr=rate, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01, fused=True)
    Trainer(
        student,
        objective,
        data,
        Budget(steps=steps),
        seed=seed,
        optimizer=optimizer,
        schedule=linear(warmup=_WARMUP),
        device="cpu",
    ).run()
    return student.eval()


class MaskedWords(Objective):
    """Cross-entropy of tokens that are hidden from both views, by the input embeddings (BERT's objective)."""

    def __init__(self, student: TextEncoder) -> None:
        super().__init__()
        tokenizer = student.tokenizer
        self.mask_id, self.special = tokenizer.mask_token_id, torch.tensor(tokenizer.all_special_ids)
        # The student's states begin with norm 1; logits need room.
        self.scale = nn.Parameter(torch.tensor(float(student.dim) ** 0.5))
        self.bias = nn.Parameter(torch.zeros(len(tokenizer)))

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        """Return the loss of a batch of views."""
        assert isinstance(model, TextEncoder)  # noqa: S101  # for the type checker
        table = model.model.get_input_embeddings().weight  # type: ignore[operator]
        total = table.new_zeros(())
        for view in batch.values():
            ids = view["input_ids"]
            hidden = (torch.rand(ids.shape) < _MASKED) & ~torch.isin(ids, self.special)
            states = model.states({**view, "input_ids": ids.masked_fill(hidden, self.mask_id)})[hidden]
            if len(states):
                total = total + F.cross_entropy(self.scale * states @ table.T + self.bias, ids[hidden])
        return Loss(total)
