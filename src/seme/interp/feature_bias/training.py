"""Training several networks at once on features that are drawn as they go, and looking at a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from seme.errors import InputError
from seme.interp.feature_bias.networks import Ensemble
from seme.interp.feature_bias.tasks import Labels, Task
from seme.training import Budget, Loss, Trainer

Float = npt.NDArray[np.float64]
Optimiser = Literal["adam", "adamw", "sgd"]


@dataclass(frozen=True, slots=True)
class Represented:
    """What networks make of the same samples: layer (members, n, d), logits (members, n, k) and labels (n, k)."""

    hidden: Float
    logits: Float
    labels: Labels

    @property
    def accuracy(self) -> Float:
        """Share of the samples of which each feature is said right, (members, k)."""
        return np.asarray(((self.logits > 0) == self.labels).mean(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to: steps, and the accuracy on unseen samples (members, k) after each chunk of them."""

    steps: int
    accuracy: list[Float]


class FeatureBatches:
    """Batches of new samples without end, of which any can be reached at once; each member has its own.

    Parameters
    ----------
    task
        What is drawn.
    members, size
        Networks, and samples that each sees at a time.
    seed
        Of the samples.
    prevalence
        For each feature, the share of samples with a label for it; the others say nothing of it. All by default.

    Raises
    ------
    InputError
        If a share is not from 0 to 1, there is not one for each feature, or no feature is ever labelled.
    """

    def __init__(
        self, task: Task, members: int, size: int, *, seed: int = 0, prevalence: Sequence[float] | None = None
    ) -> None:
        shares = np.ones(len(task.names)) if prevalence is None else np.asarray(prevalence, dtype=np.float64)
        if shares.shape != (len(task.names),) or not ((shares >= 0) & (shares <= 1)).all() or not shares.any():
            raise InputError(f"prevalence is {prevalence}, expected a share from 0 to 1 for each of {task.names}")
        if size < 1:
            raise InputError(f"size is {size}, expected at least 1 sample")
        self.task, self.members, self.size, self.seed, self.shares = task, members, size, seed, shares

    def starting_at(self, number: int) -> Iterator[dict[str, Tensor]]:
        """Yield `inputs` (members, size, ...), `labels` and `mask` (members, size, k)."""
        while True:
            rng = np.random.default_rng([self.seed, number])
            inputs, labels = self.task.sample(self.members * self.size, rng)
            mask = rng.random(labels.shape) < self.shares
            parts = {"inputs": inputs, "labels": labels.astype(np.float32), "mask": mask.astype(np.float32)}
            yield {name: torch.from_numpy(one).unflatten(0, (self.members, self.size)) for name, one in parts.items()}
            number += 1


class _FeatureLoss(nn.Module):
    """Binary cross-entropy over the given labels, the mean for each network; their sum, so that none moves another."""

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        logits, _ = model(batch["inputs"])
        each = functional.binary_cross_entropy_with_logits(logits, batch["labels"], reduction="none") * batch["mask"]
        shares = each.sum(dim=(1, 2)) / batch["mask"].sum(dim=(1, 2)).clamp_min(1)
        return Loss(shares.sum())


def train(
    model: Ensemble,
    task: Task,
    *,
    steps: int,
    size: int = 128,
    rate: float = 1e-3,
    seed: int = 0,
    prevalence: Sequence[float] | None = None,
    optimiser: Optimiser = "adam",
    weight_decay: float = 0.0,
    until: float | None = None,
    chunk: int = 250,
    watch: Callable[[int, Ensemble], None] | None = None,
) -> Trained:
    """Train networks, for a number of steps or until all of them have learned all features.

    Parameters
    ----------
    model
        Changed in place.
    task
        New samples are drawn at every step.
    steps
        Most updates.
    size, rate
        Samples per network and update, and the learning rate.
    seed
        Of the samples and of dropout.
    prevalence
        See `FeatureBatches`.
    optimiser, weight_decay
        `sgd` has a momentum of 0.9.
    until
        Stop when every network says every feature that is labelled at all right in this share of unseen samples.
    chunk
        Updates between looks at the accuracy.
    watch
        Called with the number of updates and the networks at each look, for learning curves.

    Raises
    ------
    InputError
        If an argument is none of those there are.
    """
    if steps < 1 or chunk < 1:
        raise InputError(f"steps is {steps} and chunk {chunk}, expected at least 1 of each")
    makers = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    if optimiser not in makers:
        raise InputError(f"optimiser is {optimiser!r}, expected adam, adamw or sgd")
    extra: dict[str, Any] = {"momentum": 0.9} if optimiser == "sgd" else {"fused": True}
    chosen = makers[optimiser](model.parameters(), lr=rate, weight_decay=weight_decay, **extra)
    data = FeatureBatches(task, model.members, size, seed=seed, prevalence=prevalence)
    trainer = Trainer(
        model, _FeatureLoss(), data, Budget(steps=min(chunk, steps)), seed=seed, optimizer=chosen, log_every=chunk,
        device="cpu",
    )  # fmt: skip
    asked = data.shares > 0
    seen: list[Float] = []
    while True:
        trainer.run()
        seen.append(represent(model, task, 512, seed=seed).accuracy)
        if watch is not None:
            watch(trainer.steps, model)
        if trainer.steps >= steps or (until is not None and (seen[-1][:, asked] >= until).all()):
            return Trained(trainer.steps, seen)
        trainer.budget = Budget(steps=min(trainer.steps + chunk, steps))


@torch.no_grad()
def represent(model: Ensemble, task: Task, count: int, *, seed: int = 0) -> Represented:
    """Return what networks make of new samples in which every combination of labels is equally often.

    Parameters
    ----------
    model
        Used without dropout.
    task
        What is drawn.
    count
        Samples, a multiple of 2 to the number of features.
    seed
        Of the samples; they are not those of training with the same seed.
    """
    inputs, labels = task.sample(count, np.random.default_rng([seed, 2**32]), balanced=True)
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    parts = [model(part.expand(model.members, *part.shape)) for part in torch.from_numpy(inputs).to(device).split(1024)]
    model.train(was_training)
    logits, hidden = (torch.cat(one, dim=1).double().cpu().numpy() for one in zip(*parts, strict=True))
    return Represented(hidden, logits, labels)
