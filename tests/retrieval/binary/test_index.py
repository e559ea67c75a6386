"""The binary index against faiss, and after any operations against a fresh build."""

from __future__ import annotations

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval import kernels
from seme.retrieval.binary import BinaryIndex, pack


def drawn(seed: int, n: int, bits: int) -> np.ndarray:
    """Draw codes in clusters, with ties."""
    random = np.random.default_rng(seed)
    centres = random.integers(0, 2, (8, bits))
    return pack(centres[random.integers(0, 8, n)] ^ (random.random((n, bits)) < 0.1))


@pytest.mark.parametrize("bits", [8, 32, 128, 264])
@pytest.mark.parametrize("compiled", [True, False])
def test_search_is_that_of_faiss(monkeypatch, bits, compiled):
    if not compiled:
        monkeypatch.setattr(kernels, "_C", None)
    codes, queries = drawn(1, 3_001, bits), drawn(2, 7, bits)
    index, oracle = BinaryIndex(bits, encoder="t"), faiss.IndexBinaryFlat(bits)
    names = [f"{n:05d}" for n in range(len(codes))]
    for start in range(0, len(codes), 1_100):
        index.add(names[start : start + 1_100], codes[start : start + 1_100])
    oracle.add(codes)
    distances, rows = oracle.search(queries, 50)
    for query, hits, expected, where in zip(queries, index.search(queries, 50), distances, rows, strict=True):
        assert np.array_equal(-hits.scores, expected)
        edge = expected[-1]  # equals of the last may be others
        assert {int(i) for i, s in hits if -s < edge} == set(where[expected < edge].tolist())
        radius = int(expected[5])
        limits, near, found = oracle.range_search(query[None], radius + 1)
        within = index.within(query[None], radius)[0]
        assert sorted(map(int, within.ids)) == sorted(found[: limits[1]].tolist())
        assert np.array_equal(np.sort(-within.scores), np.sort(near))


def test_equals_come_in_the_order_of_their_ids():
    index = BinaryIndex(4, encoder="t")
    index.add(["c", "a"], pack([[1, 1, 0, 0], [1, 1, 0, 0]]))
    index.add(["bé", "d"], pack([[1, 1, 0, 0], [0, 0, 1, 1]]))
    assert index.search(pack([[1, 1, 0, 0]]), 2)[0].ids == ("a", "bé")
    assert index.search(pack([[1, 1, 0, 0]]), 9)[0].ids == ("a", "bé", "c", "d")
    assert index.search(pack([[1, 1, 0, 0]]), 9, allowed=index.mask(["d", "c", "x"]))[0].ids == ("c", "d")
    assert index.within(pack([[1, 1, 0, 1]]), 0)[0].ids == ()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 15)), max_size=25), st.sampled_from([3, 8, 13, 32]))
def test_any_operations_search_as_a_fresh_build(tmp_path_factory, operations, bits):
    folder = tmp_path_factory.mktemp("index") / "codes"
    data, query = drawn(3, 16, bits), drawn(4, 1, bits)
    index, truth = BinaryIndex(bits, encoder="t"), dict[str, np.ndarray]()
    for step, (add, number) in enumerate(operations):
        key = f"v{number}"
        if add:
            truth[key] = data[(number + step) % 16]
            index.add([key], truth[key][None])
        elif key in truth:
            del truth[key]
            index.remove([key])
        if step % 5 == 4:
            index.save(folder)
            index = BinaryIndex.open(folder, writable=True, encoder="t")
    fresh = BinaryIndex(bits, encoder="t")
    if truth:
        fresh.add(list(truth), np.stack(list(truth.values())))
    for k in (3, 30):
        one, other = index.search(query, k)[0], fresh.search(query, k)[0]
        assert one.ids == other.ids
        assert np.array_equal(one.scores, other.scores)
    assert sorted(index.ids()) == sorted(truth)
    assert index.within(query, bits // 3)[0].ids == fresh.within(query, bits // 3)[0].ids
    for key, code in truth.items():
        assert np.array_equal(index.codes([key])[0], code)


def test_bad_input(tmp_path):
    index = BinaryIndex(12, encoder="one")
    with pytest.raises(InputError, match=r"expected \(n, 2\) for 12 bits"):
        index.add(["a"], np.zeros((1, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="beyond the 12th"):
        index.add(["a"], np.full((1, 2), 255, dtype=np.uint8))
    with pytest.raises(InputError, match="expected packed bytes"):
        index.add(["a"], np.zeros((1, 2)))
    with pytest.raises(InputError, match="1 ids and 2 codes"):
        index.add(["a"], np.zeros((2, 2), dtype=np.uint8))
    with pytest.raises(NotFoundError):
        index.codes(["a"])
    with pytest.raises(InputError, match="k is 0"):
        index.search(np.zeros((1, 2), dtype=np.uint8), 0)
    with pytest.raises(InputError, match="radius is -1"):
        index.within(np.zeros((1, 2), dtype=np.uint8), -1)
    with pytest.raises(InputError, match="bits is 0"):
        BinaryIndex(0, encoder="one")
    assert index.search(np.zeros((1, 2), dtype=np.uint8), 3)[0].ids == ()
    index.add(["a", "b"], drawn(1, 2, 12))
    index.save(tmp_path / "index")
    with pytest.raises(InputError, match="built with one, not two"):
        BinaryIndex.open(tmp_path / "index", encoder="two")
    with pytest.raises(InputError, match="opened for reading"):
        BinaryIndex.open(tmp_path / "index").remove(["a"])


def test_damage_is_named(tmp_path):
    index = BinaryIndex(12, encoder="one")
    index.add(["a", "b"], drawn(1, 2, 12))
    index.save(tmp_path / "index")
    manifest = tmp_path / "index" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"bits": 12', '"bits": 40'))
    with pytest.raises(CorruptionError, match="codes of the shape"):
        BinaryIndex.open(tmp_path / "index")
