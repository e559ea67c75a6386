"""One probe a layer and split, on states that were recorded once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.base import clone

from seme.errors import InputError
from seme.interp.probes.controls import shuffled_within
from seme.interp.probes.forest import ForestProbe
from seme.interp.probes.measuring import MEASURES, confusion, measured
from seme.interp.probes.probe import Probe, ProbeWarning
from seme.interp.probes.scores import LayerScores
from seme.interp.probes.splitting import coded, grouped, grouped_splits
from seme.interp.probes.states import LayerStates

AnyProbe: TypeAlias = Probe | ForestProbe
Parts: TypeAlias = Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]


def probe_layers(
    states: LayerStates,
    labels: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    probe: AnyProbe | None = None,
    splits: int = 4,
    test_share: float = 0.4,
    seed: int = 0,
    parts: Parts | None = None,
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
        Its settings; by default `Probe()`. `ForestProbe` is another family.
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
    classes, codes = coded(labels, len(states))
    numbers = grouped(groups, len(states))
    if parts is None:
        parts = list(grouped_splits(codes, numbers, splits=splits, test_share=test_share, seed=seed))
    _check_parts(parts, codes, numbers)
    targets = [codes] * len(parts)
    if shuffled:
        rng = np.random.default_rng(seed)
        targets = [shuffled_within(codes, part, rng) for part in parts]
    base = Probe() if probe is None else probe
    tested = np.bincount(np.concatenate([test for _, test in parts]), minlength=len(states)).astype(np.float64)
    numbered: Iterable[int] = range(states.layers)
    found = []
    for layer in numbered if progress is None else progress(numbered, "Probing", states.layers):
        rows = states.layer(layer).astype(np.float64)
        if not np.isfinite(rows).all():
            raise InputError(f"the states of layer {states.names[layer]} hold NaN or infinity")
        found.append(_probed(rows, parts, targets, numbers, base, len(classes)))
    unconverged = tuple(name for name, one in zip(states.names, found, strict=True) for _ in range(one.unconverged))
    _warn(list(unconverged), base)
    return LayerScores(
        states.names,
        tuple(map(str, classes)),
        right=np.stack([one.right for one in found]),
        tested=tested,
        confusion=np.stack([one.confusion for one in found]),
        groups=numbers,
        unconverged=tuple(dict.fromkeys(unconverged)),
        **{name: np.array([one.scores[name] for one in found]) for name in MEASURES},
    )


@dataclass(frozen=True, slots=True)
class _Probed:
    """One layer: in how many splits each text was read rightly, true by predicted, measures by split, failed fits."""

    right: npt.NDArray[np.float64]
    confusion: npt.NDArray[np.int64]
    scores: dict[str, list[float]]
    unconverged: int


def _probed(
    rows: npt.NDArray[np.float64],
    parts: Parts,
    targets: Sequence[npt.NDArray[np.int64]],
    groups: npt.NDArray[np.int64],
    base: AnyProbe,
    classes: int,
) -> _Probed:
    right, confused = np.zeros(len(rows)), np.zeros((classes, classes), dtype=np.int64)
    scores: dict[str, list[float]] = {name: [] for name in MEASURES}
    unconverged = 0
    for (train, test), target in zip(parts, targets, strict=True):
        with config_context(assume_finite=True, skip_parameter_validation=True):  # half the time of small fits
            fitted = _fitted(base, rows[train], target[train], groups[train])
            p = fitted.predict_proba(rows[test])
        unconverged += not fitted.converged_
        right[test] += p.argmax(axis=1) == target[test]
        confused += confusion(p.argmax(axis=1), target[test], classes)
        for name, value in measured(p, target[test]).items():
            scores[name].append(value)
    return _Probed(right, confused, scores, unconverged)


def _check_parts(
    parts: Parts,
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


def _fitted(
    base: AnyProbe, x: npt.NDArray[np.float64], y: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]
) -> AnyProbe:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProbeWarning)  # said once for all layers
        fitted: AnyProbe = clone(base).fit(x, y, groups)
    return fitted


def _warn(unconverged: list[str], base: AnyProbe) -> None:
    if unconverged and isinstance(base, Probe):
        warnings.warn(
            f"probes of {len(unconverged)} fits did not converge in {base.most} iterations, at "
            f"{', '.join(dict.fromkeys(unconverged))}: raise most, or penalty",
            ProbeWarning,
            stacklevel=3,
        )
