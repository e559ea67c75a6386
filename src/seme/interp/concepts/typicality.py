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
    rows, rated = checked(x), np.asarray(ratings, dtype=np.float64)
    if len(categories) != len(rows) or rated.shape != (len(rows),):
        raise InputError(f"there are {len(rows)} embeddings, {len(categories)} categories and {rated.shape} ratings")
    labels, found = np.asarray(categories), {}
    for category in dict.fromkeys(categories):
        if category not in names:
            raise InputError(f"names has no embedding of the category {category!r}")
        chosen = np.flatnonzero((labels == category) & ~np.isnan(rated))
        if len(chosen) < _FEWEST:
            raise InputError(f"the category {category!r} has {len(chosen)} rated items, expected at least {_FEWEST}")
        if np.ptp(rated[chosen]) == 0:
            raise InputError(f"all items of the category {category!r} are rated {rated[chosen[0]]:g}")
        cosines = _unit(rows[chosen]) @ _unit(checked(np.asarray(names[category])[None]))[0]
        found[category] = float(spearmanr(cosines, rated[chosen]).statistic)
    return found


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if (norms == 0).any():
        raise InputError(f"embedding {int(np.flatnonzero(norms[:, 0] == 0)[0])} is zero and has no cosine")
    unit: npt.NDArray[np.float64] = rows / norms
    return unit
