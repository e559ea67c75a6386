"""How much of a layer's variance a feature explains: from the feature to the layer, not the other way.

Decoding would find all features alike, for the network says them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Explained:
    """Shares of variance on unseen samples.

    Attributes
    ----------
    features
        Of the whole layer, by each feature alone, (k,).
    by_sample
        The same as the paper writes it, (k,): the mean over samples of each one's own share, in which samples near the
        layer's mean weigh as much as others.
    units
        Of each unit, by each feature alone, (k, d); 0 for units that never change.
    together
        Of the whole layer, by all features at once. For independent features it is about the sum.
    total
        The layer's variance, summed over units.
    """

    features: Float
    by_sample: Float
    units: Float
    together: float
    total: float


@dataclass(frozen=True, slots=True)
class Density:
    """How a feature is spread over units.

    `share` is that of the units of which it explains more than a threshold, `participation` the number of units it
    would take if all it explains were spread evenly (the participation ratio).
    """

    share: float
    participation: float


def variance_explained(
    fit: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    classes: bool = False,
    scale: float | None = None,
    most_correlation: float = 0.02,
) -> Explained:
    """Return the share of a layer's variance that each feature explains (Lampinen et al. 2024, "variance explained").

    A linear map from the centred feature to the centred layer is fitted on some samples and judged on others:
    `1 - E|W f - phi|² / E|phi|²`, a ratio of expectations.

    Parameters
    ----------
    fit, test
        A layer (n, d) and the values of k features (n, k), of samples for the map and of others for the share.
    classes
        Whether values name classes: the map is then from each feature's one-hot code, of any number of classes, rather
        than from its value.
    scale
        Variance to divide by instead of the test samples' own: that of the final network, where stages of training are
        compared.
    most_correlation
        Largest correlation of two features in the samples.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, a feature or the whole layer never changes, a class is in the test
        samples alone, or features are correlated, so that their shares would overlap.
    """
    layer, values = _checked("fit", fit)
    other, asked = _checked("test", test)
    if layer.shape[1] != other.shape[1] or values.shape[1] != asked.shape[1]:
        raise InputError(
            f"fit has {layer.shape[1]} units and {values.shape[1]} features, test {other.shape[1]} and {asked.shape[1]}"
        )
    codes = [_codes(values[:, one], asked[:, one], classes=classes) for one in range(values.shape[1])]
    for name, place in (("fit", 0), ("test", 1)):
        _check_correlation(name, [code[place] for code in codes], most_correlation)
    layer, other = layer - layer.mean(axis=0), other - layer.mean(axis=0)
    variance = np.square(other).mean(axis=0)
    total = float(variance.sum())
    if total <= 1e-20:
        raise InputError("test's layer is the same for all samples: there is no variance to explain")
    whole = total if scale is None else float(scale)
    if not whole > 0:
        raise InputError(f"scale is {scale}, expected a variance above 0")
    rests = [np.square(other - _mapped(code, layer)) for code in codes]
    gained = np.stack([variance - rest.mean(axis=0) for rest in rests])
    together = np.square(other - _mapped(_joined(codes), layer)).mean(axis=0).sum()
    lengths = np.square(other).sum(axis=1)
    apart = lengths > 1e-20  # a sample at the mean has no share of its own
    by_sample = [1 - float((rest.sum(axis=1)[apart] / lengths[apart]).mean()) for rest in rests]
    units = np.where(variance > 1e-20, gained / np.where(variance > 1e-20, variance, 1), 0.0)
    return Explained(gained.sum(axis=1) / whole, np.array(by_sample), units, (total - float(together)) / whole, total)


def unit_density(units: npt.ArrayLike, *, threshold: float = 0.05) -> Density:
    """Return how a feature is spread over units, from what it explains of each, (d,).

    Raises
    ------
    InputError
        If there is no unit, or a value is not finite.
    """
    values = np.asarray(units, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise InputError(f"units has the shape {values.shape}, expected finite shares (d,)")
    kept = np.maximum(values, 0)
    square = float(np.square(kept).sum())
    return Density(float((values > threshold).mean()), float(kept.sum() ** 2 / square) if square > 0 else 0.0)


def _codes(fit: Float, test: Float, *, classes: bool) -> tuple[Float, Float]:
    """Return a feature's codes (n, 1 or classes) in both samples, less their mean in the first."""
    if classes:
        names = np.unique(fit)
        if not np.isin(test, names).all():
            raise InputError("test has classes that are not in fit", hint="Draw samples with balanced=True")
        codes = (fit[:, None] == names).astype(np.float64), (test[:, None] == names).astype(np.float64)
    else:
        codes = fit[:, None], test[:, None]
    mean = codes[0].mean(axis=0)
    return codes[0] - mean, codes[1] - mean


def _joined(codes: list[tuple[Float, Float]]) -> tuple[Float, Float]:
    fit, test = (np.concatenate([code[place] for code in codes], axis=1) for place in (0, 1))
    return fit, test


def _mapped(code: tuple[Float, Float], layer: Float) -> Float:
    """Return what the best linear map from the first samples' codes to their layer says of the second."""
    mapped: Float = code[1] @ np.linalg.lstsq(code[0], layer, rcond=None)[0]
    return mapped


def _checked(name: str, given: tuple[npt.ArrayLike, npt.ArrayLike]) -> tuple[Float, Float]:
    layer, values = (np.asarray(one, dtype=np.float64) for one in given)
    if layer.ndim != 2 or values.ndim != 2 or len(layer) != len(values) or len(layer) < 3 or not layer.shape[1]:
        raise InputError(f"{name} has shapes {layer.shape} and {values.shape}, expected (n, d) and (n, k) of n >= 3")
    if not (np.isfinite(layer).all() and np.isfinite(values).all()):
        raise InputError(f"{name} holds NaN or infinity")
    flat = np.flatnonzero(np.ptp(values, axis=0) == 0)
    if len(flat):
        raise InputError(f"feature {flat[0]} is the same for all samples of {name}: it can explain nothing")
    return layer, values


def _check_correlation(name: str, codes: list[Float], most: float) -> None:
    owners = np.repeat(np.arange(len(codes)), [code.shape[1] for code in codes])
    changing = np.concatenate(codes, axis=1)
    kept = np.ptp(changing, axis=0) > 0  # a class may be missing from the test samples
    if len(codes) == 1 or kept.sum() < 2:
        return
    related = np.abs(np.corrcoef(changing[:, kept].T))
    worst = float(related[owners[kept][:, None] != owners[kept]].max())
    if worst > most:
        raise InputError(
            f"two features of {name} have a correlation of {worst:.3f}, and {most} is the most",
            hint="Draw samples with balanced=True, or more of them",
        )
