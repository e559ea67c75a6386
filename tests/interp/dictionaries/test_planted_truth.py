"""A dictionary that is known is found by those that can find it, and not by those that cannot."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from seme.errors import InputError
from seme.interp.dictionaries import (
    TSAE,
    KMeansDictionary,
    PCADictionary,
    TopK,
    match,
    planted_truth,
    recovered_share,
    stability,
    train_together,
)


@pytest.fixture(scope="module")
def planted():
    return planted_truth(n=40_000, atoms=512, width=128, active=8, seed=0)


@pytest.fixture(scope="module")
def found(planted):
    settings = {"learning_rate": 5e-3, "batch_size": 512, "revive_every": 50, "device": "cpu", "steps": 1400}
    dictionaries = {
        "tsae": TSAE(512, l0=8, **settings),
        "topk": TopK(512, k=8, **settings),
    }
    train_together(list(dictionaries.values()), planted.rows)
    return dictionaries


@pytest.mark.parametrize("kind", ["tsae", "topk"])
def test_sparse_autoencoders_find_the_planted_atoms(planted, found, kind):
    assert recovered_share(found[kind].atoms_, planted.atoms, cosine=0.95) >= 0.95
    # What they find of a row is what was planted there.
    codes = found[kind].encode(planted.rows[:2000])
    assert codes.l0.mean() == pytest.approx(8, abs=0.5)
    cosines = found[kind].atoms_ @ planted.atoms.T
    named = np.where(codes.values != 0, cosines.argmax(axis=1)[codes.indices], -1)
    hits = [len(set(row) & set(true)) for row, true in zip(named, planted.codes.indices, strict=False)]
    assert np.mean(hits) > 0.8 * 8  # a linear encoder cannot do better where atoms are this coherent


def test_two_methods_that_find_the_truth_agree(found):
    assert stability([dictionary.atoms_ for dictionary in found.values()]).share > 0.9


@pytest.mark.parametrize(("baseline", "most"), [(PCADictionary(), 0.01), (KMeansDictionary(512), 0.4)])
def test_pca_and_k_means_do_not_find_them(planted, baseline, most):
    baseline.fit(planted.rows)
    assert recovered_share(baseline.atoms_, planted.atoms, cosine=0.95) <= most


def test_the_plant_is_what_it_says():
    planted = planted_truth(n=300, atoms=40, width=16, active=3, magnitudes=(1, 2), seed=1)
    np.testing.assert_allclose(np.linalg.norm(planted.atoms, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(planted.codes.dense() @ planted.atoms, planted.rows, atol=1e-5)
    assert set(planted.codes.l0) == {3}
    assert planted.codes.values.min() >= 1
    assert planted.codes.counts().min() > 0
    again = planted_truth(n=300, atoms=40, width=16, active=3, magnitudes=(1, 2), seed=1)
    assert np.array_equal(again.rows, planted.rows)
    with pytest.raises(InputError, match="active is 41"):
        planted_truth(n=3, atoms=40, active=41)


def test_matching_undoes_a_permutation_and_uses_no_atom_twice():
    rng = np.random.default_rng(0)
    atoms = rng.normal(size=(20, 8))
    np.testing.assert_allclose(match(3 * atoms[rng.permutation(20)], atoms), 1, rtol=1e-5)
    assert recovered_share(np.repeat(atoms[:1], 20, axis=0), atoms, cosine=0.999) == 1 / 20
    assert np.count_nonzero(match(atoms[:5], atoms)) == 5
    assert match(np.zeros((3, 8)), atoms[:3]).tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="at least two"):
        stability([atoms])


def test_random_directions_are_matched_by_brute_force():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (first, second)]
    cosines = unit[1] @ unit[0].T
    best = max(sum(cosines[i, j] for i, j in enumerate(order)) for order in permutations(range(5)))
    assert match(first, second).sum() == pytest.approx(best, abs=1e-5)
