"""Trains a small encoder, alone or as one of several processes: `learner.py FOLDER`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from seme.embeddings.contriever import InBatchContrast, MomentumContrast, TokenCorpus, ViewBatches, Views
from seme.embeddings.encoder import TextEncoder
from seme.training import Budget, Loss, Objective, Outcome, Trainer

PLAIN = [f"w{i}" for i in range(40)]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *PLAIN]
SIZE, QUEUE, STEPS = 6, 36, 4


def make_tokenizer(words: Sequence[str] = WORDS) -> Any:
    """Return a tokenizer that knows some words, the special ones first."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    plain.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def make_encoder(dropout: float = 0.0) -> TextEncoder:
    """Return an encoder of two blocks, the same at each call."""
    from transformers import BertConfig, BertModel

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        model = BertModel(config, add_pooling_layer=False)
    return TextEncoder(model, make_tokenizer(), normalise=False, longest=32)


def texts() -> list[str]:
    """Return texts about one of ten themes each: four words that go together."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(PLAIN[4 * (i % 10) : 4 * (i % 10) + 4], 20)) for i in range(50)]


def make_data(size: int = SIZE) -> ViewBatches:
    """Return batches of crops of those texts, one to a chunk."""
    tokenizer = make_tokenizer()
    corpus = TokenCorpus.from_texts(texts(), tokenizer, across=False)
    return ViewBatches([corpus], tokenizer, size=size, views=Views(shortest=0.1, chunk=20), seed=3)


def make_objective(kind: str, encoder: TextEncoder, **options: Any) -> Objective:
    """Return the objective of a kind: `moco` or `in-batch`."""
    if kind == "moco":
        return MomentumContrast(encoder, queue=QUEUE, momentum=0.9, similarity="cosine", **options)
    return InBatchContrast(similarity="cosine")


class Whole:
    """Two batches as one: what two processes have between them."""

    def __init__(self, data: ViewBatches) -> None:
        self._data = data

    def starting_at(self, number: int) -> Iterator[Any]:
        """Yield them."""
        batches = self._data.starting_at(2 * number)
        while True:
            first, second = next(batches), next(batches)
            yield {
                side: {name: joined(first[side][name], second[side][name]) for name in first[side]} for side in first
            }


def joined(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return rows of both, padded with 0."""
    width = max(first.shape[1], second.shape[1])
    return torch.cat([F.pad(one, (0, width - one.shape[1])) for one in (first, second)])


class Watched(Objective):
    """An objective whose first gradients are kept."""

    def __init__(self, inner: Objective) -> None:
        super().__init__()
        self.inner = inner
        self.gradients: dict[str, torch.Tensor] = {}

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        return self.inner(model, batch)

    def begin_step(self, model: nn.Module, fraction: float) -> None:
        self.inner.begin_step(model, fraction)

    def before_update(self, model: nn.Module) -> None:
        if not self.gradients:
            self.gradients = {name: one.grad.clone() for name, one in model.named_parameters()}

    def after_update(self, model: nn.Module) -> None:
        self.inner.after_update(model)


def learn(kind: str, data: Any, *, folder: Path | None = None, steps: int = STEPS, dropout: float = 0.0) -> Any:
    """Train by plain descent and return the encoder, the objective and the outcome."""
    encoder = make_encoder(dropout).double()
    objective = Watched(make_objective(kind, encoder)).double()
    outcome: Outcome = Trainer(
        encoder,
        objective,
        data,
        Budget(steps=steps),
        folder=folder,
        checkpoint_every=2,
        log_every=1,
        optimizer=torch.optim.SGD(encoder.parameters(), lr=0.1),
        device="cpu",
    ).run()
    return encoder, objective, outcome


def tensors(encoder: nn.Module, objective: Watched) -> dict[str, torch.Tensor]:
    """Return weights, what the objective keeps, and the first gradients."""
    kept = {f"weight.{name}": one for name, one in encoder.state_dict().items()}
    kept |= {f"objective.{name}": one for name, one in objective.inner.state_dict().items()}
    return kept | {f"gradient.{name}": one for name, one in objective.gradients.items()}


if __name__ == "__main__":
    from torch import distributed

    for name in ("moco", "in-batch"):
        trained, watched, _ = learn(name, make_data())
        kept = {key: one.clone() for key, one in tensors(trained, watched).items()}
        place = f"{name}-{distributed.get_rank()}-of-{distributed.get_world_size()}.safetensors"
        save_file(kept, Path(sys.argv[1]) / place)
    distributed.barrier()
    distributed.destroy_process_group()
