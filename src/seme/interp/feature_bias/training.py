"""Training several networks at once on features that are drawn as they go, and looking at a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

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
    """What networks make of the same samples.

    Attributes
    ----------
    hidden, logits
        The layer (members, n, d), and what is read from it (members, n, outputs); see `outputs`.
    labels, inputs
        Of the samples, (n, k) and (n, ...).
    classes
        Of each feature.
    """

    hidden: Float
    logits: Float
    labels: Labels
    inputs: npt.NDArray[Any]
    classes: tuple[int, ...]

    @property
    def accuracy(self) -> Float:
        """Share of the samples of which each feature is said right, (members, k)."""
        parts = np.split(self.logits, np.cumsum(_widths(self.classes))[:-1], axis=2)
        said = [part[..., 0] > 0 if part.shape[2] == 1 else part.argmax(axis=2) for part in parts]
        return np.asarray((np.stack(said, axis=2) == self.labels).mean(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to: steps, and the accuracy on unseen samples (members, k) after each chunk of them."""

    steps: int
    accuracy: list[Float]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How networks are trained.

    Parameters
    ----------
    steps
        Most updates.
    size, rate
        Samples per network and update, and the learning rate.
    optimiser, weight_decay
        `adam`, `adamw` or `sgd`, the last with a momentum of 0.9.
    until
        Stop when every network says every feature that is labelled at all right in this share of unseen samples.
    chunk
        Updates between looks at the accuracy.

    Raises
    ------
    InputError
        If an argument is none of those there are.
    """

    steps: int
    size: int = 128
    rate: float = 1e-3
    optimiser: Optimiser = "adam"
    weight_decay: float = 0.0
    until: float | None = None
    chunk: int = 250

    def __post_init__(self) -> None:
        if self.steps < 1 or self.chunk < 1:
            raise InputError(f"steps is {self.steps} and chunk {self.chunk}, expected at least 1 of each")
        if self.optimiser not in get_args(Optimiser):
            raise InputError(f"optimiser is {self.optimiser!r}, expected adam, adamw or sgd")

    def optimise(self, model: nn.Module) -> torch.optim.Optimizer:
        """Return the optimiser of a model's weights."""
        makers: dict[str, Any] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
        extra: dict[str, Any] = {"momentum": 0.9} if self.optimiser == "sgd" else {"fused": True}
        made: torch.optim.Optimizer = makers[self.optimiser](
            model.parameters(), lr=self.rate, weight_decay=self.weight_decay, **extra
        )
        return made


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
            parts = {"inputs": inputs, "labels": labels, "mask": mask.astype(np.float32)}
            yield {name: torch.from_numpy(one).unflatten(0, (self.members, self.size)) for name, one in parts.items()}
            number += 1


def outputs(task: Task) -> int:
    """Return how many logits say a task's features: one for a feature of two classes, one a class for others."""
    return sum(_widths(task.classes))


def _widths(classes: Sequence[int]) -> list[int]:
    return [1 if count == 2 else count for count in classes]


class _FeatureLoss(nn.Module):
    """Cross-entropy over the given labels, the mean for each network; their sum, so that none moves another."""

    def __init__(self, classes: Sequence[int]) -> None:
        super().__init__()
        self.widths = _widths(classes)

    def forward(self, model: nn.Module, batch: Any) -> Loss:
        logits, _ = model(batch["inputs"])
        parts = logits.split(self.widths, dim=-1)
        each = torch.stack([_entropy(part, batch["labels"][..., one]) for one, part in enumerate(parts)], dim=-1)
        shares = (each * batch["mask"]).sum(dim=(1, 2)) / batch["mask"].sum(dim=(1, 2)).clamp_min(1)
        return Loss(shares.sum())


def _entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return what each label (members, n) costs under its logits (members, n, 1 or classes)."""
    if logits.shape[-1] == 1:
        return functional.binary_cross_entropy_with_logits(logits[..., 0], labels.to(logits.dtype), reduction="none")
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)


def train(
    model: Ensemble,
    task: Task,
    recipe: Recipe,
    *,
    seed: int = 0,
    prevalence: Sequence[float] | None = None,
    watch: Callable[[int, Ensemble], None] | None = None,
) -> Trained:
    """Train networks, for a number of steps or until all of them have learned all features.

    Parameters
    ----------
    model
        Changed in place.
    task
        New samples are drawn at every step.
    recipe
        How.
    seed
        Of the samples and of dropout.
    prevalence
        See `FeatureBatches`.
    watch
        Called with the number of updates and the networks at each look, for learning curves.
    """
    data = FeatureBatches(task, model.members, recipe.size, seed=seed, prevalence=prevalence)
    trainer = Trainer(
        model,
        _FeatureLoss(task.classes),
        data,
        Budget(steps=min(recipe.chunk, recipe.steps)),
        seed=seed,
        optimizer=recipe.optimise(model),
        log_every=recipe.chunk,
        device="cpu",
    )
    seen: list[Float] = []
    while True:
        trainer.run()
        seen.append(_seen(model, task, seed))
        if watch is not None:
            watch(trainer.steps, model)
        learned = recipe.until is not None and (seen[-1][:, data.shares > 0] >= recipe.until).all()
        if learned or trainer.steps >= recipe.steps:
            return Trained(trainer.steps, seen)
        trainer.budget = Budget(steps=min(trainer.steps + recipe.chunk, recipe.steps))


def _seen(model: Ensemble, task: Task, seed: int) -> Float:
    """Return the accuracy on about 512 unseen samples."""
    combinations = int(np.prod(task.classes))
    return represent(model, task, max(1, 512 // combinations) * combinations, seed=seed).accuracy


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
        Samples, a multiple of the number of combinations of labels.
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
    return Represented(hidden, logits, labels, inputs, tuple(task.classes))
