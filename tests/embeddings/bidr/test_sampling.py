"""Walks over the proximity graph: every query once, batches within planted groups, nothing that loops for ever."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.bidr import GENERATORS, BidrBatches, Pool, Proximity, epoch_batches
from seme.errors import InputError

GROUPS, EACH = 6, 20


def planted() -> tuple[Proximity, list[np.ndarray]]:
    """Queries and documents of a group are near each other alone."""
    candidates, positives = [], []
    for query in range(GROUPS * EACH):
        group = np.arange(EACH) + query // EACH * EACH
        candidates.append(group[group != query])
        positives.append(np.array([query]))
    return Proximity(candidates, GROUPS * EACH), positives


@pytest.mark.parametrize(("method", "least"), [("random_walk", 0.95), ("snow_sample", 0.95), ("random", 0.0)])
def test_batches_of_a_walk_are_of_one_group(method, least):
    graph, positives = planted()
    rng, alike = np.random.default_rng(0), []
    for batch in epoch_batches(graph, positives, size=EACH // 4, method=method, rng=rng):
        groups = np.array(batch.queries) // EACH
        alike.append(np.bincount(groups).max() / len(groups))
    assert np.mean(alike) >= least
    assert (np.mean(alike) > 0.5) == (method != "random")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_query_occurs_once_with_what_is_right_and_what_is_wrong(data):
    queries, documents = data.draw(st.integers(1, 25)), data.draw(st.integers(1, 12))
    rows = st.integers(0, documents - 1)
    positives = [np.array(data.draw(st.lists(rows, min_size=1, max_size=3, unique=True))) for _ in range(queries)]
    candidates = [
        np.array([row for row in data.draw(st.lists(rows, unique=True)) if row not in right], dtype=np.int64)
        for right in positives
    ]
    method, negatives = data.draw(st.sampled_from(GENERATORS)), data.draw(st.integers(0, 3))
    batches = list(
        epoch_batches(
            Proximity(candidates, documents),
            positives,
            size=data.draw(st.integers(1, 9)),
            negatives=negatives,
            method=method,
            local=data.draw(st.booleans()),
            rng=np.random.default_rng(0),
        )
    )
    assert sorted(query for batch in batches for query in batch.queries) == list(range(queries))
    for batch in batches:
        assert len(batch.negatives) == negatives * len(batch.queries)
        assert all(own in positives[query] for query, own in zip(batch.queries, batch.positives, strict=True))


def test_steps_are_the_same_wherever_one_begins_and_mask_what_is_right():
    graph, positives = planted()
    vectors = np.random.default_rng(0).normal(size=(GROUPS * EACH, 3)).astype(np.float32)
    positives[3] = np.array([3, 4])
    steps = BidrBatches(Pool(vectors, vectors, positives), graph, size=32, method="random_walk")
    whole = list(islice(steps.starting_at(0), 9))
    for number in (1, 4, 8):
        step = next(steps.starting_at(number))
        assert all((step[key] == whole[number][key]).all() for key in step)
    assert all(step["ignored"].diagonal().all() for step in whole)


def test_what_cannot_be_walked_is_refused():
    graph, positives = planted()
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="method is 'bfs'"):
        next(epoch_batches(graph, positives, size=2, method="bfs", rng=rng))
    with pytest.raises(InputError, match="size is 0"):
        next(epoch_batches(graph, positives, size=0, rng=rng))
    with pytest.raises(InputError, match="query 1 has no positive"):
        next(epoch_batches(graph, [positives[0], np.array([]), *positives[2:]], size=2, rng=rng))
    with pytest.raises(InputError, match="candidates -1 to 3"):
        Proximity([np.array([-1, 3])], 5)
    pool = Pool(np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32), [np.array([0])])
    with pytest.raises(InputError, match="no graph"):
        BidrBatches(pool, size=1, method="snow_sample")
