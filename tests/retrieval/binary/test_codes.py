"""Packing, distances and random planes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.retrieval.binary import RandomHyperplanes, hamming, pack, unpack
from seme.retrieval.binary.codes import from_lanes, tables_of, to_lanes


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 70), st.integers(1, 150), st.integers(0, 2**32 - 1))
def test_packing_keeps_bits_and_distances(n, bits, seed):
    drawn = np.random.default_rng(seed).integers(0, 2, (n, bits))
    codes = pack(drawn)
    assert codes.shape == (n, -(-bits // 8))
    assert np.array_equal(unpack(codes, bits), drawn)
    assert np.array_equal(hamming(codes, codes[:3]), (drawn[:, None] != drawn[None, :3]).sum(axis=2))
    lanes = to_lanes(codes)
    assert np.array_equal(from_lanes(lanes, np.arange(n)), codes)
    for code in codes[:1]:
        tables = tables_of(code)
        found = [sum(tables[j, 0, b >> 4] + tables[j, 1, b & 15] for j, b in enumerate(other)) for other in codes]
        assert np.array_equal(found, hamming(codes[:1], codes)[0])


def test_what_is_no_bit_is_refused():
    for wrong in ([[0.5, 1.0]], [[float("nan")]], [[2]], [1, 0], np.zeros((2, 0))):
        with pytest.raises(InputError):
            pack(wrong)
    with pytest.raises(InputError, match="equal widths"):
        hamming(np.zeros((1, 2), np.uint8), np.zeros((1, 3), np.uint8))
    with pytest.raises(InputError, match="must be at least 1"):
        RandomHyperplanes(4, 0)
    with pytest.raises(InputError, match="NaN"):
        RandomHyperplanes(2, 8).transform([[1.0, float("nan")]])


def test_planes_part_vectors_by_their_angle():
    angles = np.linspace(0, np.pi, 9)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    codes = RandomHyperplanes(2, 20_000, seed=1).transform(vectors)
    assert np.allclose(hamming(codes[:1], codes)[0] / 20_000, angles / np.pi, atol=0.015)
