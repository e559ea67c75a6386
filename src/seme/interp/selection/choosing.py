"""Choosing samples under a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.selection.inputs import Embeddings, Vector, as_csr
from seme.interp.selection.similarity import Aggregate, Metric, task_scores, weighted_jaccard


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen of a pool.

    Attributes
    ----------
    indices
        Numbers of the chosen samples, the nearest first, (k,).
    scores
        Of all samples of the pool, (samples,).
    skipped
        Numbers of samples that were passed over as near duplicates of a chosen one.
    """

    indices: npt.NDArray[np.int64]
    scores: Vector
    skipped: npt.NDArray[np.int64]


def select(
    pool: Embeddings,
    targets: Embeddings,
    budget: float,
    *,
    metric: Metric = "jaccard",
    aggregate: Aggregate = "prototype",
    excluded: npt.ArrayLike = (),
    near: float | None = None,
) -> Selection:
    """Choose the samples of a pool that fit a task best (arXiv 2503.15573, section 3).

    Parameters
    ----------
    pool, targets
        Embeddings of the pool and of the task's examples, (samples, units) and (examples, units).
    budget
        How many samples: a whole number, or a share of the pool below 1. The paper takes 0.05.
    metric, aggregate
        See `task_scores`.
    excluded
        Numbers of samples that may not be chosen, such as those that `copies_of_targets` returns.
    near
        Pass over samples whose Jaccard similarity to one that was chosen before is this or more. The method itself has
        no term for diversity; None leaves it so.

    Raises
    ------
    InputError
        If the budget is not positive or more than there are samples, there is no example, or see `task_scores`.
    """
    rows = as_csr("pool", pool)
    scores = task_scores(rows, targets, metric=metric, aggregate=aggregate)
    order = np.argsort(-scores, kind="stable")
    order = order[~np.isin(order, np.asarray(excluded, dtype=np.int64))]
    count = budget_count(budget, rows.shape[0], len(order))
    if near is None:
        return Selection(order[:count], scores, np.empty(0, dtype=np.int64))
    chosen, skipped = _apart(rows, order, count, near)
    if len(chosen) < count:
        raise InputError(
            f"{len(chosen)} samples are left that are not near duplicates, and the budget is {count}",
            hint="Raise near, or lower the budget",
        )
    return Selection(chosen, scores, skipped)


def budget_count(budget: float, samples: int, left: int | None = None) -> int:
    """Return a budget, a number or a share below 1, as a number of samples of which some are `left` to choose.

    Raises
    ------
    InputError
        If it is not positive, not whole, or more than there are.
    """
    count = max(1, round(budget * samples)) if 0 < budget < 1 else int(budget)
    if budget <= 0 or (budget >= 1 and count != budget):
        raise InputError(f"budget is {budget}, expected a whole number >= 1 or a share between 0 and 1")
    left = samples if left is None else left
    if count > left:
        raise InputError(f"budget is {count}, and there are {left} samples to choose from (of {samples})")
    return count


def copies_of_targets(pool: Sequence[str], targets: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the numbers of texts of a pool that are examples, too, but for case and white space.

    They would be chosen first, and what is measured on the task would be what was learned by heart.
    """
    known = {_plain(text) for text in targets}
    return np.array([number for number, text in enumerate(pool) if _plain(text) in known], dtype=np.int64)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _apart(
    rows: Embeddings, order: npt.NDArray[np.int64], count: int, near: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    if not 0 < near <= 1:
        raise InputError(f"near is {near}, expected a similarity above 0 and up to 1")
    chosen: list[int] = []
    skipped: list[int] = []
    for number in order.tolist():
        if len(chosen) == count:
            break
        alike = chosen and weighted_jaccard(rows[chosen], rows[[number]].toarray()[0]).max() >= near
        (skipped if alike else chosen).append(number)
    return np.array(chosen, dtype=np.int64), np.array(skipped, dtype=np.int64)
