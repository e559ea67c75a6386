"""Nesting lists, prefixes, and the baselines of compression against closed forms."""

from __future__ import annotations

import warnings
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.matryoshka import (
    PrincipalComponents,
    checked_dims,
    checked_weights,
    nested_dims,
    prefix,
    random_coordinates,
    truncate,
)
from seme.errors import InputError


@given(st.integers(1, 4096), st.data())
def test_halving_gives_a_nesting_list(dim, data):
    smallest = data.draw(st.integers(1, dim))
    found = nested_dims(dim, smallest)
    assert checked_dims(found, dim) == found
    assert found[-1] == dim
    assert all(2 * a == b for a, b in pairwise(found))
    assert smallest <= found[0]
    assert found[0] % 2 or found[0] < 2 * smallest


def test_the_paper_s_lists():
    assert nested_dims(2048) == (8, 16, 32, 64, 128, 256, 512, 1024, 2048)
    assert nested_dims(768, 12) == (12, 24, 48, 96, 192, 384, 768)


@pytest.mark.parametrize("dims", [[], [0, 2], [2, 2], [4, 2], [2, 9]])
def test_what_is_no_nesting_list_is_refused(dims):
    with pytest.raises(InputError, match="dims is"):
        checked_dims(dims, 8)


def test_weights_must_fit():
    assert checked_weights(None, [1, 2]) == (1.0, 1.0)
    for weights in ([1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")]):
        with pytest.raises(InputError, match="weights"):
            checked_weights(weights, [1, 2])
    with pytest.raises(InputError, match="smallest is 0"):
        nested_dims(8, 0)


@settings(max_examples=25)
@given(st.integers(1, 12), st.integers(0, 1000))
def test_a_prefix_has_unit_norm_again(dim, seed):
    x = torch.randn(3, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    assert torch.equal(prefix(x, dim), x[:, :dim])
    assert torch.allclose(prefix(x, dim, normalise=True).norm(dim=1), torch.ones(3, dtype=torch.float64))
    assert torch.allclose(truncate(x, dim, trained=[1]), prefix(x, dim, normalise=True))


def test_cutting_what_was_not_trained_for_it_warns():
    x = torch.ones(2, 8)
    with pytest.warns(UserWarning, match="no nested size"):
        truncate(x, 4)
    with pytest.warns(UserWarning, match=r"sizes \[4, 8\] only"):
        truncate(x, 2, trained=[8, 4])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        truncate(x, 5, trained=[4, 8])  # sizes between trained ones are interpolated
        truncate(x, 8)
    with pytest.raises(InputError, match="vector 1 are all 0"):
        truncate(torch.tensor([[1.0, 0], [0, 1.0]]), 1, trained=[1])
    with pytest.raises(InputError, match="dim is 9"):
        prefix(x, 9)


def test_components_are_those_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * torch.arange(6, 0, -1.0)
    for kind, centred in ((decomposition.PCA, True), (decomposition.TruncatedSVD, False)):
        theirs = kind(3, **({} if centred else {"algorithm": "arpack"})).fit(x.numpy()).transform(x.numpy())
        ours = PrincipalComponents.fit(x, centred=centred).apply(x, 3).numpy()
        assert np.allclose(np.abs(theirs), np.abs(ours))
    with pytest.raises(InputError, match="dim is 7"):
        PrincipalComponents.fit(x).apply(x, 7)
    with pytest.raises(InputError, match="at least two rows"):
        PrincipalComponents.fit(x[:1])


def test_random_coordinates_are_different_ones():
    found = random_coordinates(10, 4, generator=torch.Generator().manual_seed(0))
    assert len(set(found.tolist())) == 4
    assert (found < 10).all()
    assert random_coordinates(3, 3).tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="dim is 4"):
        random_coordinates(3, 4)
