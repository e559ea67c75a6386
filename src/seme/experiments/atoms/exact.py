"""What holds exactly: the metric's identity, Gershgorin's bound, recovery by l1, and the threshold window."""

from __future__ import annotations

import numpy as np
from scipy.linalg import hadamard

from seme.experiment import Context
from seme.interp.atoms import (
    basis_pursuit,
    coherence,
    dictionary_metric,
    isometry_constant,
    recovery_window,
    rip_bound,
    support_exact_share,
    threshold_codes,
    unit_norm_atoms,
)
from seme.report import Claim, Report

_WIDTH, _UNITS = 256, 1024
_SUPPORTS = 200
_SIGNALS = 200
_RANGE = (1.0, 1.2)
_TOLERANCE = 1e-6


def add(report: Report, context: Context) -> None:
    """Check the paper's theorems on dictionaries that are known."""
    atoms = context.rng("dictionary").normal(size=(_UNITS, _WIDTH))
    _add_metric(report, atoms, context)
    _add_recovery(report, context)
    _add_window(report, atoms, context)


def _add_metric(report: Report, atoms: np.ndarray, context: Context) -> None:
    metric = dictionary_metric(atoms)
    whitened = metric.whiten(atoms)
    error = float(np.abs(whitened.T @ whitened - np.eye(_WIDTH)).max())
    report.claim(
        Claim.at_most(
            "Under S = (D D^T)^-1 the outer products of all units add up to the identity (largest error)",
            measured=error,
            ceiling=_TOLERANCE,
        )
    )
    largest = coherence(atoms, metric).largest
    worst = max(
        isometry_constant(atoms, k, metric, supports=_SUPPORTS, seed=context.seed) / rip_bound(largest, k)
        for k in (2, 4, 8, 16)
    )
    report.claim(
        Claim.at_most(
            "The isometry constant of sampled supports stays within (K - 1) times the coherence (ratio)",
            measured=worst,
            ceiling=1.0,
        )
    )


def _add_recovery(report: Report, context: Context) -> None:
    """Two orthonormal bases of 64 dimensions have coherence 1/8: codes with up to four units are unique."""
    width = 16 if context.quick else 64
    atoms = np.vstack([np.eye(width), hadamard(width) / np.sqrt(width)])
    most = int((1 + np.sqrt(width)) / 2 - 1e-9)
    rng, worst = context.rng("recovery"), 0.0
    for k in range(1, most + 1):
        codes = _draw(rng, 3 if context.quick else 20, len(atoms), k, signed=True)
        worst = max(worst, float(np.abs(basis_pursuit(codes @ atoms, atoms) - codes).max()))
    report.claim(
        Claim.at_most(
            "Where the coherence is below 1/(2K - 1), the least l1 norm finds the true code (largest error)",
            measured=worst,
            ceiling=_TOLERANCE,
            note=f"Two orthonormal bases of {width} dimensions, K up to {most}.",
        )
    )


def _add_window(report: Report, atoms: np.ndarray, context: Context) -> None:
    metric = dictionary_metric(atoms)
    units = unit_norm_atoms(atoms, metric)
    eps, rng, rows = coherence(atoms, metric).largest, context.rng("window"), []
    inside, relu = [], []
    for k in (1, 2, 3, 4, 6):
        codes = _draw(rng, _SIGNALS, _UNITS, k, signed=False)
        x, window = codes @ units, recovery_window(eps, k, *_RANGE)
        tau = window.middle if window.exists else 0.65
        raw = threshold_codes(x, units, tau, metric)
        share, without = (
            support_exact_share(raw, codes),
            support_exact_share(threshold_codes(x, units, 0.0, metric), codes),
        )
        refitted = threshold_codes(x, units, tau, metric, refit=True)
        rows.append([k, window.exists, tau, share, _r2(x, raw @ units), _r2(x, refitted @ units), without])
        if window.exists:
            inside.append(share)
            relu.append(without)
    report.claim(
        Claim.equal(
            "Inside the window the threshold finds exactly the true units (share of activations)",
            measured=min(inside),
            value=1.0,
            tolerance=0.0,
        )
    )
    report.claim(
        Claim.at_most(
            "A ReLU in its place leaves false units active (share of activations that are exact)",
            measured=max(relu),
            ceiling=0.05,
        )
    )
    report.baseline("ReLU with the same weights", {"support exact": max(relu)})
    columns = ["K", "window exists", "threshold", "support exact", "R2 raw", "R2 refitted", "support exact, ReLU"]
    report.table(f"Thresholds on a random dictionary of {_UNITS} units in {_WIDTH} dimensions", columns, rows)


def _draw(rng: np.random.Generator, count: int, units: int, k: int, *, signed: bool) -> np.ndarray:
    codes = np.zeros((count, units))
    for row in codes:
        chosen = rng.choice(units, k, replace=False)
        row[chosen] = rng.uniform(*_RANGE, size=k) * (rng.choice([-1, 1], k) if signed else 1)
    return codes


def _r2(x: np.ndarray, made: np.ndarray) -> float:
    return 1 - float(((x - made) ** 2).sum() / ((x - x.mean(axis=0)) ** 2).sum())
