"""The approximate index against the exact one: what it finds, deletes, filters and damage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import AssetError, CorruptionError, InputError, NotFoundError
from seme.retrieval import DenseIndex
from seme.retrieval.approximate import ApproximateIndex, Form, graphs

FORMS = (Form("hnsw", links=16), Form("ivf"))


def drawn(seed: int, n: int, dim: int = 16) -> np.ndarray:
    """Draw unit vectors in clusters."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((20, dim))
    vectors = centres[random.integers(0, 20, n)] + 0.5 * random.standard_normal((n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def recall(one, other) -> float:
    return float(np.mean([len(set(a.ids) & set(b.ids)) / len(b.ids) for a, b in zip(one, other, strict=True)]))


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: form.method)
def pair(request):
    vectors, names = drawn(1, 3_000), [f"{n:05d}" for n in range(3_000)]
    index, exact = ApproximateIndex(16, encoder="t", form=request.param), DenseIndex(16, encoder="t")
    for start in (0, 2_500):
        index.add(names[start : start + 2_500], vectors[start : start + 2_500])
        exact.add(names[start : start + 2_500], vectors[start : start + 2_500])
    for one in (index, exact):
        one.remove(names[5:2_000:7])
        one.add(names[:3], vectors[100:103])
    return index, exact, names


def test_it_finds_most_of_the_nearest_and_more_with_more_effort(pair):
    index, exact, _ = pair
    queries = drawn(2, 40)
    truth = exact.search(queries, 10)
    shares = [recall(index.search(queries, 10, effort=effort), truth) for effort in (1, 16, 400)]
    assert shares[2] == 1
    assert shares[0] < shares[1] <= shares[2]
    assert recall(index.search(queries, 10), truth) >= 0.95
    for hits, best in zip(index.search(queries, 10, effort=400), truth, strict=True):
        assert np.allclose(hits.scores, best.scores, atol=1e-6)


@pytest.mark.parametrize("share", [1, 3, 500])
def test_only_what_may_be_found_is(pair, share):
    index, exact, names = pair
    allowed = [name for name in names[::share] if name in index]
    queries = drawn(3, 10)
    found = index.search(queries, 12, allowed=index.mask(allowed), effort=400)
    assert recall(found, exact.search(queries, 12, allowed=exact.mask(allowed))) == 1
    assert set().union(*(hits.ids for hits in found)) <= set(allowed)
    assert len(index.search(queries, 5_000, effort=1)[0].ids) == len(index)


def test_it_opens_as_it_was_saved_and_goes_on(pair, tmp_path):
    index, exact, names = pair
    queries = drawn(4, 5)
    index.save(tmp_path / "index")
    opened = ApproximateIndex.open(tmp_path / "index", encoder="t", writable=True)
    assert opened.form == index.form
    for one, other in zip(opened.search(queries, 5), index.search(queries, 5), strict=True):
        assert one.ids == other.ids
    kept = [name for name in names if name in index]
    assert np.array_equal(opened.vectors(kept[:50]), exact.vectors(kept[:50]))
    opened.remove(kept[: len(kept) // 2 + 400])
    opened.save(tmp_path / "index")  # half of its rows are dead: it is built again
    again = ApproximateIndex.open(tmp_path / "index")
    assert sorted(again.ids()) == kept[len(kept) // 2 + 400 :]
    with pytest.raises(InputError, match="opened for reading"):
        again.remove(kept[-1:])


@settings(max_examples=20, deadline=None)
@given(operations=st.lists(st.tuples(st.booleans(), st.integers(0, 15)), max_size=25))
def test_any_operations_search_as_the_exact_index(tmp_path_factory, operations):
    folder = tmp_path_factory.mktemp("index") / "vectors"
    data, query = drawn(5, 64), drawn(6, 1)
    index, exact = ApproximateIndex(16, encoder="t"), DenseIndex(16, encoder="t")
    for step, (add, number) in enumerate(operations):
        for one in (index, exact):
            if add:
                one.add([f"v{number}"], data[(number + step) % 64][None])
            elif f"v{number}" in one:
                one.remove([f"v{number}"])
        if step % 5 == 4:
            index.save(folder)
            index = ApproximateIndex.open(folder, writable=True)
    assert index.search(query, 9)[0].ids == exact.search(query, 9)[0].ids
    assert sorted(index.ids()) == sorted(exact.ids())


def test_bad_input(tmp_path):
    for form, match in (
        ({"method": "tree"}, "'tree', it must be one of hnsw, ivf"),
        ({"links": 1}, "links is 1, it must be at least 2"),
        ({"lists": 0}, "lists is 0"),
    ):
        with pytest.raises(InputError, match=match):
            Form(**form)
    index = ApproximateIndex(2, encoder="one")
    assert index.search([[1, 0]], 3)[0].ids == ()
    for ids, vectors, match in (
        (["a"], [[1, 0, 0]], "2"),
        (["a"], [[1, float("nan")]], "finite"),
        (["a"], [[1, 0], [0, 1]], "1 ids and 2 vectors"),
        (["a", "a"], [[1, 0], [0, 1]], "twice"),
    ):
        with pytest.raises(InputError, match=match):
            index.add(ids, vectors)
    for asked, match in (({"k": 0}, "k is 0"), ({"k": 1, "effort": 0}, "effort is 0")):
        with pytest.raises(InputError, match=match):
            index.search([[1, 0]], **asked)
    with pytest.raises(NotFoundError):
        index.vectors(["a"])
    with pytest.raises(InputError, match="dim is 0"):
        ApproximateIndex(0, encoder="one")
    index.add(["a"], [[1, 0]])
    index.save(tmp_path / "index")
    with pytest.raises(InputError, match="built with one, not two"):
        ApproximateIndex.open(tmp_path / "index", encoder="two")


def test_damage_is_named_and_never_reaches_faiss(tmp_path):
    index = ApproximateIndex(16, encoder="one", form=Form("ivf"))
    index.add([f"{n}" for n in range(1_200)], drawn(7, 1_200))
    index.save(tmp_path / "index")
    graph = next((tmp_path / "index").glob("s*/graph.npy"))
    whole = graph.read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(0, len(whole), 60).tolist():
        graph.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(CorruptionError):
            ApproximateIndex.open(tmp_path / "index")
    graph.write_bytes(whole[:-1])
    with pytest.raises(CorruptionError, match="missing or was cut"):
        ApproximateIndex.open(tmp_path / "index")


def test_without_faiss_the_error_names_the_mend(monkeypatch):
    monkeypatch.setattr("seme.assets.packages.find_spec", lambda _: None)
    with pytest.raises(AssetError, match="approximate search needs faiss"):
        graphs.faiss()
