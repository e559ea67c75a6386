"""A language of names with two kinds of questions, and a small model that learns to answer them with few heads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from seme.interp.circuits import PromptPairs
from seme.training import Budget, Loss, Trainer, cosine

_NAMES, _FILLERS, _TOKENS = 32, 16, 10
_BEGIN, _QUESTION = 0, 1 + _NAMES + _FILLERS
_LAYERS, _HEADS, _WIDTH = 2, 8, 64
_BATCH = 128
_FEW_HEADS = 0.01


class Sentences:
    """Batches of sentences without end: a beginning, two names among fillers, and one of two endings.

    Half of them end with one of the names again: the other name comes next. Half end with a question: the later name
    comes next. So there are heads that the first kind does not need.

    Parameters
    ----------
    seed
        Batch number k is the same in every process.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def starting_at(self, number: int) -> Iterator[dict[str, Tensor]]:
        """Yield `input_ids` (128, 10) and the names that come next, `labels` (128,)."""
        while True:
            pairs = sentences(_BATCH, np.random.default_rng([self.seed, number]))
            ids, labels = pairs.positive, torch.tensor(pairs.answers)[:, 0]
            asked = torch.arange(_BATCH) < _BATCH // 2
            named = (ids[:, :-1] > _BEGIN) & (ids[:, :-1] <= _NAMES)
            later = (named * torch.arange(_TOKENS - 1)).argmax(1)
            labels = torch.where(asked, ids[torch.arange(_BATCH), later], labels)
            ids[asked, -1] = _QUESTION
            yield {"input_ids": ids, "labels": labels}
            number += 1


class NextName(nn.Module):
    """Cross-entropy of the token after the last, and a group lasso over heads, without which all would share the work.

    The lasso is the sum of the Frobenius norms of the heads' slices of the output projections.
    """

    def forward(self, model: LlamaForCausalLM, batch: dict[str, Tensor]) -> Loss:
        """Return the loss in nats, with the lasso."""
        logits = model(input_ids=batch["input_ids"], use_cache=False, logits_to_keep=1).logits[:, -1]
        error = functional.cross_entropy(logits, batch["labels"])
        slices = torch.stack([block.self_attn.o_proj.weight for block in model.model.layers])
        norms = slices.unflatten(2, (_HEADS, -1)).square().sum((1, 3)).add(1e-12).sqrt()
        return Loss(error + _FEW_HEADS * norms.sum(), {"error": error.detach()})


class _Nothing(nn.Module):
    """A feed-forward block that writes nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def sentences(count: int, rng: np.random.Generator) -> PromptPairs:
    """Return pairs of sentences: at the end stands one of two names again (positive) or a third one (negative)."""
    ids = rng.integers(1 + _NAMES, 1 + _NAMES + _FILLERS, size=(count, _TOKENS))
    ids[:, 0] = _BEGIN
    names = 1 + np.argsort(rng.random((count, _NAMES)), axis=1)[:, :3]
    places = 1 + np.sort(np.argsort(rng.random((count, _TOKENS - 2)), axis=1)[:, :2], axis=1)
    rows, twice = np.arange(count), rng.integers(2, size=count)
    ids[rows[:, None], places] = names[:, :2]
    positive, negative = ids.copy(), ids.copy()
    positive[:, -1], negative[:, -1] = names[rows, twice], names[:, 2]
    return PromptPairs(
        "the other name",
        torch.from_numpy(positive),
        torch.from_numpy(negative),
        tuple((int(name),) for name in names[rows, 1 - twice]),
        tuple((int(name),) for name in names[rows, twice]),
    )


def trained_model(steps: int, seed: int) -> LlamaForCausalLM:
    """Train a transformer of two layers of eight heads, without feed-forward blocks, on the language."""
    config = LlamaConfig(
        vocab_size=_QUESTION + 1,
        hidden_size=_WIDTH,
        intermediate_size=1,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        max_position_embeddings=_TOKENS,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    for block in model.model.layers:
        block.mlp = _Nothing()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    Trainer(
        model,
        NextName(),
        Sentences(seed),
        Budget(steps=steps),
        seed=seed,
        optimizer=optimizer,
        schedule=cosine(warmup=0.05),
        clip_norm=1.0,
        device="cpu",
        log_every=steps,
    ).run()
    model.eval().requires_grad_(False)
    return model
