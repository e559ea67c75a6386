"""Splits that keep together what belongs together, and the checks of labels that all probes share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupShuffleSplit, StratifiedShuffleSplit

from seme.errors import InputError

Codes = npt.NDArray[np.int64]
FEWEST = 5
"""Texts of each class without which nothing is fitted."""


def coded(labels: npt.ArrayLike, count: int) -> tuple[npt.NDArray[np.str_], Codes]:
    """Return the classes in alphabetical order, and each text's by its number.

    Raises
    ------
    InputError
        If there is not one label a text, fewer than two classes, or a class with fewer than five texts.
    """
    given = np.asarray(labels)
    if given.shape != (count,):
        raise InputError(f"labels has the shape {given.shape}, expected ({count},), one a text")
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise InputError("labels holds NaN or infinity, expected names or numbers of classes")
    classes, codes, counts = np.unique(given, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise InputError(
            f"labels names {len(classes)} class ({classes[0]!s}), expected two or more", hint="Add texts of another"
        )
    if counts.min() < FEWEST:
        rare = classes[counts.argmin()]
        raise InputError(
            f"labels has {counts.min()} texts of class {rare!s}, expected {FEWEST} or more of each",
            hint=f"Add texts of {rare!s}, or leave the class out",
        )
    return classes, codes.astype(np.int64)


def grouped(groups: npt.ArrayLike | None, count: int) -> Codes:
    """Return the group of each text by its number; without groups, each text is its own.

    Raises
    ------
    InputError
        If there is not one group a text, or fewer than two groups.
    """
    if groups is None:
        return np.arange(count)
    given = np.asarray(groups)
    if given.shape != (count,):
        raise InputError(f"groups has the shape {given.shape}, expected ({count},), one a text")
    names, codes = np.unique(given, return_inverse=True)
    if len(names) < 2:
        raise InputError("groups names one group, expected two or more", hint="groups=None takes each text alone")
    return codes.astype(np.int64)


def grouped_splits(
    labels: npt.ArrayLike,
    groups: npt.ArrayLike | None = None,
    *,
    splits: int = 4,
    test_share: float = 0.4,
    seed: int = 0,
) -> Iterator[tuple[Codes, Codes]]:
    """Yield the numbers of the texts to train on and to test on; no group is in both.

    Where each group has one class, as many groups of each class are held out as its share asks.

    Parameters
    ----------
    labels
        (n,) classes.
    groups
        (n,) what must not be torn apart: the entity, the situation, the source of a rewrite.
    splits
        How many, drawn independently.
    test_share
        Share of the groups that are tested on.
    seed
        All splits follow from it.

    Raises
    ------
    InputError
        If an argument is out of its range, or a class is missing from a part.
    """
    count = len(np.atleast_1d(np.asarray(labels)))
    classes, codes = coded(labels, count)
    numbers = grouped(groups, count)
    if splits < 1:
        raise InputError(f"splits is {splits}, expected 1 or more")
    if not 0 < test_share < 1:
        raise InputError(f"test_share is {test_share}, expected a share between 0 and 1", hint="The paper's is 0.4")
    for train, test in _drawn(codes, numbers, splits, test_share, seed):
        for name, part in (("training", train), ("test", test)):
            absent = np.setdiff1d(np.arange(len(classes)), codes[part])
            if len(absent):
                raise InputError(
                    f"class {classes[absent[0]]!s} is missing from the {name} part of a split",
                    hint="Give each class more groups, or choose another test_share",
                )
        yield train, test


def _drawn(codes: Codes, groups: Codes, splits: int, test_share: float, seed: int) -> Iterator[tuple[Codes, Codes]]:
    _, first, of = np.unique(groups, return_index=True, return_inverse=True)
    classes = codes[first]
    if (codes != classes[of]).any():
        yield from GroupShuffleSplit(splits, test_size=test_share, random_state=seed).split(codes, codes, groups)
        return
    try:
        shuffled = StratifiedShuffleSplit(splits, test_size=test_share, random_state=seed)
        for train, test in shuffled.split(classes, classes):
            yield np.flatnonzero(np.isin(of, train)), np.flatnonzero(np.isin(of, test))
    except ValueError as error:
        counts = np.bincount(classes)
        raise InputError(
            f"there are {len(classes)} groups, of one class {counts[counts > 0].min()}: too few for a test_share of "
            f"{test_share}",
            hint="Give each class two groups or more, or choose another test_share",
        ) from error
