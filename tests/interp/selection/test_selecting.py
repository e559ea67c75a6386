"""Planted tasks are found; budgets, copies and near duplicates are kept to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from seme.errors import InputError
from seme.interp.activations import as_store
from seme.interp.activations.store import Description, Store
from seme.interp.dictionaries import NeuronBasis, TopK
from seme.interp.selection import copies_of_targets, embed_activations, embed_codes, select, unit_profiles

LABELS, EACH, TOKENS = 4, 30, 12


def planted(seed=0, width=24):
    """Return token rows of samples, and each sample's label: a label's tokens are made of three atoms of its own."""
    rng = np.random.default_rng(seed)
    atoms = np.linalg.qr(rng.normal(size=(width, width)))[0]
    labels = np.repeat(np.arange(LABELS), EACH)
    lengths = rng.integers(3, TOKENS, size=len(labels))
    rows, index = [], []
    for document, (label, length) in enumerate(zip(labels, lengths, strict=True)):
        for position in range(1, length + 1):
            amounts = np.zeros(width)
            amounts[rng.choice(3, 2, replace=False) + 3 * label] = rng.uniform(1, 2, size=2)
            amounts[12 + rng.integers(12)] = rng.uniform(0.5, 1.5)  # what all labels share
            rows.append(amounts @ atoms + 0.01 * rng.normal(size=width))
            index.append((document, position))
    description = Description("", "", "float32", width, documents=len(labels))
    return Store(description, [np.array(rows, dtype=np.float32)], np.array(index, dtype=np.int32)), labels


def test_samples_of_a_planted_label_are_all_found_through_a_trained_dictionary():
    store, labels = planted()
    dictionary = TopK(48, k=4, steps=300, batch_size=256, learning_rate=3e-3, device="cpu").fit(store)
    embedded = embed_codes(dictionary, store)
    for label in range(LABELS):
        members = np.flatnonzero(labels == label)
        targets, rest = members[:8], members[8:]
        found = select(embedded, embedded[targets], len(rest), excluded=targets)
        assert set(found.indices.tolist()) == set(rest.tolist())


def test_embeddings_are_means_and_sums_over_the_tokens_of_each_sample():
    store, _ = planted()
    rows, documents = store.rows(slice(None)).astype(np.float64), store.index[:, 0]
    sums = np.stack([rows[documents == number].sum(axis=0) for number in range(LABELS * EACH)])
    lengths = np.bincount(documents)[:, None]
    assert np.allclose(embed_activations(store, pooling="sum"), sums, atol=1e-4)
    assert np.allclose(embed_activations(store), sums / lengths, atol=1e-5)
    basis = NeuronBasis().fit(store)
    assert np.allclose(embed_codes(basis, store).toarray(), sums / lengths, atol=1e-5)
    assert np.allclose(embed_codes(basis, store, pooling="sum").toarray(), sums, atol=1e-4)


def test_the_first_tokens_are_left_out_and_no_sample_may_be_left_without():
    rows = np.array([[100.0, 0.0], [1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    index = np.array([[0, 0], [0, 1], [0, 2]], dtype=np.int32)
    store = Store(Description("", "", "float32", 2, documents=1), [rows], index)
    assert embed_activations(store).tolist() == [[2.0, 3.0]]
    assert embed_activations(store, first=2).tolist() == [[3.0, 4.0]]
    with pytest.raises(InputError, match="1 of 1 samples have no token after the first 3"):
        embed_activations(store, first=3)
    with pytest.raises(InputError, match="first is -1"):
        embed_activations(store, first=-1)
    with pytest.raises(InputError, match="pooling is 'max'"):
        embed_activations(store, pooling="max")
    assert embed_activations(as_store(rows), first=0).tolist() == rows.tolist()


def test_more_active_units_than_there_are_units_are_refused():
    dictionary = TopK(4, k=5, steps=1, device="cpu").fit(np.eye(6, dtype=np.float32))
    with pytest.raises(InputError, match="K is 5, and the dictionary has 4 units"):
        embed_codes(dictionary, np.eye(6, dtype=np.float32), first=0)


def test_the_mean_ignores_how_often_a_sample_is_repeated_and_the_sum_does_not():
    pattern = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], dtype=np.float32)
    rows = np.concatenate([pattern, *[pattern] * 5])
    documents = np.repeat([0, 1], [2, 10])
    index = np.stack([documents, np.arange(12) + 1], axis=1).astype(np.int32)
    store = Store(Description("", "", "float32", 3, documents=2), [rows], index)
    mean, total = embed_activations(store), embed_activations(store, pooling="sum")
    assert select(mean, mean[[0]], 1).scores.tolist() == pytest.approx([1.0, 1.0])
    assert select(total, total[[0]], 1).scores.tolist() == pytest.approx([1.0, 0.2])


def test_budgets_are_numbers_or_shares_and_ties_keep_the_order():
    pool = np.tile([[1.0, 0.0], [0.0, 1.0]], (10, 1))
    target = np.array([[1.0, 0.0]])
    assert select(pool, target, 3).indices.tolist() == [0, 2, 4]
    assert select(pool, target, 0.25).indices.tolist() == [0, 2, 4, 6, 8]
    assert len(select(pool, target, 0.001).indices) == 1
    assert select(pool, target, 2, excluded=[0, 2]).indices.tolist() == [4, 6]
    for budget in (21, 0, -1, 2.5):
        with pytest.raises(InputError, match="budget is"):
            select(pool, target, budget)
    with pytest.raises(InputError, match="budget is 20, and there are 19 samples to choose from"):
        select(pool, target, 20, excluded=[0])
    with pytest.raises(InputError, match="targets has shape"):
        select(pool, np.empty((0, 2)), 1)


def test_near_duplicates_fill_the_budget_unless_they_are_passed_over():
    pool = csr_array(np.array([[1.0, 0.0, 0.0], [0.99, 0.0, 0.0], [0.7, 0.4, 0.0], [0.0, 0.0, 1.0]]))
    target = np.array([[1.0, 0.0, 0.0]])
    assert select(pool, target, 2).indices.tolist() == [0, 1]
    apart = select(pool, target, 2, near=0.9)
    assert (apart.indices.tolist(), apart.skipped.tolist()) == ([0, 2], [1])
    with pytest.raises(InputError, match="3 samples are left that are not near duplicates"):
        select(pool, target, 4, near=0.9)
    with pytest.raises(InputError, match=r"near is 1\.5"):
        select(pool, target, 2, near=1.5)


def test_copies_of_the_examples_are_found_whatever_their_case_and_space():
    assert copies_of_targets(["Add  two\nnumbers", "Sort a list", "add two numbers"], ["add two numbers"]).tolist() == [
        0,
        2,
    ]


def test_profiles_show_the_planted_units_and_how_far_apart_tasks_are():
    rng = np.random.default_rng(3)
    first, second = rng.random((40, 50)) * 0.1, rng.random((60, 50)) * 0.1
    first[:, 7] += 5
    second[:, 21] += 3
    found = unit_profiles(csr_array(first), csr_array(second), units=2)
    assert found.units.tolist() == [7, 21]
    assert found.separation > 0.99
    assert np.allclose(found.means[0], first[:, [7, 21]].mean(axis=0))
    assert np.allclose(np.concatenate([first, second]).var(axis=0)[found.units], _variances(found))
    shares = [unit_profiles(*np.split(rng.permutation(second), [20]), units=50).separation for _ in range(200)]
    assert np.mean(shares) == pytest.approx(1 / 59, rel=0.1)
    with pytest.raises(InputError, match="no unit varies"):
        unit_profiles(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(InputError, match="at least two samples"):
        unit_profiles(np.ones((1, 3)), np.ones((2, 3)))
    with pytest.raises(InputError, match="first has 3 units and second 4"):
        unit_profiles(np.ones((2, 3)), np.ones((2, 4)))


def _variances(found):
    return np.concatenate([found.first, found.second]).var(axis=0)
