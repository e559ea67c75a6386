"""What leaving blocks out saves in time."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import torch

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.matryoshka2d import truncate
from seme.experiment import Context
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

_TEXTS, _TOKENS = 32, 64


@torch.no_grad()
def add(report: Report, encoder: TextEncoder, settings: Matryoshka2dSettings, context: Context) -> None:
    """Time encoders of each depth in turn, round after round, so that what else runs falls on all of them."""
    count, tokens = (4, 16) if context.quick else (_TEXTS, _TOKENS)
    generator = context.torch_generator("tokens")
    ids = torch.randint(1000, 20_000, (count, tokens), generator=generator)
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    shorter = {layers: truncate(encoder, layers) for layers in range(1, encoder.depth + 1)}
    times: dict[int, list[float]] = {layers: [] for layers in shorter}
    for _ in context.progress(range(settings.repeats + 1), "Timing"):
        for layers, one in shorter.items():
            began = time.perf_counter()
            one(batch)
            times[layers].append(time.perf_counter() - began)
    medians = {layers: statistics.median(found[1:]) for layers, found in times.items()}  # the first warms up
    excesses = [
        _excess({layers: found[turn] for layers, found in times.items()}) for turn in range(1, settings.repeats + 1)
    ]
    report.claim(
        Claim.at_most(
            "Time falls as layers are left out: its share less the share of layers, at most",
            measured=_excess(medians),
            ceiling=0.15,
            paper_value="speed-up about N / n",
            spread=(min(excesses), max(excesses)),
            note=f"{count} texts of {tokens} tokens; blocks are really gone. Medians of {settings.repeats} "
            "rounds, and the least and the most of a round.",
        )
    )
    report.table(
        "Time by layers",
        ["layers", "share of layers", "share of time"],
        [[layers, layers / encoder.depth, found / medians[encoder.depth]] for layers, found in medians.items()],
    )


def _excess(times: dict[int, float]) -> float:
    """Return the most by which a share of time is above the share of layers."""
    depth = max(times)
    return max(found / times[depth] - layers / depth for layers, found in times.items())
