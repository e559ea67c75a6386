"""The dense index against faiss and against float64 arithmetic."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError, NotFoundError
from seme.retrieval import DenseIndex


def vectors(seed: int, n: int, dim: int = 48) -> np.ndarray:
    """Draw unit vectors in clusters, as embeddings of texts lie."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(20, dim))
    drawn = centres[random.integers(0, 20, n)] + 0.7 * random.normal(size=(n, dim))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 2])
def test_exact_search_is_that_of_faiss(threads: int) -> None:
    data, queries = vectors(1, 40_000), vectors(2, 5)
    index = DenseIndex(48, encoder="test", threads=threads)
    index.add([str(n) for n in range(len(data))], data)
    oracle = faiss.IndexFlatIP(48)
    oracle.add(data)
    scores, rows = oracle.search(queries, 10)
    for hits, expected, where in zip(index.search(queries, 10), scores, rows, strict=True):
        assert np.allclose(hits.scores, expected, atol=1e-5)
        assert len(set(map(int, hits.ids)) & set(where.tolist())) >= 9  # equal scores may change places


def gaussian(seed: int, n: int, dim: int) -> np.ndarray:
    """Draw unit vectors without any structure, the hardest for a cheaper scan."""
    drawn = np.random.default_rng(seed).normal(size=(n, dim))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("draw", [vectors, gaussian])
@pytest.mark.parametrize("precision", ["int8", "binary"])
@pytest.mark.parametrize("scale", [1.0, 7.5])
def test_cheaper_scans_find_nearly_all_and_score_exactly(precision, draw, scale):
    data, queries = scale * draw(1, 20_000, 128), draw(1, 20_050, 128)[-20:]
    ids = [str(n) for n in range(len(data))]
    exact, cheap = DenseIndex(128, encoder="t"), DenseIndex(128, encoder="t", precision=precision)
    exact.add(ids, data)
    cheap.add(ids, data)
    found = 0
    for query, right, hits in zip(queries, exact.search(queries, 10), cheap.search(queries, 10), strict=True):
        found += len(set(right.ids) & set(hits.ids))
        rows = [int(i) for i in hits.ids]
        assert np.allclose(hits.scores, data[rows].astype(np.float64) @ query.astype(np.float64), rtol=1e-5)
    assert found / 200 >= 0.99


@pytest.mark.parametrize("draw", [vectors, gaussian])
@pytest.mark.parametrize("k", [1, 10, 700])
def test_bytes_find_what_floats_find_to_the_last_bit(draw, k):
    sizes = 10.0 ** np.random.default_rng(5).uniform(-2, 2, (20_000, 1))
    data, queries = (sizes * draw(1, 20_000, 96)).astype(np.float32), draw(1, 20_050, 96)[-10:]
    data[::7] = data[3]  # many equals
    ids = [str(n) for n in range(len(data))]
    exact, cheap = DenseIndex(96, encoder="t"), DenseIndex(96, encoder="t", precision="int8")
    for start in range(0, len(data), 9_000):
        exact.add(ids[start : start + 9_000], data[start : start + 9_000])
        cheap.add(ids[start : start + 9_000], data[start : start + 9_000])
    allowed = ids[::3]
    for one, other in ((None, None), (exact.mask(allowed), cheap.mask(allowed))):
        pairs = zip(exact.search(queries, k, allowed=one), cheap.search(queries, k, allowed=other), strict=True)
        for right, found in pairs:
            assert found.ids == right.ids
            assert np.array_equal(found.scores, right.scores)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 15)), max_size=25), st.sampled_from(["float32", "int8", "binary"])
)
def test_any_operations_search_as_a_fresh_build(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[bool, int]], precision: str
) -> None:
    folder = tmp_path_factory.mktemp("index") / "dense"
    data, query = vectors(3, 16, 8), vectors(4, 1, 8)
    index, truth = DenseIndex(8, encoder="t", precision=precision), dict[str, np.ndarray]()
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
            index = DenseIndex.open(folder, writable=True, encoder="t")
    fresh = DenseIndex(8, encoder="t", precision=precision)
    if truth:
        fresh.add(list(truth), np.stack(list(truth.values())))
    assert index.search(query, 30)[0].ids == fresh.search(query, 30)[0].ids
    assert sorted(index.ids()) == sorted(truth)
    for key, vector in truth.items():
        assert np.array_equal(index.vectors([key])[0], vector)


def test_filters_come_before_ranking() -> None:
    index, data = DenseIndex(48, encoder="t"), vectors(1, 500)
    index.add([f"v{n}" for n in range(500)], data)
    allowed = [f"v{n}" for n in range(0, 500, 10)]
    hits = index.search(data[:1], 5, allowed=index.mask(allowed))[0]
    everything = [i for i, _ in index.search(data[:1], 500)[0] if i in allowed]
    assert list(hits.ids) == everything[:5]


def test_bad_input(tmp_path: Path) -> None:
    index = DenseIndex(3, encoder="one")
    with pytest.raises(InputError, match=r"\(1, 2\)"):
        index.add(["a"], [[1, 2]])
    with pytest.raises(InputError, match="vector 1 has a NaN"):
        index.add(["a", "b"], [[1, 2, 3], [1, float("nan"), 3]])
    with pytest.raises(NotFoundError):
        index.vectors(["a"])
    with pytest.raises(InputError, match="precision is 'int4'"):
        DenseIndex(3, encoder="one", precision="int4")
    index.add(["zero"], [[0, 0, 0]])
    assert index.search([[1, 0, 0]], 1)[0].scores[0] == 0
    index.save(tmp_path / "index")
    with pytest.raises(InputError, match="built with one, not two"):
        DenseIndex.open(tmp_path / "index", encoder="two")
    with pytest.raises(InputError, match="opened for reading"):
        DenseIndex.open(tmp_path / "index").add(["x"], [[1, 2, 3]])
