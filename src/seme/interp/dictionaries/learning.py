"""Training of one or several networks in one pass over the activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from seme.errors import SemeError
from seme.interp.activations import Store
from seme.interp.dictionaries.network import Network
from seme.interp.dictionaries.reviving import revive
from seme.training import Budget, Loss, Objective, Outcome, RowBatches, Trainer, linear
from seme.training.trainer import Progress

ShowProgress = Callable[[Progress], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one network is trained.

    Parameters
    ----------
    learning_rate
        Of Adam; it falls to 0 over the last fifth of the budget.
    revive_every
        Steps after which units that were never active since are restarted; 0 leaves them dead.
    seed
        Of the revived units' directions.
    """

    learning_rate: float
    revive_every: int
    seed: int


class Together(Objective):
    """The sum of the losses of several networks, none of which sees the others.

    Parameters
    ----------
    plans
        One for each network.
    """

    steps: torch.Tensor

    def __init__(self, plans: Sequence[Plan]) -> None:
        super().__init__()
        self.plans = plans
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.optimizer: torch.optim.Optimizer | None = None
        self._fraction = 0.0

    def forward(self, model: nn.Module, batch: torch.Tensor) -> Loss:
        """Return the sum of the losses, and each network's parts under its number."""
        losses: list[torch.Tensor] = []
        parts: dict[str, torch.Tensor] = {}
        for number, network in enumerate(networks_of(model)):
            loss, named = network(batch)
            losses.append(loss)
            parts |= {f"{number}.{name}": value for name, value in named.items()}
        return Loss(torch.stack(losses).sum(), parts)

    def begin_step(self, model: nn.Module, fraction: float) -> None:
        """Set the strength of the penalties."""
        self._fraction = fraction
        for network in networks_of(model):
            network.begin_step(fraction)

    def before_update(self, model: nn.Module) -> None:
        """Project the gradients of the decoders."""
        for network in networks_of(model):
            network.before_update()

    def after_update(self, model: nn.Module) -> None:
        """Bring the decoders back to unit length, and revive dead units but at the very end."""
        self.steps += 1
        steps = int(self.steps)
        for network, plan in zip(networks_of(model), self.plans, strict=True):
            network.after_update()
            due = plan.revive_every > 0 and steps % plan.revive_every == 0
            if due and self._fraction < 0.8 and self.optimizer is not None:
                after = plan.revive_every * len(network.residual)
                revive(network, self.optimizer, after=after, seed=plan.seed * 1_000_003 + steps)


class Stepper:
    """Training by single steps, on batches that the caller brings.

    Parameters
    ----------
    network
        In units of its scale.
    plan
        How it is trained.
    """

    def __init__(self, network: Network, plan: Plan) -> None:
        self.network = network
        self._model, self._objective = nn.ModuleList([network]), Together([plan])
        self._objective.optimizer = self._optimizer = make_optimizer([network], [plan])

    def step(self, rows: torch.Tensor) -> None:
        """Make one update from rows (n, d) in the model's units."""
        self._objective.begin_step(self._model, 0.5)
        loss = self._objective(self._model, rows).total
        if not torch.isfinite(loss):
            raise SemeError(f"the loss is {float(loss.detach())}", hint="Lower learning_rate")
        loss.backward()
        self._objective.before_update(self._model)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._objective.after_update(self._model)


def networks_of(model: nn.Module) -> list[Network]:
    """Return the networks that a model is a list of."""
    return [network for network in model.children() if isinstance(network, Network)]


def make_optimizer(networks: Sequence[Network], plans: Sequence[Plan]) -> torch.optim.Optimizer:
    """Return Adam over all networks, each with its own rate."""
    groups: list[dict[str, Any]] = [
        {"params": list(network.parameters()), "lr": plan.learning_rate}
        for network, plan in zip(networks, plans, strict=True)
    ]
    return torch.optim.Adam(groups, betas=(0.9, 0.999), fused=True)


def learn(
    networks: Sequence[Network],
    plans: Sequence[Plan],
    store: Store,
    budget: Budget,
    *,
    batch_size: int,
    seed: int,
    device: Literal["cpu"] | None,
    folder: Path | str | None,
    settings: dict[str, Any],
    progress: ShowProgress | None,
) -> Outcome:
    """Train networks on the same batches until the budget is spent; they end on the CPU."""
    model, objective = nn.ModuleList(networks), Together(plans)
    objective.optimizer = make_optimizer(networks, plans)
    trainer = Trainer(
        model,
        objective,
        RowBatches(store, batch_size, seed=seed),
        budget,
        folder=folder,
        seed=seed,
        optimizer=objective.optimizer,
        schedule=linear(warmup=0.02, decay=0.2),
        device=device,
        settings=settings,
        progress=progress,
    )
    outcome = trainer.run()
    model.cpu()
    return outcome
