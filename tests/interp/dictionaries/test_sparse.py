"""Sparse products and their gradients are those of dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from seme.errors import InputError
from seme.interp.dictionaries import Codes, refit
from seme.interp.dictionaries.sparse import decode, of_indices, read, where


@pytest.mark.parametrize("share", [0.0, 0.05, 0.6])  # nothing, the sparse way, and the dense way
def test_values_and_gradients_are_those_of_dense_products(share):
    torch.manual_seed(0)
    n, d, m = 7, 5, 40
    mask = torch.rand(n, m) < share
    mask[2] = False
    x, encoder, bias, decoder = (torch.randn(*shape) for shape in ((n, d), (m, d), (m,), (m, d)))
    target = torch.randn(n, d)
    found, expected = [], []
    for results, sparse in ((found, True), (expected, False)):
        leaves = [tensor.clone().double().requires_grad_() for tensor in (x, encoder, bias, decoder)]
        rows, e, b, w = leaves
        if sparse:
            with torch.no_grad():
                dense = torch.addmm(b, rows, e.T)
            active = where(mask)
            out = decode(functional.relu(read(rows, e, b, dense, active)), active, w)
        else:
            out = (functional.relu(rows @ e.T + b) * mask) @ w
        (out - target).square().sum().backward()
        results += [out.detach(), *(leaf.grad for leaf in leaves)]
    for first, second in zip(found, expected, strict=True):
        torch.testing.assert_close(first, second)


def test_equal_numbers_per_row_are_a_special_case():
    indices = torch.tensor([[3, 1], [0, 2]])
    active = of_indices(indices, 5)
    assert active.offsets.tolist() == [0, 2, 4]
    assert active.rows.tolist() == [0, 0, 1, 1]
    assert active.share == pytest.approx(4 / 10)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.6])
def test_the_gradient_of_what_all_rows_are_shifted_by_is_that_of_the_rows_added_up(share):
    torch.manual_seed(1)
    x, encoder, bias, shift = (torch.randn(*shape, dtype=torch.float64) for shape in ((7, 5), (40, 5), (40,), (5,)))
    active, weights = where(torch.rand(7, 40) < share), torch.randn(7, 40, dtype=torch.float64)
    grads = []
    for shortcut in (False, True):
        given = shift.clone().requires_grad_()
        centred = x - (given.detach() if shortcut else given)
        dense = torch.addmm(bias, centred.detach(), encoder.T)
        out = read(centred, encoder.clone().requires_grad_(), bias, dense, active, shift=given if shortcut else None)
        (out * weights[active.rows, active.units]).sum().backward()
        grads.append(given.grad)
    torch.testing.assert_close(grads[0], grads[1])


arrays = st.integers(0, 6).flatmap(
    lambda n: st.lists(st.lists(st.sampled_from([0.0, 0.0, 1.5, -2.0]), min_size=4, max_size=4), min_size=n, max_size=n)
)


@settings(deadline=None)
@given(arrays, arrays)
def test_codes_keep_what_a_dense_array_holds(first, second):
    dense, other = (np.array(rows, dtype=np.float32).reshape(-1, 4) for rows in (first, second))
    codes = Codes.from_dense(dense)
    assert np.array_equal(codes.dense(), dense)
    assert np.array_equal(codes.l0, np.count_nonzero(dense, axis=1))
    assert np.array_equal(codes.counts(), np.count_nonzero(dense, axis=0))
    both = Codes.concatenate([codes, Codes.from_dense(other)])
    assert np.array_equal(both.dense(), np.concatenate([dense, other]))


def test_codes_that_contradict_themselves_are_refused():
    with pytest.raises(InputError, match="both have to be"):
        Codes(np.zeros((2, 3), np.int32), np.zeros((2, 4), np.float32), 5)
    with pytest.raises(InputError, match="reach from 0 to 5 of 5 units"):
        Codes(np.array([[0, 5]], np.int32), np.ones((1, 2), np.float32), 5)
    with pytest.raises(InputError, match="no codes"):
        Codes.concatenate([])


def test_refit_is_least_squares_on_each_support():
    rng = np.random.default_rng(0)
    atoms, x = rng.normal(size=(12, 6)), rng.normal(size=(9, 6))
    dense = rng.normal(size=(9, 12)) * (rng.random((9, 12)) < 0.3)
    dense[0] = 0
    fitted = refit(Codes.from_dense(dense), atoms, x).dense()
    for row, code, values in zip(x, dense, fitted, strict=True):
        support = np.flatnonzero(code)
        expected, *_ = np.linalg.lstsq(atoms[support].T, row, rcond=None)
        np.testing.assert_allclose(values[support], expected, atol=1e-4)
        assert not values[np.setdiff1d(np.arange(12), support)].any()
    with pytest.raises(InputError, match="do not fit"):
        refit(Codes.from_dense(dense), atoms, x[:3])
