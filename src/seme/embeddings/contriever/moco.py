"""Contrast with a queue of earlier keys, which a slowly moving copy of the encoder makes (He et al. 2020)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Self

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.contrastive import ContrastiveLoss, Similarity
from seme.embeddings.contriever.gathering import gather_rows
from seme.embeddings.encoder import TextEncoder
from seme.errors import InputError
from seme.training.loss import Loss, Objective


class MomentumContrast(Objective):
    """Cross-entropy of each query's key among that key and a queue of earlier ones (Izacard et al. 2022, section 3.2).

    Before each step the key encoder moves, `key <- momentum * key + (1 - momentum) * query`; after it, the keys of all
    processes take the place of the oldest in the queue. Queue, place and key encoder are saved with the objective. The
    keys that the queue begins with are random, of unit norm: they tell nothing until the first K / B steps are done.

    Parameters
    ----------
    encoder
        What is trained; the key encoder begins as its copy.
    queue
        Keys that are kept (K), a multiple of the keys of a step over all processes.
    momentum
        0 copies the encoder each step, 1 never moves.
    temperature
        What similarities are divided by, > 0.
    similarity
        `dot` as published, for vectors of any norm, or `cosine`.
    key_dropout
        Whether the key encoder drops out during training, as the published one does.
    seed
        Of the queue's beginning.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    queue: torch.Tensor
    place: torch.Tensor

    def __init__(
        self,
        encoder: TextEncoder,
        *,
        queue: int = 131_072,
        momentum: float = 0.9995,
        temperature: float = 0.05,
        similarity: Similarity = "dot",
        key_dropout: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if queue < 1 or not 0 <= momentum <= 1:
            raise InputError(f"queue is {queue} and momentum {momentum}, expected queue >= 1 and 0 <= momentum <= 1")
        self.contrast = ContrastiveLoss(temperature=temperature, similarity=similarity)
        self.momentum, self.key_dropout = momentum, key_dropout
        self.key_encoder = copy.deepcopy(encoder).requires_grad_(requires_grad=False)
        start = torch.randn(queue, encoder.dim, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("queue", F.normalize(start, dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.long))
        self._fresh: list[torch.Tensor] = []

    def train(self, mode: bool = True) -> Self:
        """Set the mode; the key encoder's dropout follows `key_dropout`."""
        super().train(mode)
        self.key_encoder.train(mode and self.key_dropout)
        return self

    def begin_step(self, model: nn.Module, fraction: float) -> None:  # noqa: ARG002
        """Move the key encoder, and forget keys of a step that was not finished."""
        self._fresh.clear()
        self.move(model)

    @torch.no_grad()
    def move(self, model: nn.Module) -> None:
        """Move the key encoder's weights towards the encoder's."""
        for old, new in zip(self.key_encoder.parameters(), model.parameters(), strict=True):
            old.lerp_(new.to(old.device), 1 - self.momentum)

    def forward(self, model: nn.Module, batch: Mapping[str, Any]) -> Loss:
        """Return the loss, and how often the right key is the best (`accuracy`)."""
        queries = model(batch["query"])
        with torch.no_grad():
            keys = self.key_encoder(batch["key"])
            if self.training:
                self._fresh.append(gather_rows(keys))
        # Keys of the same batch are no negatives here: they come once they are in the queue.
        others = ~torch.eye(len(queries), dtype=torch.bool, device=queries.device)
        total = self.contrast(queries, keys, ignored=others, queue=self.queue)
        with torch.no_grad():
            own = (queries.detach() * keys).sum(1)
            if self.contrast.similarity == "cosine":
                own = F.cosine_similarity(queries, keys)
            best = self.contrast.scores(queries, self.queue).amax(1)
        return Loss(total, {"accuracy": (own / self.contrast.temperature > best).float().mean()})

    @torch.no_grad()
    def fill(self, batches: Iterable[Mapping[str, Any]]) -> None:
        """Fill the queue with keys of the encoder as it is, instead of random ones; not in the paper.

        Random keys have nothing in common with texts, so that for the first K / B steps the loss falls if only all
        texts lie together. In a run of few steps that is what is learned; in the paper's 500,000 steps, 64 of which
        pass that way, it does not matter. Call it before the training of every process, with the same batches.

        Parameters
        ----------
        batches
            As `forward` takes them; read until the queue is full.

        Raises
        ------
        InputError
            If they end before.
        """
        self.key_encoder.eval()
        missing = len(self.queue)
        for batch in batches:
            keys = self.key_encoder(batch["key"])[:missing]
            self.queue[len(self.queue) - missing :][: len(keys)] = keys.to(self.queue.dtype)
            missing -= len(keys)
            if not missing:
                self.key_encoder.train(self.training and self.key_dropout)
                return
        raise InputError(f"batches ended with {missing} keys of {len(self.queue)} missing", hint="Give more of them")

    def after_update(self, model: nn.Module) -> None:  # noqa: ARG002
        """Put the keys of the step into the queue."""
        self.enqueue(torch.cat(self._fresh))
        self._fresh.clear()

    @torch.no_grad()
    def enqueue(self, keys: torch.Tensor) -> None:
        """Put keys (n, d) in the place of the oldest.

        Raises
        ------
        InputError
            If the queue's length is no multiple of their number.
        """
        if len(self.queue) % len(keys):
            raise InputError(
                f"queue is {len(self.queue)} keys and a step has {len(keys)}",
                hint="Take a multiple of the batch over all processes and accumulated batches",
            )
        first = int(self.place)
        self.queue[first : first + len(keys)] = keys.to(self.queue.dtype)
        self.place.fill_((first + len(keys)) % len(self.queue))
