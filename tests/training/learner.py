"""Trains a small model in a process of its own, which kills itself: `learner.py FOLDER [KILL_AT]`."""

from __future__ import annotations

import os
import signal
import sys

import torch
from torch import nn

from seme.training import Budget, Loss, Objective, Outcome, RowBatches, Trainer, cosine

STEPS = 23


def rows() -> torch.Tensor:
    """Return rows of rank 2, (50, 6)."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(50, 2, generator=generator) @ torch.randn(2, 6, generator=generator)


def make_model() -> nn.Module:
    """Return an autoencoder, the same at each call; its dropout draws random numbers during training."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Dropout(0.2), nn.Linear(16, 6))


class Reconstruction(Objective):
    """The squared error, scaled by what the objective learns itself; it kills the process at a step."""

    def __init__(self, kill_at: int | None = None) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.kill_at, self.calls = kill_at, 0

    def forward(self, model: nn.Module, batch: torch.Tensor) -> Loss:
        error = (self.scale * model(batch) - batch).square().mean()
        self.calls += 1
        if self.calls == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return Loss(error, {"scale": self.scale.detach()})


def learn(folder: str | None, kill_at: int | None = None, steps: int = STEPS) -> tuple[nn.Module, Outcome]:
    """Train, or be killed on the way."""
    model, objective = make_model(), Reconstruction(kill_at)
    trainer = Trainer(
        model,
        objective,
        RowBatches(rows(), 8, seed=2),
        Budget(steps=steps),
        folder=folder,
        schedule=cosine(warmup=0.1),
        clip_norm=1.0,
        accumulate=2,
        device="cpu",
        checkpoint_every=5,
        log_every=3,
    )
    return nn.ModuleList([model, objective]), trainer.run()


if __name__ == "__main__":
    learn(sys.argv[1], int(sys.argv[2]))
