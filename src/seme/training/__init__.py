"""One trainer for everything but text encoders: budgets, atomic checkpoints, and resumption to the same result."""

from seme.training.budget import Budget
from seme.training.data import RowBatches
from seme.training.loss import Loss, Objective
from seme.training.schedule import constant, cosine, linear
from seme.training.trainer import Outcome, Progress, Trainer

__all__ = [
    "Budget",
    "Loss",
    "Objective",
    "Outcome",
    "Progress",
    "RowBatches",
    "Trainer",
    "constant",
    "cosine",
    "linear",
]
