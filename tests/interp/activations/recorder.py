"""Records a small model in a process of its own, which kills itself: `recorder.py FOLDER DTYPE [KILL_AT]`.

The model is plain PyTorch, so that the process starts quickly.
"""

from __future__ import annotations

import os
import signal
import sys

import torch
from torch import nn

from seme.interp.activations import record


class Plain(nn.Module):
    """Two blocks on a residual stream."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embed = nn.Embedding(40, 24)
            self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(24, 24), nn.Tanh()) for _ in range(2))

    def forward(self, input_ids, attention_mask):
        stream = self.embed(input_ids)
        for block in self.blocks:
            stream = stream + block(stream)
        return stream * attention_mask[..., None]


def batches(kill_at: int | None = None):
    """Yield ten batches; before number `kill_at` this process kills itself."""
    generator = torch.Generator().manual_seed(0)
    for number in range(10):
        if number == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        ids = torch.randint(40, (4, 12), generator=generator)
        yield {"input_ids": ids, "attention_mask": (ids != 0).long()}


def main(folder: str, dtype: str, kill_at: str | None = None) -> None:
    """Record, or be killed on the way."""
    given = batches(None if kill_at is None else int(kill_at))
    sites = ["blocks.0", "blocks.1.0"]
    record(Plain().eval(), given, sites, folder=folder, dtype=dtype, shard_bytes=4096, commit_every=3)


if __name__ == "__main__":
    main(*sys.argv[1:])
