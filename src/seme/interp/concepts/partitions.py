"""Partitions of embeddings: by k-means, by people, by chance; and how much two of them agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from seme.errors import InputError
from seme.interp.concepts.tradeoff import Labels, checked, checked_labels

Partition = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much two partitions agree: adjusted mutual information, mutual information and Rand index.

    Mutual informations are over the arithmetic mean of both entropies.
    """

    ami: float
    nmi: float
    ari: float


def agreement(labels: Labels, others: Labels) -> Agreement:
    """Return how much two partitions of the same items agree."""
    first, second = checked_labels(labels), checked_labels(others)
    if len(first) != len(second):
        raise InputError(f"labels has {len(first)} entries and others {len(second)}, expected the same items")
    return Agreement(
        float(adjusted_mutual_info_score(first, second)),
        float(normalized_mutual_info_score(first, second)),
        float(adjusted_rand_score(first, second)),
    )


def cluster(x: npt.ArrayLike, k: int, *, starts: int = 100, seed: int = 0) -> list[Partition]:
    """Return a partition of embeddings (n, d) for each of several starts of k-means, the least distortion first.

    Raises
    ------
    InputError
        If `k` is not from 1 to n, or there is no start.
    """
    rows = checked(x)
    if not 1 <= k <= len(rows):
        raise InputError(f"k is {k}, expected 1 to {len(rows)}, the number of items")
    if starts < 1:
        raise InputError(f"starts is {starts}, expected at least 1")
    found = [KMeans(k, n_init=1, random_state=seed + start).fit(rows) for start in range(starts)]
    ordered = sorted(found, key=lambda one: float(one.inertia_))
    return [one.labels_.astype(np.int64) for one in ordered]


def shuffled(labels: Labels, count: int, rng: np.random.Generator) -> Iterator[Partition]:
    """Yield random partitions whose clusters are as large as those given."""
    places = checked_labels(labels)
    for _ in range(count):
        yield rng.permutation(places)
