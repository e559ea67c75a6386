"""Neurons, features and atoms by the paper's two measures, with what chance and other texts say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.atoms.recording import Recorded, residual
from seme.interp.activations import Store
from seme.interp.atoms import (
    AtomDictionary,
    AtomicMetric,
    atomic_metric,
    coherence,
    null_level,
    random_level,
    share_unique,
    uniqueness_curve,
    uniqueness_level,
)
from seme.interp.dictionaries import Dictionary, ReLU, evaluate
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p01_atoms import AtomsSettings


@dataclass(frozen=True, slots=True)
class Measured:
    """One set of units at one layer."""

    kind: str
    layer: int
    samples: int
    seed: int
    q: float
    r2: float
    held_out: float
    l0: float
    sparsity: int
    unique: float
    random: float
    closed: float


def add(report: Report, recorded: Recorded, settings: AtomsSettings, context: Context) -> dict[int, AtomDictionary]:
    """Measure all units at all layers and sizes, and state the claims on the smallest number of activations.

    Returns
    -------
    dict
        By layer, the atoms that were found from the most activations with the first seed.
    """
    found: list[Measured] = []
    kept: dict[int, AtomDictionary] = {}
    jobs = [
        (layer, multiple, seed)
        for layer in settings.layers
        for multiple in settings.samples
        for seed in range(settings.seeds)
    ]
    metrics = {layer: atomic_metric(recorded.train[residual(layer)]) for layer in settings.layers}
    for layer in settings.layers:
        found.append(_neurons(recorded.held_out[residual(layer)], metrics[layer], layer))
    for layer, multiple, seed in context.progress(jobs, "Training dictionaries"):
        train, held_out = recorded.train[residual(layer)], recorded.held_out[residual(layer)]
        atoms, measured = _dictionaries(train, held_out, metrics[layer], layer, multiple, context.seed + seed, settings)
        found += measured
        if seed == 0:
            kept[layer] = atoms
    _add_claims(report, found, settings)
    _add_table(report, found)
    _add_figure(report, recorded, metrics, settings, context)
    return kept


def _neurons(held_out: Store, metric: AtomicMetric, layer: int) -> Measured:
    rows = held_out.rows(slice(None))
    active = np.count_nonzero(rows, axis=1)
    return _measured("neurons", layer, 0, 0, np.eye(metric.width), metric, active, (1.0, 1.0), null=False)


def _dictionaries(
    train: Store, held_out: Store, metric: AtomicMetric, layer: int, multiple: float, seed: int, settings: AtomsSettings
) -> tuple[AtomDictionary, list[Measured]]:
    units = settings.expansion * train.width
    count = min(int(multiple * units), len(train))
    chosen = np.sort(np.random.default_rng(seed).choice(len(train), count, replace=False))
    part, other, size = train.part(chosen), held_out.rows(slice(None)), min(settings.batch_size, count)
    atoms = AtomDictionary(
        units,
        l0=settings.l0,
        steps=settings.steps,
        seed=seed,
        batch_size=size,
        learning_rate=settings.learning_rate,
        device="cpu",
    )
    atoms.fit(part, metric=metric)
    features = ReLU(
        units, steps=settings.steps, seed=seed, batch_size=size, learning_rate=settings.learning_rate, device="cpu"
    )
    features.fit(part)
    x = part.rows(slice(None))
    return atoms, [
        _of("atoms", atoms, x, other, metric, layer, seed),
        _of("features", features, x, other, metric, layer, seed),
    ]


def _of(
    kind: str, dictionary: Dictionary, x: np.ndarray, other: np.ndarray, metric: AtomicMetric, layer: int, seed: int
) -> Measured:
    codes = dictionary.encode(x)
    r2 = evaluate(dictionary, x).r2, evaluate(dictionary, other).r2
    return _measured(kind, layer, len(x), seed, dictionary.atoms_, metric, codes.l0, r2)


def _measured(
    kind: str,
    layer: int,
    samples: int,
    seed: int,
    atoms: np.ndarray,
    metric: AtomicMetric,
    active: np.ndarray,
    r2: tuple[float, float],
    *,
    null: bool = True,
) -> Measured:
    measured = coherence(atoms, metric, seed=seed)
    level = uniqueness_level(measured, active)
    sparsity = int(np.quantile(active, 0.99))
    random = random_level(metric.width, len(atoms), active, seed=seed).q if null else float("nan")
    closed = null_level(metric.width, len(atoms), level.sparsity) if null else float("nan")
    return Measured(
        kind,
        layer,
        samples,
        seed,
        level.q,
        *r2,
        float(np.mean(active)),
        sparsity,
        share_unique(measured, sparsity),
        random,
        closed,
    )


def _add_claims(report: Report, found: Sequence[Measured], settings: AtomsSettings) -> None:
    least = min(one.samples for one in found if one.samples)
    atoms = [one for one in found if one.kind == "atoms" and one.samples == least]
    features = [one for one in found if one.kind == "features" and one.samples == least]
    neurons = [one for one in found if one.kind == "neurons"]
    mean = {
        name: float(np.mean([one.q for one in units]))
        for name, units in (("neurons", neurons), ("features", features), ("atoms", atoms))
    }
    note = f"{least} activations, {settings.expansion} atoms per dimension; mean over layers, {settings.seeds} seed(s)."
    report.claim(
        Claim.ordered(
            "Atoms are more stable than features, and those than neurons (q*)",
            mean,
            note=note,
            paper_value="0.5 % < 68.2 % < 99.8 %",
        )
    )
    spread = min(one.q for one in atoms), max(one.q for one in atoms)
    random = float(np.mean([one.random for one in atoms]))
    report.claim(
        Claim.at_least(
            "Nearly all of the uniqueness condition holds for atoms (q*, mean)",
            measured=mean["atoms"],
            floor=0.99,
            spread=spread,
            paper_value="99.74 to 99.95 %",
            note=f"A random dictionary with codes as sparse reaches {random:.4f}.",
        )
    )
    report.claim(
        Claim.at_most(
            "Nearly none of it holds for neurons (q*, mean)",
            measured=mean["neurons"],
            ceiling=0.10,
            paper_value="0.5 %",
        )
    )
    _add_reconstruction(report, atoms, settings)
    for name, units in (("Neurons", neurons), ("Features (ReLU)", features)):
        r2 = float(np.mean([one.r2 for one in units]))
        report.baseline(name, {"q*": mean[name.split()[0].lower()], "R2": r2})
    report.baseline("Random dictionary, codes as sparse as the atoms'", {"q*": random})


def _add_reconstruction(report: Report, atoms: Sequence[Measured], settings: AtomsSettings) -> None:
    best = {layer: float(np.mean([one.r2 for one in atoms if one.layer == layer])) for layer in settings.layers}
    spread = min(one.r2 for one in atoms), max(one.r2 for one in atoms)
    held_out = float(np.mean([one.held_out for one in atoms]))
    second = sorted(best.values())[-2 if len(best) > 1 else -1]
    report.claim(
        Claim.at_least(
            "Atoms reconstruct the activations that they were learned from (R2, second best layer)",
            measured=second,
            floor=0.99,
            spread=spread,
            paper_value="99.85 to 99.93 %",
            note=f"On other texts the mean is {held_out:.3f}: what was learned may be the rows themselves.",
        )
    )
    report.claim(
        Claim.at_least(
            "Atoms reconstruct other texts as well (R2, mean)",
            measured=held_out,
            floor=0.99,
            note="Not a claim of the paper: it reports what it learned from.",
        )
    )


def _add_table(report: Report, found: Sequence[Measured]) -> None:
    columns = [
        "units",
        "layer",
        "activations",
        "seed",
        "q*",
        "q* of a random dictionary",
        "closed form",
        "R2",
        "R2 held out",
        "L0",
        "K, 99 %",
        "share below their own bound",
    ]
    rows = [
        [
            one.kind,
            one.layer,
            one.samples,
            one.seed,
            one.q,
            one.random,
            one.closed,
            one.r2,
            one.held_out,
            one.l0,
            one.sparsity,
            one.unique,
        ]
        for one in found
    ]
    report.table("Units by layer", columns, rows)


def _add_figure(
    report: Report, recorded: Recorded, metrics: dict[int, AtomicMetric], settings: AtomsSettings, context: Context
) -> None:
    layer = settings.layers[0]
    train, metric = recorded.train[residual(layer)], metrics[layer]
    units = settings.expansion * train.width
    count = min(int(settings.samples[0] * units), len(train))
    x = train.rows(np.sort(context.rng("figure").choice(len(train), count, replace=False)))
    made = AtomDictionary(
        units,
        l0=settings.l0,
        steps=settings.steps,
        batch_size=min(settings.batch_size, count),
        learning_rate=settings.learning_rate,
        device="cpu",
    )
    made.fit(x, metric=metric)
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    levels = np.linspace(0.001, 1, 400)
    random = context.rng("random").normal(size=(units, train.width))
    pairs = [
        ("atoms", made.atoms_, made.encode(x).l0),
        ("random, as sparse", random, made.encode(x).l0),
        ("neurons", np.eye(train.width), np.full(len(x), train.width)),
    ]
    for axes, (name, atoms, active) in zip(figure.subplots(1, 3, sharey=True), pairs, strict=True):
        mu, bound = uniqueness_curve(coherence(atoms, metric), active, levels)
        axes.plot(levels, mu, label="coherence")
        axes.plot(levels, np.minimum(bound, 1.05), label="bound 1/(2K - 1)")
        axes.set(title=name, xlabel="q", ylim=(0, 1.1))
    figure.axes[0].legend(frameon=False, fontsize=8)
    report.figure(
        "Where coherence meets the bound",
        figure,
        f"Quantiles of the coherence rise and the bound from the quantiles of the active units falls; they cross at q* "
        f"(layer {layer}). A random dictionary with codes as sparse shows what chance gives.",
    )
