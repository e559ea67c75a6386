"""One probe a layer and split, on states that were recorded once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.base import clone

from seme.errors import InputError
from seme.interp.probes.controls import shuffled_within
from seme.interp.probes.measuring import MEASURES, confusion, measured
from seme.interp.probes.probe import Probe, ProbeWarning
from seme.interp.probes.scores import LayerScores
from seme.interp.probes.splitting import coded, grouped, grouped_splits
from seme.interp.probes.states import LayerStates


def probe_layers(
    states: LayerStates,
    labels: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    probe: Probe | None = None,
    splits: int = 4,
    test_share: float = 0.4,
    seed: int = 0,
    parts: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] | None = None,
    shuffled: bool = False,
    progress: Callable[..., Iterator[Any]] | None = None,
) -> LayerScores:
    """Fit a probe at every layer, and measure it on groups that it has not seen.

    Parameters
    ----------
    states
        Of n texts at each layer.
    labels
        (n,) classes.
    groups
        (n,) what is not torn apart by a split: the entity that a text is about, the template's filler. Without, near
        copies of test texts are trained on, and accuracy says nothing.
    probe
        Its settings; by default `Probe()`.
    splits, test_share, seed
        See `grouped_splits`; Jin et al. 2024 test on 40 %.
    parts
        Splits of one's own, instead of drawn ones: numbers of the texts to train on and to test on. Every class has to
        be in both, and no group in both of a split.
    shuffled
        The control: labels shuffled within the training part and within the test part, anew in each split.
    progress
        Called as `progress(layers, label, total)`.

    Raises
    ------
    InputError
        If labels, groups or splits cannot be used.

    Warns
    -----
    ProbeWarning
        Once, naming the layers whose probes did not converge.
    """
    count = len(states)
    classes, codes = coded(labels, count)
    numbers = grouped(groups, count)
    if parts is None:
        parts = list(grouped_splits(codes, numbers, splits=splits, test_share=test_share, seed=seed))
    _check_parts(parts, codes, numbers)
    targets = [codes] * len(parts)
    if shuffled:
        rng = np.random.default_rng(seed)
        targets = [shuffled_within(codes, part, rng) for part in parts]
    base = Probe() if probe is None else probe
    scores = {name: np.zeros((states.layers, len(parts))) for name in MEASURES}
    right, tested = np.zeros((states.layers, count)), np.zeros(count)
    confused = np.zeros((states.layers, len(classes), len(classes)), dtype=np.int64)
    unconverged = []
    for _, test in parts:
        tested[test] += 1
    numbered: Iterable[int] = range(states.layers)
    shown = numbered if progress is None else progress(numbered, "Probing", states.layers)
    for layer in shown:
        rows = states.layer(layer).astype(np.float64)
        if not np.isfinite(rows).all():
            raise InputError(f"the states of layer {states.names[layer]} hold NaN or infinity")
        for split, ((train, test), target) in enumerate(zip(parts, targets, strict=True)):
            with config_context(assume_finite=True, skip_parameter_validation=True):  # half the time of small fits
                fitted = _fitted(base, rows[train], target[train], numbers[train])
                p = fitted.predict_proba(rows[test])
            if not fitted.converged_:
                unconverged.append(states.names[layer])
            right[layer, test] += p.argmax(axis=1) == target[test]
            confused[layer] += confusion(p.argmax(axis=1), target[test], len(classes))
            for name, value in measured(p, target[test]).items():
                scores[name][layer, split] = value
    _warn(unconverged, base)
    return LayerScores(
        states.names, tuple(map(str, classes)), right=right, tested=tested, confusion=confused, groups=numbers,
        unconverged=tuple(dict.fromkeys(unconverged)), **scores,
    )  # fmt: skip


def _check_parts(
    parts: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
    codes: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
) -> None:
    if not parts:
        raise InputError("parts is empty, expected one split or more")
    for number, (train, test) in enumerate(parts):
        if np.intersect1d(groups[train], groups[test]).size:
            raise InputError(
                f"parts[{number}] has a group in both of its parts", hint="grouped_splits keeps them apart"
            )
        if any(len(np.unique(codes[one])) < codes.max() + 1 for one in (train, test)):
            raise InputError(f"parts[{number}] lacks a class in one of its parts", hint="Give each class more groups")


def _fitted(base: Probe, x: npt.NDArray[np.float64], y: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> Probe:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProbeWarning)  # said once for all layers
        fitted: Probe = clone(base).fit(x, y, groups)
    return fitted


def _warn(unconverged: list[str], base: Probe) -> None:
    if unconverged:
        warnings.warn(
            f"probes of {len(unconverged)} fits did not converge in {base.most} iterations, at "
            f"{', '.join(dict.fromkeys(unconverged))}: raise most, or penalty",
            ProbeWarning,
            stacklevel=3,
        )
