"""What the volume is in theory: the entropy of a Gaussian, up to invariances, and semantic entropy in the limit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import multivariate_normal, ortho_group, spearmanr

from seme.experiment import Context
from seme.interp.uncertainty import Samples, SemanticEntropy, SemanticVolume, log_scatter, log_volume
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p34_semantic_volume import SemanticVolumeSettings

_DIMS = (2, 3, 5, 8, 12, 16, 20)
_ANGLES = (0.7, 0.85, 1.0, 1.15, 1.3, 1.45)


def add(report: Report, settings: SemanticVolumeSettings, context: Context) -> None:
    """Simulate Gaussians and two clusters."""
    halves, theory, gaps = _gaussians(settings.rows, context)
    report.claim(
        Claim.at_most(
            "Half the volume of Gaussian samples is their differential entropy and a constant "
            "(largest relative difference)",
            measured=float(np.max(gaps)),
            ceiling=0.01,
            spread=(float(np.min(gaps)), float(np.max(gaps))),
            paper_value="affine in the entropy",
            note=f"{_DIMS[0]} to {_DIMS[-1]} dimensions, {settings.rows} samples, covariances at random.",
        )
    )
    _claim_invariance(report, context)
    volumes, entropies = _two_clusters(context)
    steps = np.diff(volumes)
    report.claim(
        Claim.at_least(
            "Two clusters of equal mass that move apart: the volume rises at every step (smallest rise)",
            measured=float(steps.min()),
            floor=1e-6,
            note=f"Angles of {_ANGLES[0]} to {_ANGLES[-1]}; the volume rises by {steps.sum():.3f} nats.",
        )
    )
    report.claim(
        Claim.equal(
            "Two clusters of equal mass that move apart: semantic entropy stays where it is (largest change)",
            measured=float(np.ptp(entropies)),
            value=0.0,
            tolerance=1e-9,
            note=f"It is {entropies[0]:.4f} nats; ln 2 is {math.log(2):.4f}.",
        )
    )
    _claim_limit(report, context)
    _draw(report, halves, theory, volumes, entropies)


def _gaussians(rows: int, context: Context) -> tuple[list[float], list[float], list[float]]:
    halves, theory, gaps = [], [], []
    for d in _DIMS:
        rng = context.rng("gaussian", d)
        root = rng.normal(size=(d, d)) / math.sqrt(d) + 0.5 * np.eye(d)
        x = rng.normal(size=(rows, d)) @ root.T
        entropy = float(multivariate_normal(np.zeros(d), root @ root.T).entropy())
        expected = entropy + d * (math.log(rows) - math.log(2 * math.pi * math.e)) / 2
        found = float(log_scatter(x, centred=True)) / 2
        halves.append(found)
        theory.append(expected)
        gaps.append(abs(found - expected) / abs(expected))
    return halves, theory, gaps


def _claim_invariance(report: Report, context: Context) -> None:
    rng = context.rng("invariance")
    d, n = 6, 20
    w = rng.normal(size=(d, d)) + 2 * np.eye(d)
    sets = rng.normal(size=(30, n, d)) * rng.uniform(0.3, 2, size=(30, 1, 1))
    shifts = log_scatter(sets @ w.T) - log_scatter(sets)
    report.claim(
        Claim.at_most(
            "A linear map W adds 2 log|det W| to every volume (largest difference)",
            measured=float(np.abs(shifts - 2 * np.linalg.slogdet(w).logabsdet).max()),
            ceiling=1e-8,
        )
    )
    turn = ortho_group(d, seed=rng).rvs()
    moved = log_volume(sets[:, rng.permutation(n)] @ turn.T, epsilon=1e-6)
    report.claim(
        Claim.at_most(
            "The volume keeps when samples are put in another order and turned (largest difference)",
            measured=float(np.abs(moved - log_volume(sets, epsilon=1e-6)).max()),
            ceiling=1e-8,
        )
    )


def _two_clusters(context: Context) -> tuple[list[float], list[float]]:
    noise = 0.02 * context.rng("clusters").normal(size=(20, 6))
    volumes, entropies = [], []
    for angle in _ANGLES:
        ends = np.zeros((2, 6))
        ends[0, 0], ends[1, :2] = 1, (math.cos(angle), math.sin(angle))
        samples = _placed(np.repeat(ends, 10, axis=0) + noise)
        volumes.append(float(SemanticVolume(None)(samples)[0]))
        entropies.append(float(SemanticEntropy()(samples)[0]))
    return volumes, entropies


def _placed(rows: np.ndarray) -> Samples:
    return Samples.of([[str(i) for i in range(len(rows))]], encode=lambda _: rows)


def _claim_limit(report: Report, context: Context) -> None:
    """In the limit of tight, orthogonal clusters, both rank questions alike."""
    rng = context.rng("limit")
    sets = [rng.multinomial(20, rng.dirichlet(np.full(6, 0.7))) for _ in range(60)]
    found = [_placed(np.repeat(np.eye(6), sizes, axis=0)) for sizes in sets]
    volumes = [float(SemanticVolume(None)(one)[0]) for one in found]
    entropies = [float(SemanticEntropy()(one)[0]) for one in found]
    report.claim(
        Claim.at_least(
            "Where samples fall into tight, orthogonal clusters, volume and semantic entropy rank questions "
            "alike (Spearman)",
            measured=float(spearmanr(volumes, entropies).statistic),
            floor=0.9,
            paper_value="semantic entropy is the special case",
            note="60 sets of 20 samples with the masses of up to 6 clusters at random.",
        )
    )


def _draw(
    report: Report, halves: list[float], theory: list[float], volumes: list[float], entropies: list[float]
) -> None:
    figure = Figure(figsize=(7.4, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(theory, theory, "-", color="0.6", lw=1, label="equal")
    left.plot(theory, halves, "o", color="black", ms=5, label="simulated, 2 to 20 dimensions")
    left.set_xlabel("entropy and constant (nats)")
    left.set_ylabel("half the volume (nats)")
    left.legend(fontsize=8)
    right.plot(_ANGLES, np.array(volumes) - volumes[0], "o-", color="black", label="semantic volume, rise")
    right.plot(_ANGLES, entropies, "s--", color="0.45", label="semantic entropy")
    right.set_xlabel("angle between two clusters (radians)")
    right.set_ylabel("nats")
    right.legend(fontsize=8)
    report.figure(
        "Theory",
        figure,
        "Left: half the volume of Gaussian samples against their differential entropy and the constant that theory "
        "adds. Right: two tight clusters of equal mass that move apart.",
    )
