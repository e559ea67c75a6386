"""Whether what is typical of a category lies near its name (Shani et al. 2025, second question)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from seme.errors import InputError
from seme.interp.concepts.tradeoff import checked

_FEWEST = 3


def typicality_correlations(
    x: npt.ArrayLike, categories: Sequence[str], ratings: npt.ArrayLike, names: Mapping[str, npt.ArrayLike]
) -> dict[str, float]:
    """Return, for each category, Spearman's correlation of items' cosine to its name with their typicality.

    Parameters
    ----------
    x
        Embeddings of the items (n, d).
    categories
        Category of each item (n,).
    ratings
        Typicality of each item (n,), larger for more typical; NaN where there is none, and the item is left out.
    names
        Embedding (d,) of each category's name.

    Raises
    ------
    InputError
        If numbers do not fit, a category has no name, fewer than three rated items or ratings that are all the same, or
        an embedding is zero.
    """
    rated = _rated(ratings, len(categories))
    cosines = closeness(x, categories, names)
    labels, found = np.asarray(categories), {}
    for category in dict.fromkeys(categories):
        chosen = np.flatnonzero((labels == category) & ~np.isnan(rated))
        if len(chosen) < _FEWEST:
            raise InputError(f"the category {category!r} has {len(chosen)} rated items, expected at least {_FEWEST}")
        if np.ptp(rated[chosen]) == 0:
            raise InputError(f"all items of the category {category!r} are rated {rated[chosen[0]]:g}")
        found[category] = float(spearmanr(cosines[chosen], rated[chosen]).statistic)
    return found


def pooled_correlation(
    x: npt.ArrayLike, categories: Sequence[str], ratings: npt.ArrayLike, names: Mapping[str, npt.ArrayLike]
) -> float:
    """Return Spearman's correlation of cosines and ratings over the items of all categories at once.

    Arguments are those of `typicality_correlations`.

    Raises
    ------
    InputError
        As there; a category may have few ratings, but all together need three that differ.
    """
    rated = _rated(ratings, len(categories))
    known = ~np.isnan(rated)
    if known.sum() < _FEWEST or np.ptp(rated[known]) == 0:
        raise InputError(f"there are {int(known.sum())} ratings, expected at least {_FEWEST} that differ")
    return float(spearmanr(closeness(x, categories, names)[known], rated[known]).statistic)


def closeness(
    x: npt.ArrayLike, categories: Sequence[str], names: Mapping[str, npt.ArrayLike]
) -> npt.NDArray[np.float64]:
    """Return the cosine of each item (n, d) to its category's name, (n,).

    Raises
    ------
    InputError
        If numbers do not fit, a category has no name, or an embedding is zero.
    """
    rows = checked(x)
    if len(categories) != len(rows):
        raise InputError(f"there are {len(rows)} embeddings and {len(categories)} categories")
    missing = [one for one in dict.fromkeys(categories) if one not in names]
    if missing:
        raise InputError(f"names has no embedding of the category {missing[0]!r}")
    ends = {one: _unit(checked(np.asarray(names[one])[None]))[0] for one in dict.fromkeys(categories)}
    cosines: npt.NDArray[np.float64] = (_unit(rows) * np.stack([ends[one] for one in categories])).sum(axis=1)
    return cosines


def _rated(ratings: npt.ArrayLike, count: int) -> npt.NDArray[np.float64]:
    rated = np.asarray(ratings, dtype=np.float64)
    if rated.shape != (count,):
        raise InputError(f"there are {count} categories of items and {rated.shape} ratings")
    return rated


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if (norms == 0).any():
        raise InputError(f"embedding {int(np.flatnonzero(norms[:, 0] == 0)[0])} is zero and has no cosine")
    unit: npt.NDArray[np.float64] = rows / norms
    return unit
