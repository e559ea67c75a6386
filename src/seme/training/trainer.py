"""The trainer: a model, an objective, data and a budget."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object, send_to_device
from torch import nn

from seme.errors import InputError, SemeError
from seme.training.budget import Budget
from seme.training.checkpoint import newest_checkpoint, read_checkpoint, read_state, write_checkpoint
from seme.training.data import Batches, as_batches, count_tokens
from seme.training.interruption import interrupt_deferred
from seme.training.loss import Loss, Objective
from seme.training.metrics import Metrics, Record
from seme.training.randomness import generator_states, generators_kept, set_generators
from seme.training.schedule import Schedule, constant


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: steps, tokens, seconds, the share of the budget, and the newest loss."""

    steps: int
    tokens: int
    seconds: float
    fraction: float
    loss: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    `resumed_at` is the step of the checkpoint that it went on from (0 for none); `metrics` are the records of
    `metrics.jsonl`.
    """

    steps: int
    tokens: int
    seconds: float
    resumed_at: int
    metrics: list[Record] = field(repr=False)


class Trainer:
    """Train a model for a budget; where there is a folder, go on from what a killed run left there.

    A run that was killed and taken up again ends with the weights of one that never was: the folder holds weights,
    optimiser, random generators and the number of the next batch. That holds for data whose batch k is the same each
    time (`RowBatches`, a list) and randomness that comes from PyTorch's generators. It is bit for bit on a CPU.

    Parameters
    ----------
    model
        What is trained; its parameters are changed in place.
    objective
        A module whose `forward(model, batch)` returns a `Loss`. See `Objective` for its hooks.
    data
        `RowBatches`, anything else with `starting_at`, or an iterable of batches, which is repeated.
    budget
        When to stop.
    folder
        Where checkpoints and `metrics.jsonl` go; None keeps nothing.
    seed
        Of PyTorch's generators during the run. Their state outside is left as it was.
    optimizer
        Over parameters of the model (and the objective); default Adam with a rate of 1e-3 over all that want gradients.
    schedule
        Factor on each group's learning rate, by share of the budget.
    clip_norm
        Largest norm of the gradient; None does not clip.
    accumulate
        Batches per step.
    precision
        "bfloat16" runs the forward pass under autocast.
    device
        "cpu" keeps to the CPU; None takes what accelerate finds (and `accelerate launch` sets up).
    checkpoint_every, log_every
        Steps between checkpoints and between records.
    settings
        What else makes the run what it is, for JSON. A folder whose settings differ is refused.
    progress
        Called after each step that is logged.

    Raises
    ------
    InputError
        If the folder holds a run of other settings.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: nn.Module,
        data: Batches | Iterable[Any],
        budget: Budget,
        *,
        folder: Path | str | None = None,
        seed: int = 0,
        optimizer: torch.optim.Optimizer | None = None,
        schedule: Schedule | None = None,
        clip_norm: float | None = None,
        accumulate: int = 1,
        precision: Literal["float32", "bfloat16"] = "float32",
        device: Literal["cpu"] | None = None,
        checkpoint_every: int = 500,
        log_every: int = 10,
        settings: Mapping[str, Any] | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self.model, self.objective, self.budget, self.seed = model, objective, budget, seed
        self._data, self._folder = as_batches(data), None if folder is None else Path(folder)
        self._schedule, self._clip, self._accumulate = schedule or constant(), clip_norm, accumulate
        self._bfloat16, self._progress = precision == "bfloat16", progress
        self._checkpoint_every, self._log_every = checkpoint_every, log_every
        self._settings = {"seed": seed, "accumulate": accumulate, "precision": precision, **(settings or {})}
        self._accelerator = Accelerator(cpu=device == "cpu")
        self._module = _Pair(model, objective)
        self._optimizer = optimizer or _adam(self._module)
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._prepared, self._stepper = self._accelerator.prepare(self._module, self._optimizer)
        self.steps = self.tokens = self._batches = 0
        self.seconds = 0.0

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        device: torch.device = self._accelerator.device
        return device

    def run(self) -> Outcome:
        """Train until the budget is spent.

        An interrupt (Ctrl-C) lets the step end and writes a checkpoint before it is raised.

        Returns
        -------
        Outcome
            Counters and the records of the run.

        Raises
        ------
        SemeError
            If the loss is not finite.
        """
        was_training = self.model.training
        with generators_kept(self.device), interrupt_deferred() as interrupted:
            torch.manual_seed(self.seed + self._accelerator.process_index)
            resumed_at = self._resume()
            self._module.train()
            metrics = Metrics(self._folder if self._accelerator.is_main_process else None, up_to=self.steps)
            self._loop(metrics, interrupted)
        self.model.train(was_training)
        return Outcome(self.steps, self.tokens, self.seconds, resumed_at, metrics.records)

    def step(self, batches: Iterable[Any]) -> Loss:
        """Make one update from the gradient over some batches (one, unless gradients are accumulated)."""
        hooks = self.objective if isinstance(self.objective, Objective) else None
        fraction = self.budget.fraction(steps=self.steps, tokens=self.tokens, seconds=self.seconds)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * self._schedule(fraction)
        if hooks:
            hooks.begin_step(self.model, fraction)
        loss = self._gradients(list(batches))
        if hooks:
            hooks.before_update(self.model)
        if self._clip is not None:
            self._accelerator.clip_grad_norm_(self._module.parameters(), self._clip)
        self._stepper.step()
        self._stepper.zero_grad()
        if hooks:
            hooks.after_update(self.model)
        self.steps += 1
        return loss

    def _gradients(self, batches: list[Any]) -> Loss:
        for number, batch in enumerate(batches):
            self.tokens += count_tokens(batch) * self._accelerator.num_processes
            last = number == len(batches) - 1
            with self._accelerator.no_sync(self._prepared) if not last else nullcontext():
                with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._bfloat16):
                    loss: Loss = self._prepared(send_to_device(batch, self.device, non_blocking=True))
                self._accelerator.backward(loss.total / len(batches))
        return loss

    def _loop(self, metrics: Metrics, interrupted: threading.Event) -> None:
        processes, rank = self._accelerator.num_processes, self._accelerator.process_index
        # Each process starts at its own batch and steps over those of the others.
        batches = _every(self._data.starting_at(self._batches * processes + rank), processes)
        before, began = self.seconds, time.perf_counter()
        saved = self.steps
        while (spent := self._spent()) < 1.0:
            loss = self.step([next(batches) for _ in range(self._accumulate)])
            self._batches += self._accumulate
            self.seconds = before + time.perf_counter() - began
            spent = self._spent()
            if self.steps % self._log_every == 0 or spent >= 1.0:
                self._log(loss, metrics, spent)
            if self.steps % self._checkpoint_every == 0 or interrupted.is_set():
                self._save(loss)
                saved = self.steps
            if interrupted.is_set():
                raise KeyboardInterrupt
        if self.steps > saved:
            self._save(loss)

    def _spent(self) -> float:
        return self.budget.fraction(steps=self.steps, tokens=self.tokens, seconds=self.seconds)

    def _log(self, loss: Loss, metrics: Metrics, spent: float) -> None:
        parts = {name: float(value) for name, value in loss.parts.items()}
        total = self._finite(loss)
        rate = self._optimizer.param_groups[0]["lr"]
        counters = {"step": self.steps, "tokens": self.tokens, "seconds": round(self.seconds, 3)}
        if self._accelerator.is_main_process:
            metrics.add({**counters, "rate": rate, "loss": total, **parts})
        if self._progress is not None:
            self._progress(Progress(self.steps, self.tokens, self.seconds, spent, total))

    def _finite(self, loss: Loss) -> float:
        total = float(loss.total.detach())
        if not math.isfinite(total):
            raise SemeError(
                f"the loss is {total} at step {self.steps}",
                hint="lower the learning rate, clip gradients with clip_norm=1.0, or look for huge values in the data",
            )
        return total

    def _save(self, loss: Loss) -> None:
        self._finite(loss)
        if self._folder is None:
            return
        states = gather_object([generator_states(self.device)])
        generators = {f"{rank}.{name}": state for rank, named in enumerate(states) for name, state in named.items()}
        counters = {"steps": self.steps, "tokens": self.tokens, "seconds": self.seconds, "batches": self._batches}
        state = {**counters, "budget": asdict(self.budget), "settings": self._settings}
        if self._accelerator.is_main_process:
            write_checkpoint(self._folder, self.steps, self._module, self._optimizer, generators, state)
        self._accelerator.wait_for_everyone()

    def _resume(self) -> int:
        if self._folder is None:
            return 0
        self._folder.mkdir(parents=True, exist_ok=True)
        checkpoint = newest_checkpoint(self._folder)
        if checkpoint is None:
            return 0
        state = read_state(checkpoint)
        if state["settings"] != self._settings:
            raise InputError(
                f"folder {self._folder} holds a run with settings {state['settings']}, not {self._settings}",
                hint="give another folder, or delete this one",
            )
        generators = read_checkpoint(checkpoint, self._module, self._optimizer, state["optimizer_groups"])
        set_generators(generators, self._accelerator.process_index)
        self.steps, self.tokens, self.seconds = state["steps"], state["tokens"], state["seconds"]
        self._batches = state["batches"]
        return self.steps


class _Pair(nn.Module):
    """The model and its objective as one module, so that a distributed wrapper sees every gradient."""

    def __init__(self, model: nn.Module, objective: nn.Module) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Any) -> Loss:
        loss: Loss = self.objective(self.model, batch)
        return loss


def _adam(module: nn.Module) -> torch.optim.Optimizer:
    wanted = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return torch.optim.Adam(wanted, lr=1e-3, fused=True)


def _every(batches: Iterator[Any], stride: int) -> Iterator[Any]:
    for number, batch in enumerate(batches):
        if number % stride == 0:
            yield batch
