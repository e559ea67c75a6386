"""What is made of head outputs in all parts: an autoencoder, scores, and how long each took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from seme.experiment import Context
from seme.interp.circuits import (
    HeadAutoencoder,
    Identification,
    detection,
    identify,
    mean_difference,
    node_scores,
    predictions,
    training_prompts,
)
from seme.interp.circuits.scores import Floats

if TYPE_CHECKING:
    from seme.experiments.p05_circuits import CircuitsSettings

VARIANTS = ("nodes", "nodes, normalised", "nodes, across layer", "edges")
MEAN_DIFFERENCE, ATTRIBUTION = "mean difference", "attribution patching"


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one autoencoder, and the seconds that training, scores of nodes, and all scores took."""

    found: Identification
    unexplained: float
    training: float
    nodes: float
    all: float

    def variants(self) -> dict[str, Floats]:
        """Return the scores by the name of the variant, (layers, heads) each."""
        across = predictions(self.found.nodes, across_layer=True)
        return dict(zip(VARIANTS, (self.found.nodes, self.found.normalised, across, self.found.by_edges), strict=True))


def scored(
    positive: Tensor,
    negative: Tensor,
    settings: CircuitsSettings,
    context: Context,
    seed: int,
    *,
    features: int | None = None,
    training: int | None = None,
) -> Scored:
    """Train an autoencoder on some prompts and score the heads on all.

    Steps of a longer training see as many rows as those of the usual one: the work stays the same.
    """
    count = training or settings.training
    chosen = training_prompts(positive, negative, count, context.rng("training", seed, count))
    rows = settings.training * chosen.shape[1] * chosen.shape[2]
    autoencoder = HeadAutoencoder(
        features or settings.features,
        sparsity=settings.sparsity,
        epochs=settings.epochs,
        batch_size=rows if count > settings.training else None,
        seed=context.seed + seed,
    )
    began = time.perf_counter()
    autoencoder.fit(chosen)
    trained = time.perf_counter()
    node_scores(autoencoder.codes(positive), autoencoder.codes(negative))
    nodes = time.perf_counter()
    found = identify(positive, negative, autoencoder)
    times = (trained - began, nodes - trained, time.perf_counter() - nodes)
    return Scored(found, autoencoder.unexplained_, *times)


def node_auc(one: Scored, truth: np.ndarray) -> float:
    """Return the area under the ROC curve of the plain score of nodes."""
    return detection(one.found.nodes, truth).auc


def shuffled_auc(one: Scored, truth: np.ndarray, settings: CircuitsSettings, context: Context, key: str) -> float:
    """Return the mean area over random sides of the prompts."""
    areas = [
        detection(one.found.shuffled(context.rng("shuffled", key, draw)), truth).auc for draw in range(settings.draws)
    ]
    return float(np.mean(areas))


def difference_of(positive: Tensor, negative: Tensor) -> np.ndarray:
    """Return the baseline of mean differences, (layers, heads)."""
    return np.asarray(mean_difference(positive, negative).numpy())
