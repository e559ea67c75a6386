"""Trainings of one encoder, each on the same batches."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.matryoshka2d import (
    AnglELoss,
    EspressoLoss,
    TwoDimensionalLoss,
    layer_vectors,
    narrow,
    truncate,
)
from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.experiments.matryoshka_2d.reading import Array, correlations, cosines
from seme.experiments.matryoshka_2d.texts import Material, Pairs
from seme.training.schedule import linear

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

METHODS = ("last", "mse", "2dmse", "ese", "no-kl", "half")
"""Last layer alone, its widths (Matryoshka), layers and widths, ESE, 2DMSE without alignment, and half an encoder."""
_WARM_UP = 0.1
_SEARCH = "search"
"""The seed of the trainings by which a rate is chosen: none of those that are judged."""

Vectors = Sequence[torch.Tensor]


class Bench:
    """What trainings share: the texts, and the encoder where all begin; what is read of them is kept in the cache."""

    def __init__(self, material: Material, settings: Matryoshka2dSettings, context: Context) -> None:
        self.material, self.settings, self.context = material, settings, context
        self.original = TextEncoder.load(settings.encoder, longest=settings.longest).eval()
        trained = settings.model_dump(exclude={"rates", "seeds", "pairs", "validation", "repeats"})
        texts = hashlib.sha256(repr((material.examples, material.hypernyms)).encode()).hexdigest()
        self._key = (trained, context.seed, texts)

    def choose(self) -> tuple[float, list[list[float]]]:
        """Return the rate at which the last layer alone does best on validation pairs, and what each rate gives.

        The last layer is read at full width: the choice is the baseline's own, and not that of the nested losses.
        A row has the rate, and rho at full depth and width and on average over shallow layers.
        """
        pairs, rows = self.material.validation, []
        for rate in self.context.progress(self.settings.rates, "Choosing a rate"):
            grid = correlations(self.read("last", _SEARCH, rate, pairs), pairs.likeness)
            rows.append([rate, float(grid[-1, -1]), float(grid[: self.original.depth // 2].mean())])
        return max(rows, key=lambda row: row[1])[0], rows

    def readings(self, rate: float) -> dict[str, Array]:
        """Train each method with each seed, and return its test cosines, (seeds, layers, widths, pairs).

        `plain` is the encoder as it comes; `half` has the first half of the layers only.
        """
        jobs = [("plain", 0), *((method, seed) for seed in range(self.settings.seeds) for method in METHODS)]
        found: dict[str, list[Array]] = {}
        for method, seed in self.context.progress(jobs, "Training and reading encoders"):
            found.setdefault(method, []).append(self.read(method, seed, rate, self.material.test))
        return {method: np.array(each) for method, each in found.items()}

    def read(self, method: str, seed: int | str, rate: float, pairs: Pairs) -> Array:
        """Return the cosines of pairs by layer and width after a training, from the cache where they are kept."""

        def make() -> dict[str, list[float]]:
            encoder = self._trained(method, seed, rate)
            return {"cosines": cosines(encoder, pairs, self.settings.dims).round(7).tolist()}

        key = ("matryoshka-2d", *self._key, method, seed, rate, pairs.first, pairs.second)
        return np.array(kept(self.context.cache, key, make)["cosines"])

    def _trained(self, method: str, seed: int | str, rate: float) -> TextEncoder:
        if method == "plain":
            return self.original
        halved = method == "half"
        encoder = truncate(self.original, self.original.depth // 2) if halved else copy.deepcopy(self.original)
        train(encoder, _loss("last" if halved else method, seed, self.settings, self.context), seed, rate, self)
        return encoder.eval()


def train(
    encoder: TextEncoder, loss: Callable[[Vectors], torch.Tensor], seed: int | str, rate: float, bench: Bench
) -> None:
    """Train all blocks in place, without dropout; the batches of a seed are the same for every method.

    A batch is of one kind of pairs, examples and hypernyms in turn, so that what is wrong is of the kind of what is
    right. The rate rises over the first tenth of the steps, and falls to 0.
    """
    settings, rng = bench.settings, bench.context.rng("batches", seed)
    for name, one in encoder.model.named_parameters():
        one.requires_grad = name.startswith("encoder.")
    wanted = [one for one in encoder.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(wanted, lr=rate, fused=True)
    schedule = linear(warmup=_WARM_UP, decay=1 - _WARM_UP)
    for step in bench.context.progress(range(settings.steps), f"Training, seed {seed}"):
        pool = bench.material.hypernyms if step % 2 else bench.material.examples
        chosen = rng.choice(len(pool), settings.batch, replace=False)
        texts = [pool[row][side] for side in (0, 1) for row in chosen]
        optimizer.param_groups[0]["lr"] = rate * schedule(step / settings.steps)
        optimizer.zero_grad()
        loss([one.view(2, settings.batch, -1) for one in layer_vectors(encoder, encoder.tokenise(texts))]).backward()
        optimizer.step()


def _loss(
    method: str, seed: int | str, settings: Matryoshka2dSettings, context: Context
) -> Callable[[Vectors], torch.Tensor]:
    base, generator = AnglELoss(), context.torch_generator("draws", seed)
    nested = TwoDimensionalLoss(base, settings.dims, align=0.0 if method == "no-kl" else 1.0)
    espresso = EspressoLoss(base, settings.compressed)

    def widths(layers: Vectors) -> torch.Tensor:
        # One width is drawn at each step, as 2DMSE does, so that both see as many terms of the last layer.
        dim = settings.dims[int(torch.randint(len(settings.dims), (), generator=generator))]
        found: torch.Tensor = base(layers[-1]) + base(narrow(layers[-1], dim))
        return found

    losses: dict[str, Callable[[Vectors], torch.Tensor]] = {
        "last": lambda layers: base(layers[-1]),
        "mse": widths,
        "ese": espresso,
    }
    return losses.get(method, lambda layers: nested(layers, generator=generator))
