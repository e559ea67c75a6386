"""The bi-granular index against brute force; any sequence of operations against a fresh build."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval import kernels
from seme.retrieval.bigranular import BigranularIndex, ProductQuantiser
from seme.retrieval.bigranular.segment import PAGE

DIM, PARTS = 24, 6


def quantiser(centroids: int) -> ProductQuantiser:
    random = np.random.default_rng(centroids)
    turned = np.linalg.qr(random.normal(size=(DIM, DIM)))[0].astype(np.float32)
    return ProductQuantiser(random.normal(size=(PARTS, centroids, DIM // PARTS)).astype(np.float32), turned)


def data(n: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def filled(n: int, centroids: int = 16) -> BigranularIndex:
    index = BigranularIndex(quantiser(centroids), encoder="test")
    index.add([f"d{i}" for i in range(n)], data(n))
    return index


@pytest.mark.parametrize("form", ["compiled", "numpy"])
@pytest.mark.parametrize("centroids", [16, 200])
def test_hits_are_those_of_two_stages_in_float64(centroids, form, monkeypatch):
    if form == "numpy":
        monkeypatch.setattr(kernels, "_C", None)
    index, vectors, queries = filled(3000, centroids), data(3000).astype(np.float64), data(8, seed=9)
    decoded = index.quantiser.decode(index.quantiser.encode(vectors)).astype(np.float64)
    for query, hits, light in zip(
        queries,
        index.search(queries, 10, candidates=100, weight=0.3),
        index.search_codes(queries, 100),
        strict=True,
    ):
        sparse = decoded @ query
        first = np.argsort(-sparse, kind="stable")[:100]
        assert np.allclose(light.scores, sparse[first], atol=1e-4)
        final = vectors[first] @ query + 0.3 * sparse[first]
        order = np.argsort(-final)[:10]
        assert hits.ids == tuple(f"d{first[i]}" for i in order)
        assert np.allclose(hits.scores, final[order], atol=1e-4)
        assert hits.candidates == 100


def test_all_candidates_and_no_weight_give_the_exact_search():
    index, vectors, queries = filled(500), data(500), data(5, seed=9)
    for query, hits in zip(queries, index.search(queries, 20, candidates=10_000, weight=0.0), strict=True):
        assert hits.ids == tuple(f"d{i}" for i in np.argsort(-(vectors.astype(np.float64) @ query))[:20])


def test_codes_may_be_of_another_encoder_of_another_width():
    index = BigranularIndex(quantiser(16), encoder="test", dim=5)
    dense, light = data(50, dim=5), data(50, seed=1)
    index.add([str(i) for i in range(50)], dense, light=light)
    query, lighter = data(1, seed=2, dim=5), data(1, seed=3)
    hits = index.search(query, 50, light=lighter, weight=2.0)[0]
    decoded = index.quantiser.decode(index.quantiser.encode(light))
    right = (dense @ query[0] + 2 * decoded @ lighter[0])[[int(i) for i in hits.ids]]
    assert np.allclose(hits.scores, right, atol=1e-4)
    with pytest.raises(InputError, match="light is not given"):
        index.search(query, 1)


def test_equal_scores_stand_in_the_order_of_their_ids():
    index = BigranularIndex(quantiser(16), encoder="test")
    for name in ("c", "a", "b"):
        index.add([name], data(1))
    assert index.search(data(1), 2, candidates=2)[0].ids == ("a", "b")


def test_pages_and_bytes_are_counted(tmp_path):
    index = filled(1000)
    assert index.search(data(1), 1, candidates=50)[0].pages == 0, "nothing is on disk yet"
    index.save(tmp_path / "i")
    opened = BigranularIndex.open(tmp_path / "i")
    hits = opened.search(data(3, seed=5), 10, candidates=50)
    start = (tmp_path / "i").glob("s*/vectors.npy").__next__().stat().st_size - 1000 * DIM * 4
    for query, found in zip(data(3, seed=5), hits, strict=True):
        rows = [int(i[1:]) for i in opened.search_codes(query[None], 50)[0].ids]
        touched = {(start + byte) // PAGE for row in rows for byte in range(row * DIM * 4, (row + 1) * DIM * 4)}
        assert found.pages == len(touched)
    size = opened.footprint()
    assert size.vectors == 1000 * DIM * 4
    assert size.memory == 1000 // 32 * 32 * 3 + 32 * 3 + 1000 + opened.quantiser.nbytes
    assert size.disk >= size.vectors
    assert index.footprint().memory > size.vectors, "what is not saved is in memory"


def test_what_cannot_be_used_is_refused():
    index = filled(10)
    for vectors, message in ((np.full((1, DIM), np.nan), "NaN"), (np.zeros((1, DIM + 1)), "shape")):
        with pytest.raises(InputError, match=message):
            index.search(vectors, 1)
        with pytest.raises(InputError, match=message):
            index.add(["x"], vectors)
    with pytest.raises(InputError, match="stands twice"):
        index.add(["x", "x"], data(2))
    with pytest.raises(InputError, match="as many"):
        index.add(["x"], data(2))
    with pytest.raises(InputError, match="as many"):
        index.search(data(2), 1, light=data(1))
    for k in (0, 11):
        with pytest.raises(InputError, match=f"k is {k}, it must be from 1 to 10"):
            index.search(data(1), k)
    with pytest.raises(InputError, match="candidates is 2"):
        index.search(data(1), 3, candidates=2)
    with pytest.raises(InputError, match="weight is nan"):
        index.search(data(1), 1, weight=float("nan"))
    with pytest.raises(NotFoundError):
        index.remove(["d3", "nobody"])
    assert len(index) == 10


def test_few_allowed_give_few_hits():
    index = filled(100)
    assert set(index.search(data(1), 5, allowed=index.mask(["d3", "d70"]))[0].ids) == {"d3", "d70"}
    assert index.search_codes(data(1), 5, allowed=index.mask([]))[0].ids == ()


def test_an_index_is_refused_for_another_encoder_or_over_another_index(tmp_path):
    filled(10).save(tmp_path / "i")
    with pytest.raises(InputError, match="built with test"):
        BigranularIndex.open(tmp_path / "i", encoder="another")
    with pytest.raises(InputError, match="opened from"):
        filled(10, 200).save(tmp_path / "i")
    assert len(list((tmp_path / "i").glob("quantiser-*"))) == 1
    with pytest.raises(InputError, match="reading"):
        BigranularIndex.open(tmp_path / "i").add(["x"], data(1))


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "save", "open"]), st.lists(st.integers(0, 30), unique=True)),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, centroids=st.sampled_from([16, 17]))
def test_any_sequence_of_operations_gives_what_a_fresh_build_gives(tmp_path_factory, steps, centroids):
    folder = tmp_path_factory.mktemp("steps") / "index"
    index, kept = BigranularIndex(quantiser(centroids), encoder="test"), {}
    for number, (what, which) in enumerate(steps):
        if what == "add":
            vectors = data(len(which), seed=number)
            index.add([f"d{i}" for i in which], vectors)
            kept |= dict(zip([f"d{i}" for i in which], vectors, strict=True))
        elif what == "remove":
            gone = [f"d{i}" for i in which if f"d{i}" in kept]
            index.remove(gone)
            kept = {key: value for key, value in kept.items() if key not in gone}
        else:
            index.save(folder)
            index = BigranularIndex.open(folder, writable=True) if what == "open" else index
    assert sorted(index.ids()) == sorted(kept)
    if not kept:
        return
    fresh = BigranularIndex(quantiser(centroids), encoder="test")
    fresh.add(list(kept), np.stack(list(kept.values())))
    k = max(1, len(kept) // 2)
    queries = data(3, seed=99)
    for a, b in zip(index.search(queries, k, candidates=k), fresh.search(queries, k, candidates=k), strict=True):
        assert (a.ids, a.candidates) == (b.ids, b.candidates)
        assert np.allclose(a.scores, b.scores, atol=1e-5)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "index"
    index = filled(60, 17)
    index.save(folder)
    index.remove(["d4"])
    index.save(folder)
    return folder


@settings(max_examples=60, deadline=None)
@given(which=st.integers(0, 99), left=st.floats(0, 0.999), garbage=st.booleans(), seed=st.integers(0, 9))
def test_a_damaged_file_is_refused_or_changes_nothing_that_crashes(saved, tmp_path_factory, which, left, garbage, seed):
    folder = tmp_path_factory.mktemp("damaged") / "index"
    shutil.copytree(saved, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "writer.lock")
    path = files[which % len(files)]
    body = path.read_bytes()
    cut = int(left * len(body))
    noise = np.random.default_rng(seed).integers(0, 256, len(body) - cut, dtype=np.uint8).tobytes()
    path.write_bytes(body[:cut] + (noise if garbage else b""))
    if not garbage:
        with pytest.raises(CorruptionError):
            BigranularIndex.open(folder)
        return
    try:
        BigranularIndex.open(folder).search(data(2), 3)
    except (CorruptionError, InputError):
        pass
    except UnicodeDecodeError:
        assert path.name == "ids.npy"
