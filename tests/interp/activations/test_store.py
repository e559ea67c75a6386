"""Rows are read in any order, each once, from everywhere at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from interp.activations.families import WIDTH, make_batch, make_model
from seme.errors import InputError
from seme.interp.activations import Store, as_store, record


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Store:
    folder = tmp_path_factory.mktemp("store")
    batches = [make_batch("llama", sequences=8, tokens=21) for _ in range(10)]
    return record(make_model("llama"), batches, "resid.0", folder=folder, shard_bytes=4096)["resid.0"]


def test_an_epoch_is_a_permutation_of_the_whole_store(recorded):
    numbered = as_store(np.arange(len(recorded), dtype=np.float32)[:, None])
    orders = [np.concatenate(list(numbered.batches(100, seed=seed, epochs=2)))[:, 0].astype(int) for seed in (0, 0, 1)]
    n = len(recorded)
    for order in orders:
        assert np.array_equal(np.sort(order[:n]), np.arange(n))
        assert np.array_equal(np.sort(order[n:]), np.arange(n))
        assert not np.array_equal(order[:n], order[n:])
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_batches_are_the_rows_in_that_order(recorded):
    numbered = as_store(np.arange(len(recorded), dtype=np.float32)[:, None])
    for rows, numbers in zip(recorded.batches(64, seed=3), numbered.batches(64, seed=3), strict=True):
        assert np.array_equal(rows, recorded.rows(numbers[:, 0].astype(int)))


def test_every_batch_mixes_documents_and_shards(recorded):
    n, size = len(recorded), 200
    documents = recorded.index[:, 0].astype(np.float32)[:, None]
    for batch in as_store(documents).batches(size, seed=0):
        if len(batch) < size:
            continue
        # 80 documents: a batch of 200 rows that are drawn at random misses about 6, one of neighbours about 69.
        assert len(np.unique(batch)) > 60
    order = np.concatenate(list(as_store(np.arange(n, dtype=np.float32)[:, None]).batches(size, seed=0)))[:, 0]
    # The place in the store says nothing about the place in the epoch: correlation within 5 standard deviations of 0.
    assert abs(np.corrcoef(order, np.arange(n))[0, 1]) < 5 / np.sqrt(n)


@given(st.lists(st.integers(0, 1560), max_size=30))
def test_any_rows_in_any_order(recorded, numbers):
    whole = recorded.rows(slice(None))
    assert np.array_equal(recorded.rows(numbers), whole[np.asarray(numbers, dtype=int)])


def test_a_split_shares_no_document(recorded):
    rest, out = recorded.split(0.25, seed=0)
    assert len(rest) + len(out) == len(recorded)
    assert not set(rest.index[:, 0]) & set(out.index[:, 0])
    assert len(np.unique(out.index[:, 0])) == 20
    np.testing.assert_allclose(out.mean, out.rows(slice(None)).astype(np.float64).mean(axis=0), rtol=1e-6, atol=1e-8)
    half = out.part(np.arange(0, len(out), 2))
    assert np.array_equal(half.rows([1]), out.rows([2]))
    assert sum(len(chunk) for chunk in half.chunks(7)) == len(half)


def test_arrays_tensors_and_folders_are_stores_as_well(recorded, tmp_path):
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert np.array_equal(as_store(torch.from_numpy(rows)).rows([4, 0]), rows[[4, 0]])
    assert as_store(recorded) is recorded
    assert as_store(rows, site="resid.3").site == "resid.3"
    for bad, message in (
        (rows[0], "shape"),
        (rows[:0], "at least one row"),
        (np.full((2, 2), np.nan), "NaN or infinity"),
        (np.array([["a"]]), "numbers are wanted"),
    ):
        with pytest.raises(InputError, match=message):
            as_store(bad)
    with pytest.raises(InputError, match="no finished store"):
        as_store(tmp_path)


def test_what_does_not_fit_is_refused(recorded):
    recorded.require(site="resid.0", width=WIDTH)
    with pytest.raises(InputError, match=r"site 'resid.0', and 'resid.1' is needed"):
        recorded.require(site="resid.1")
    with pytest.raises(InputError, match="width"):
        recorded.require(width=WIDTH + 1)
    with pytest.raises(InputError, match="were asked for"):
        recorded.rows([len(recorded)])
    with pytest.raises(InputError, match="held_out is 1"):
        recorded.split(1.0, seed=0)
    with pytest.raises(InputError, match="size is 0"):
        next(recorded.batches(0, seed=0))
