"""One condition: networks are trained, and their last hidden layer is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.experiment import Context
from seme.experiments.keeping import kept
from seme.interp.feature_bias import (
    BitFeature,
    BitTask,
    Ensemble,
    Mlp,
    Recipe,
    Represented,
    Task,
    outputs,
    represent,
    train,
    variance_explained,
)

if TYPE_CHECKING:
    from seme.experiments.p06_feature_bias import FeatureBiasSettings

Shares = npt.NDArray[np.float64]
EASY = BitFeature("linear")
LEARNED = 0.99
"""Accuracy from which a feature counts as learned."""
_FIT, _TEST = 101, 102
"""Seeds of the samples for the maps, and of those on which they are judged."""


class Condition:
    """What was measured of one kind of training: `shares` (seeds, features), `accuracy` (seeds, features), `steps`."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.names: list[str] = found["names"]
        self.shares, self.accuracy = np.array(found["shares"]), np.array(found["accuracy"])
        self.steps: int = found["steps"]

    @property
    def whole(self) -> Shares:
        """Shares in the networks that learned all features, (networks, features)."""
        kept: Shares = self.shares[self.accuracy.min(axis=1) >= LEARNED]
        return kept

    @property
    def gap(self) -> Shares:
        """Share of the first feature less that of the last, (seeds,)."""
        difference: Shares = self.shares[:, 0] - self.shares[:, -1]
        return difference

    @property
    def mean(self) -> list[float]:
        """Mean share of each feature over seeds."""
        return [float(one) for one in self.shares.mean(axis=0)]

    @property
    def learned(self) -> float:
        """Lowest accuracy of any network and feature."""
        return float(self.accuracy.min())


def hard(settings: FeatureBiasSettings) -> BitFeature:
    """Return the hard feature."""
    return BitFeature("parity", settings.parity)


def bits(settings: FeatureBiasSettings, features: Sequence[BitFeature]) -> BitTask:
    """Return inputs of the settings' width that carry some features."""
    return BitTask(features, noise=max(0, settings.bits - sum(one.bits for one in features)))


def mlp(
    settings: FeatureBiasSettings,
    task: BitTask,
    *,
    widths: Sequence[int] | None = None,
    dropout: float = 0.0,
    seed: int = 0,
) -> Ensemble:
    """Return untrained networks."""
    chosen = tuple(settings.widths if widths is None else widths)
    return Ensemble(lambda: Mlp(task.width, outputs(task), chosen, dropout=dropout), settings.seeds, seed=seed)


def looked(model: Ensemble, task: Task, settings: FeatureBiasSettings) -> list[Represented]:
    """Return the layer on the samples for the maps and on those for the shares."""
    return [represent(model, task, settings.samples, seed=seed) for seed in (_FIT, _TEST)]


def shares(found: list[Represented], *, scale: Sequence[float] | None = None) -> Shares:
    """Return what each feature explains of each network's layer, (members, k)."""
    fit, test = found
    return np.stack(
        [
            variance_explained(
                (fit.hidden[member], fit.labels),
                (test.hidden[member], test.labels),
                classes=max(fit.classes) > 2,
                scale=None if scale is None else scale[member],
            ).features
            for member in range(len(fit.hidden))
        ]
    )


def measured(
    name: str,
    make: Callable[[], Ensemble],
    task: Task,
    settings: FeatureBiasSettings,
    context: Context,
    prevalence: Sequence[float] | None = None,
    **training: Any,
) -> Condition:
    """Train networks and measure them, or take what an earlier run has kept."""
    parts = {"all": slice(None)}
    return measured_parts(name, make, task, settings, context, parts, prevalence=prevalence, **training)["all"]


def measured_parts(
    name: str,
    make: Callable[[], Ensemble],
    task: Task,
    settings: FeatureBiasSettings,
    context: Context,
    parts: Mapping[str, slice],
    prevalence: Sequence[float] | None = None,
    **training: Any,
) -> dict[str, Condition]:
    """Train networks and measure several parts of what is looked at."""

    def run() -> dict[str, Any]:
        model = make()
        recipe = replace(defaults(settings), **training)
        steps = train(model, task, recipe, seed=context.seed, prevalence=prevalence).steps
        whole = looked(model, task, settings)
        said = {"names": list(task.names), "accuracy": whole[1].accuracy.tolist(), "steps": steps}
        return {
            label: {**said, "shares": shares([replace(one, hidden=one.hidden[:, :, part]) for one in whole]).tolist()}
            for label, part in parts.items()
        }

    key = (
        "feature-bias",
        2,
        name,
        context.seed,
        settings.model_dump_json(),
        prevalence,
        sorted(training.items()),
        str(parts),
    )
    return {label: Condition(one) for label, one in kept(context.cache, key, run).items()}


def defaults(settings: FeatureBiasSettings) -> Recipe:
    """Return how networks are trained where nothing else is asked."""
    return Recipe(settings.steps, settings.size, settings.rate, until=settings.until, chunk=settings.chunk)


def ends(values: npt.ArrayLike) -> tuple[float, float]:
    """Return the lowest and highest value."""
    array = np.asarray(values, dtype=np.float64)
    return float(array.min()), float(array.max())
