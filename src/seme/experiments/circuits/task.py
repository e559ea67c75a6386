"""One task of the language model: can it do it, which heads take part, and who finds them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr
from torch import Tensor

from seme.assets import LanguageModel
from seme.experiment import Context
from seme.experiments.circuits.scoring import (
    ATTRIBUTION,
    MEAN_DIFFERENCE,
    Scored,
    difference_of,
    node_auc,
    scored,
    shuffled_auc,
)
from seme.interp.circuits import (
    TASKS,
    PromptPairs,
    activation_patching,
    attribution_patching,
    detection,
    logit_difference,
    remaining,
)
from seme.interp.heads import HeadValues, head_outputs, head_values, mean_values

if TYPE_CHECKING:
    from seme.experiments.p05_circuits import CircuitsSettings

_SHARE_ABLATED = 0.1
_ABLATED_PAIRS = 12


@dataclass(slots=True)
class TaskResult:
    """What was measured on one task.

    `lost_by_head` is a share of the logit difference, `seconds` are by step; `areas` holds ROC AUC by the name of the
    ranking, one for each autoencoder; `ranked` holds the scores of the first.
    """

    name: str
    pairs: PromptPairs
    right: float
    difference: float
    broken: float
    tokens: int
    lost_by_head: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    truth: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    stability: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    areas: dict[str, list[float]] = field(default_factory=dict)
    ranked: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)
    lost: dict[str, float] = field(default_factory=dict)
    sweeps: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether the model does the task and a circuit of some heads, not all, was found by patching."""
        return bool(0 < self.truth.sum() < self.truth.size)


def measure(
    name: str, language_model: LanguageModel, settings: CircuitsSettings, context: Context, *, sweep: bool
) -> TaskResult:
    """Make prompts, patch, score, and check the circuits."""
    model = language_model.model
    pairs = TASKS[name](language_model.tokenizer, settings.prompts, context.rng("prompts", name))
    positive, negative, seconds = _outputs(language_model, pairs)
    difference = logit_difference(model, pairs.part(0, settings.prompts // 2))
    broken = logit_difference(model, pairs.part(0, settings.prompts // 2), "negative")
    result = TaskResult(
        name,
        pairs,
        float((difference > 0).float().mean()),
        float(difference.mean()),
        float(broken.mean()),
        pairs.positive.shape[1],
        seconds={"activations": seconds},
    )
    if result.difference <= 0:
        return result
    _patch(result, language_model, settings, context)
    if result.done:
        _score(result, positive, negative, settings, context, sweep=sweep)
        _check(result, language_model, settings, context)
    return result


def _outputs(language_model: LanguageModel, pairs: PromptPairs) -> tuple[Tensor, Tensor, float]:
    began = time.perf_counter()
    positive, negative = (head_outputs(language_model.model, pairs.batch(side)) for side in ("positive", "negative"))
    return positive, negative, time.perf_counter() - began


def _patch(result: TaskResult, language_model: LanguageModel, settings: CircuitsSettings, context: Context) -> None:
    few = result.pairs.part(0, settings.patched)
    began = time.perf_counter()
    effects = activation_patching(
        language_model.model, few, progress=lambda layers: context.progress(list(layers), f"Patching, {result.name}")
    )
    patched = time.perf_counter()
    attributed = attribution_patching(language_model.model, few)
    result.seconds |= {"patching": patched - began, ATTRIBUTION: time.perf_counter() - patched}
    result.lost_by_head, result.truth = effects.share.numpy(), effects.circuit(settings.share).numpy()
    result.ranked[ATTRIBUTION] = attributed.share.abs().double().numpy()
    halves = [part.mean(0).flatten().numpy() for part in effects.lost.tensor_split(2)]
    result.stability = float(spearmanr(*halves).statistic) if settings.patched > 1 else 0.0


def _score(
    result: TaskResult, positive: Tensor, negative: Tensor, settings: CircuitsSettings, context: Context, *, sweep: bool
) -> None:
    result.ranked[MEAN_DIFFERENCE] = difference_of(positive, negative).astype(np.float64)
    runs = [
        scored(positive, negative, settings, context, seed)
        for seed in context.progress(range(settings.seeds), f"Autoencoders, {result.name}")
    ]
    for step, attribute in (("training", "training"), ("scoring nodes", "nodes"), ("scoring edges, too", "all")):
        result.seconds[step] = float(np.mean([getattr(one, attribute) for one in runs]))
    for one in runs:
        for variant, scores in one.variants().items():
            result.areas.setdefault(variant, []).append(detection(scores, result.truth).auc)
    result.areas["shuffled sides"] = [
        shuffled_auc(one, result.truth, settings, context, f"{result.name} {seed}") for seed, one in enumerate(runs)
    ]
    for baseline in (MEAN_DIFFERENCE, ATTRIBUTION):
        result.areas[baseline] = [detection(result.ranked[baseline], result.truth).auc]
    result.ranked |= runs[0].variants()
    _sweep(result, positive, negative, runs[0], settings, context, sweep=sweep)


def _sweep(
    result: TaskResult,
    positive: Tensor,
    negative: Tensor,
    usual: Scored,
    settings: CircuitsSettings,
    context: Context,
    *,
    sweep: bool,
) -> None:
    """Train on the most prompts, and on one of the tasks with other numbers of features, too."""
    most = min(max((settings.training, *settings.more_training)), 2 * settings.prompts)
    tried: dict[str, tuple[int, list[int]]] = {
        "training": (settings.training, [most]),
        "features": (settings.features, list(settings.more_features) if sweep else []),
    }
    for argument, (own, values) in tried.items():
        rows = [(own, node_auc(usual, result.truth), usual.unexplained)]
        for value in context.progress(sorted({*values} - {own}), f"{result.name} by {argument}"):
            one = scored(positive, negative, settings, context, 0, **{argument: value})
            rows.append((value, node_auc(one, result.truth), one.unexplained))
        result.sweeps[argument] = sorted(rows)


def _check(result: TaskResult, language_model: LanguageModel, settings: CircuitsSettings, context: Context) -> None:
    """Keep only circuits of some sizes, and take away the best tenth of the heads; beside random sets."""
    model, size = language_model.model, result.truth.size
    last = min(len(result.pairs), settings.patched + _ABLATED_PAIRS)
    held = result.pairs.part(settings.patched, last) if last > settings.patched else result.pairs
    means = mean_values(head_values(model, held.batch("negative")))
    orders = {name: np.argsort(-scores.ravel(), kind="stable") for name, scores in result.ranked.items()}
    orders["patching"] = np.argsort(-np.abs(result.lost_by_head).ravel())
    for count in (size // 10, size // 4, size // 2):
        for name in ("nodes", "edges", MEAN_DIFFERENCE, "patching"):
            kept = _chosen(orders[name][:count], result.truth.shape)
            result.checks[f"{name}, {count} heads"] = remaining(model, held, kept, means)
    count = int(_SHARE_ABLATED * size)
    rng = context.rng("draws", result.name)
    lost = [_lost(language_model, held, rng.permutation(size)[:count], result, means) for _ in range(settings.draws)]
    result.lost = {
        "nodes": _lost(language_model, held, orders["nodes"][:count], result, means),
        "patching": _lost(language_model, held, orders["patching"][:count], result, means),
        "random, most": max(lost),
        "random, mean": float(np.mean(lost)),
    }


def _lost(
    language_model: LanguageModel, pairs: PromptPairs, heads: np.ndarray, result: TaskResult, means: HeadValues
) -> float:
    return 1.0 - remaining(language_model.model, pairs, ~_chosen(heads, result.truth.shape), means)


def _chosen(heads: np.ndarray, shape: tuple[int, ...]) -> Tensor:
    chosen = torch.zeros(shape, dtype=torch.bool)
    chosen.view(-1)[torch.from_numpy(np.ascontiguousarray(heads))] = True
    return chosen
