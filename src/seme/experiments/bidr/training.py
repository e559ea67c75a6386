"""The trainings of one seed; each is kept, so that a broken run goes on."""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING

import torch
from torch import nn

from seme.embeddings.bidr import (
    BatchGenerator,
    BidrBatches,
    CodesObjective,
    ContrastiveQuantiser,
    DenseObjective,
    Head,
    Proximity,
)
from seme.experiment import Context
from seme.experiments.bidr.collection import Given
from seme.retrieval.bigranular import ProductQuantiser
from seme.training import Budget, Trainer

if TYPE_CHECKING:
    from seme.experiments.p11_bidr import BidrSettings


class Trainings:
    """Trains heads and codes over the frozen vectors."""

    def __init__(self, given: Given, seed: int, settings: BidrSettings, context: Context) -> None:
        self._given, self._seed, self._settings, self._context = given, seed, settings, context

    def dense(
        self,
        name: str,
        steps: int,
        *,
        start: Head | None = None,
        graph: Proximity | None = None,
        method: BatchGenerator = "random",
    ) -> Head:
        """Train a head by dense vectors alone."""
        head = Head(self._given.pool.queries.shape[1]) if start is None else copy.deepcopy(start)
        self._train(name, head, DenseObjective(), self._batches(graph, method), steps)
        return head

    def codes(
        self, name: str, steps: int, *, start: Head, quantiser: ProductQuantiser
    ) -> tuple[Head, ProductQuantiser]:
        """Train a head and a codebook together."""
        head = copy.deepcopy(start)
        objective = CodesObjective(ContrastiveQuantiser(quantiser.codebook, quantiser.rotation))
        self._train(name, head, objective, self._batches(None, "random"), steps)
        return head, objective.quantiser.frozen()

    def _batches(self, graph: Proximity | None, method: BatchGenerator) -> BidrBatches:
        size = min(self._settings.batch, len(self._given.pool.queries))
        return BidrBatches(
            self._given.pool, graph, size=size, negatives=self._settings.negatives, method=method, seed=self._seed
        )

    def _train(self, name: str, head: Head, objective: nn.Module, batches: BidrBatches, steps: int) -> None:
        self._context.say(f"Training {name}, seed {self._seed}")
        chosen = self._settings.model_dump(exclude={"seeds", "queries", "candidates", "weight"})
        key = repr((name, self._seed, self._context.seed, steps, chosen))
        folder = self._context.cache / f"training-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        parameters = [*head.parameters(), *objective.parameters()]
        Trainer(
            head,
            objective,
            batches,
            Budget(steps=steps),
            folder=folder,
            seed=self._seed,
            device="cpu",
            clip_norm=1.0,
            optimizer=torch.optim.AdamW(parameters, lr=self._settings.rate, weight_decay=0.01),
            settings={"training": key},
        ).run()
        head.eval()
