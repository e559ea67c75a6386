"""Trainings of one encoder, and how well each layer and width of it tells what is alike."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING

import torch
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional as F  # noqa: N812  # the name that everyone knows

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.matryoshka2d import (
    AnglELoss,
    EspressoLoss,
    TwoDimensionalLoss,
    layer_vectors,
    narrow,
)
from seme.experiment import Context
from seme.experiments.matryoshka_2d.texts import Material
from seme.report.files import write_atomically

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

METHODS = ("last", "mse", "2dmse", "ese", "no-kl")
"""Last layer alone, its widths (Matryoshka), layers and widths, ESE, and 2DMSE without alignment."""
_BATCH = 32

Grid = list[list[float]]
"""Correlation by layer (rows, from 1) and width (columns: the dims, then the full one)."""


def correlations(material: Material, settings: Matryoshka2dSettings, context: Context) -> dict[str, list[Grid]]:
    """Train each method with each seed, and return the grids of all; `plain` is the encoder as it comes."""
    texts = (material.train, material.first, material.second)
    digest = hashlib.sha256(repr((settings.model_dump(), context.seed, texts)).encode()).hexdigest()[:20]
    jobs = [("plain", 0), *((method, seed) for method in METHODS for seed in range(settings.seeds))]
    found: dict[str, list[Grid]] = {}
    original = TextEncoder.load(settings.encoder, longest=settings.longest).eval()
    for method, seed in context.progress(jobs, "Training and reading encoders"):
        file = context.cache / f"matryoshka-2d-{digest}-{method}-{seed}.json"
        if not file.is_file():
            encoder = copy.deepcopy(original)
            if method != "plain":
                train(encoder, method, seed, material, settings, context)
            write_atomically(file, json.dumps(read(encoder, material, settings)).encode())
        found.setdefault(method, []).append(json.loads(file.read_text()))
    return found


def train(
    encoder: TextEncoder, method: str, seed: int, material: Material, settings: Matryoshka2dSettings, context: Context
) -> None:
    """Train all blocks in place, without dropout; the batches of a seed are the same for every method."""
    rng, generator = context.rng("batches", seed), context.torch_generator("draws", seed)
    losses = _losses(settings)
    for name, one in encoder.model.named_parameters():
        one.requires_grad = name.startswith("encoder.")
    wanted = [one for one in encoder.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(wanted, lr=settings.rate)
    for _ in context.progress(range(settings.steps), f"Training {method}, seed {seed}"):
        chosen = rng.choice(len(material.train), settings.batch, replace=False)
        texts = [material.train[row][side] for side in (0, 1) for row in chosen]
        layers = [one.view(2, settings.batch, -1) for one in layer_vectors(encoder, encoder.tokenise(texts))]
        base, last = losses["base"], layers[-1]
        if method == "last":
            loss = base(last)
        elif method == "mse":
            # One width is drawn at each step, as 2DMSE does, so that both see as many terms of the last layer.
            dim = settings.dims[int(torch.randint(len(settings.dims), (), generator=generator))]
            loss = base(last) + base(narrow(last, dim))
        else:
            nested = losses[method]
            loss = nested(layers) if method == "ese" else nested(layers, generator=generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _losses(settings: Matryoshka2dSettings) -> dict[str, nn.Module]:
    base = AnglELoss()
    return {
        "base": base,
        "2dmse": TwoDimensionalLoss(base, settings.dims),
        "no-kl": TwoDimensionalLoss(base, settings.dims, align=0.0),
        "ese": EspressoLoss(base, settings.compressed),
    }


@torch.no_grad()
def read(encoder: TextEncoder, material: Material, settings: Matryoshka2dSettings) -> Grid:
    """Return Spearman's correlation of cosines with the tree's likeness, by layer and width."""
    sides = [_all_layers(encoder, one) for one in (material.first, material.second)]
    grid = []
    for first, second in zip(*sides, strict=True):
        row = []
        for dim in (*settings.dims, encoder.dim):
            cosines = F.cosine_similarity(narrow(first, dim), narrow(second, dim), dim=1)
            row.append(float(spearmanr(cosines.numpy(), material.likeness).statistic))
        grid.append(row)
    return grid


def _all_layers(encoder: TextEncoder, texts: list[str]) -> list[torch.Tensor]:
    parts = [
        layer_vectors(encoder, encoder.tokenise(texts[start : start + _BATCH]))
        for start in range(0, len(texts), _BATCH)
    ]
    return [torch.cat(one) for one in zip(*parts, strict=True)]
