"""The index beside float64 brute force, whatever was done to it, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval.multivector import Clustering, Codebook, MultiVectorIndex, maxsim, pack

DIM = 12


def drawn(seed: int, lengths: list[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, DIM)).astype(np.float32) for length in lengths]


def brute(query: np.ndarray, texts: list[np.ndarray]) -> np.ndarray:
    return np.array([(query.astype(np.float64) @ one.astype(np.float64).T).max(axis=1).sum() for one in texts])


TEXTS = drawn(0, [1, 3, 7, 2, 9, 4, 30, 5, 2, 8])
IDS = [f"t{i}" for i in range(len(TEXTS))]
QUERIES = drawn(1, [3, 1, 6])
BOOK = {bits: Codebook.fit(np.concatenate(TEXTS), bits=bits, centroids=8) for bits in (2, 4, 8)}


def made(precision: str = "float32", **more) -> MultiVectorIndex:
    index = MultiVectorIndex(DIM, encoder="test", precision=precision, **more)
    index.add(IDS, *pack(TEXTS))
    return index


def test_maxsim_is_the_sum_of_the_best_products():
    packed = pack(TEXTS)
    for query in QUERIES:
        assert np.allclose(maxsim(query, *packed), brute(query, TEXTS), rtol=1e-5, atol=1e-5)


def test_maxsim_is_not_symmetric_and_padding_cannot_win():
    query, text = np.array([[-1.0, 0]], dtype=np.float32), np.array([[1.0, 0], [2.0, 0]], dtype=np.float32)
    assert maxsim(query, text, np.array([0, 2])).tolist() == [-1.0]
    assert maxsim(text, query, np.array([0, 1])).tolist() == [-3.0]


@pytest.mark.parametrize("precision", ["float32", "float16", "8bit", "4bit", "2bit"])
def test_search_ranks_as_brute_force_over_what_is_kept(precision):
    index = made(precision, codebook=BOOK.get(int(precision[0]) if precision.endswith("bit") else 4))
    kept = list(index.vectors(IDS).texts())
    for query, hits in zip(QUERIES, index.search(*pack(QUERIES), 4), strict=True):
        scores = brute(query, kept)
        assert hits.ids == tuple(IDS[i] for i in np.argsort(-scores)[:4])
        assert np.allclose(hits.scores, np.sort(scores)[::-1][:4], rtol=1e-4, atol=1e-4)


def test_more_bits_lose_less():
    errors = [
        float(np.abs(made(p, codebook=BOOK[b]).vectors(IDS).vectors - np.concatenate(TEXTS)).mean())
        for p, b in (("2bit", 2), ("4bit", 4), ("8bit", 8))
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.02 < errors[0]
    assert np.abs(made("float16").vectors(IDS).vectors - np.concatenate(TEXTS)).max() < 2e-3


def test_equal_scores_come_in_the_order_of_ids_and_all_segments_are_searched():
    index = MultiVectorIndex(DIM, encoder="test")
    for name in ("c", "a", "b"):
        index.add([name], *pack([TEXTS[2]]))
    assert index.search(*pack([QUERIES[0]]), 2)[0].ids == ("a", "b")


def test_pruning_with_all_centroids_is_exact_and_with_few_a_subset():
    index = made(codebook=BOOK[4])
    exact = index.search(*pack(QUERIES), 5)
    for hits, found in zip(exact, index.search(*pack(QUERIES), 5, probes=8), strict=True):
        assert hits.ids == found.ids
    for hits in index.search(*pack(QUERIES), 3, probes=1, keep=3):
        assert len(hits) <= 3
    known = dict(zip(IDS, brute(QUERIES[0], TEXTS), strict=True))
    for name, score in index.search(*pack(QUERIES[:1]), 3, probes=1)[0]:
        assert score == pytest.approx(known[name], rel=1e-4)


def test_pruning_finds_what_is_planted():
    rng = np.random.default_rng(3)
    themes = rng.normal(size=(16, DIM)).astype(np.float32) * 4
    texts = [themes[i % 16] + 0.3 * rng.normal(size=(5, DIM)).astype(np.float32) for i in range(160)]
    book = Codebook.fit(np.concatenate(texts), bits=2, centroids=themes)
    index = MultiVectorIndex(DIM, encoder="test", codebook=book)
    index.add([f"{i}" for i in range(160)], *pack(texts))
    found = index.search(*pack([themes[5:6]]), 10, probes=1)[0].ids
    assert found == index.search(*pack([themes[5:6]]), 10)[0].ids
    assert {int(one) % 16 for one in found} == {5}


def test_only_allowed_texts_are_found_and_removed_ones_are_not():
    index = made(codebook=BOOK[2])
    assert set(index.search(*pack(QUERIES[:1]), 3, allowed=index.mask(["t1", "t4"]))[0].ids) == {"t1", "t4"}
    index.remove(["t4"])
    for probes in (None, 8):
        assert set(index.search(*pack(QUERIES[:1]), 9, probes=probes)[0].ids) == set(IDS) - {"t4"}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.integers(0, 11), min_size=1, max_size=4, unique=True), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.integers(0, 11), st.just(0)),
        st.tuples(st.sampled_from(["save", "reopen"]), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, precision=st.sampled_from(["float32", "float16", "2bit", "4bit"]), clustered=st.booleans())
def test_any_sequence_of_operations_scores_as_a_fresh_build(steps, precision, clustered, tmp_path_factory):
    book = BOOK[int(precision[0])] if precision.endswith("bit") else BOOK[4]
    clustering = Clustering(count=3) if clustered else None

    def empty() -> MultiVectorIndex:
        return MultiVectorIndex(DIM, encoder="test", precision=precision, codebook=book, clustering=clustering)

    index, state, folder = empty(), {}, tmp_path_factory.mktemp("index")
    for step, given_ids, seed in steps:
        if step == "add":
            texts = drawn(seed, [1 + (seed + i) % 6 for i in given_ids])
            index.add([f"d{i}" for i in given_ids], *pack(texts))
            state |= {f"d{i}": one for i, one in zip(given_ids, texts, strict=True)}
        elif step == "remove" and f"d{given_ids}" in state:
            index.remove([f"d{given_ids}"])
            del state[f"d{given_ids}"]
        elif step == "save":
            index.save(folder)
        elif step == "reopen":
            index.save(folder)
            index = MultiVectorIndex.open(folder, writable=True, encoder="test")
    assert sorted(index.ids()) == sorted(state)
    if state:
        fresh = empty()
        fresh.add(list(state), *pack(list(state.values())))
        for probes in (None, 2):
            ours = index.search(*pack(QUERIES), len(state), probes=probes)
            for one, other in zip(ours, fresh.search(*pack(QUERIES), len(state), probes=probes), strict=True):
                assert dict(one) == pytest.approx(dict(other), rel=1e-5, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(where=st.integers(0, 10**6), cut=st.integers(1, 400), pick=st.integers(0, 100))
def test_a_cut_file_is_a_corruption_error(where, cut, pick, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    index = made("4bit", codebook=BOOK[4])
    index.save(folder)
    index.remove(["t3"])
    index.save(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "writer.lock")
    chosen = files[pick % len(files)]
    body = chosen.read_bytes()
    left = max(0, len(body) - cut) if where % 2 else where % len(body)
    chosen.write_bytes(body[:left])
    with pytest.raises(CorruptionError):
        MultiVectorIndex.open(folder)


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, 10**9), value=st.integers(0, 255), pick=st.integers(0, 100))
def test_a_changed_byte_never_escapes_as_another_error(place, value, pick, tmp_path_factory):
    folder = tmp_path_factory.mktemp("changed")
    made("2bit", codebook=BOOK[2]).save(folder)
    files = sorted(path for path in folder.rglob("*.npy")) + sorted(folder.glob("*.safetensors"))
    chosen = files[pick % len(files)]
    body = bytearray(chosen.read_bytes())
    body[place % len(body)] = value
    chosen.write_bytes(bytes(body))
    try:
        index = MultiVectorIndex.open(folder)
        index.search(*pack(QUERIES), 3)
        index.search(*pack(QUERIES), 3, probes=2)
    except CorruptionError:
        pass


def test_a_header_that_is_no_python_is_a_corruption_error(tmp_path):
    made().save(tmp_path)
    chosen = next(tmp_path.rglob("vectors.npy"))
    body = chosen.read_bytes()
    chosen.write_bytes(body.replace(b"}", b"(", 1))
    with pytest.raises(CorruptionError, match="cannot be read"):
        MultiVectorIndex.open(tmp_path)


def test_an_opened_index_is_mapped_read_only_and_bound_to_its_encoder(tmp_path):
    made("2bit").save(tmp_path / "i")
    index = MultiVectorIndex.open(tmp_path / "i")
    assert len(index) == len(TEXTS)
    with pytest.raises(InputError, match="opened for reading"):
        index.add(["x"], *pack(TEXTS[:1]))
    with pytest.raises(InputError, match="built with test, not other"):
        MultiVectorIndex.open(tmp_path / "i", encoder="other")
    with pytest.raises(InputError, match="there is no index"):
        MultiVectorIndex.open(tmp_path / "none")
    with pytest.raises(InputError, match="not opened from"):
        made().save(tmp_path / "i")


def test_bytes_per_text_are_those_of_the_arrays():
    exact, bits = made().bytes_per_text(), made("2bit", codebook=BOOK[2]).bytes_per_text()
    vectors = sum(map(len, TEXTS))
    assert exact["vectors"] == pytest.approx(vectors * DIM * 4 / len(TEXTS))
    assert bits["residuals"] == pytest.approx(vectors * DIM / 4 / len(TEXTS))
    assert bits["total"] == pytest.approx(sum(v for k, v in bits.items() if k != "total"))


def test_a_clustered_index_is_the_index_of_the_means():
    clustering = Clustering("agglomerative", ratio=0.5)
    one = MultiVectorIndex(DIM, encoder="test", clustering=clustering)
    one.add(IDS, *pack(TEXTS))
    other = MultiVectorIndex(DIM, encoder="test")
    other.add(IDS, *clustering.apply(*pack(TEXTS)))
    assert [h.ids for h in one.search(*pack(QUERIES), 5)] == [h.ids for h in other.search(*pack(QUERIES), 5)]
    assert one.bytes_per_text()["vectors"] < made().bytes_per_text()["vectors"] * 0.6


NAN = np.full((2, DIM), np.nan)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda i: i.add(["x"], NAN, [0, 2]), "vector 0 of text 0 has a NaN"),
        (lambda i: i.add(["x"], np.ones((2, 3)), [0, 2]), r"shape \(2, 3\), it must be \(t, 12\)"),
        (lambda i: i.add(["x", "y"], np.ones((2, DIM)), [0, 2, 2]), "text 1 has no vector"),
        (lambda i: i.add(["x"], np.ones((2, DIM)), [0, 1]), "offsets go from 0 to 1"),
        (lambda i: i.add(["x"], np.ones((2, DIM)), [0.0, 2.0]), "must be integers"),
        (lambda i: i.add(["x", "x"], np.ones((2, DIM)), [0, 1, 2]), "'x' stands twice"),
        (lambda i: i.add(["x"], np.ones((2, DIM)), [0, 1, 2]), "1 ids and 2 texts"),
        (lambda i: i.add([""], np.ones((2, DIM)), [0, 2]), "must have 1 to"),
        (lambda _: made("float16").add(["x"], np.full((1, DIM), 1e5), [0, 1]), "beyond 65504"),
        (lambda i: i.search(*pack(QUERIES), 11), "k is 11, it must be from 1 to 10"),
        (lambda i: i.search(*pack(QUERIES), 0), "k is 0"),
        (lambda i: i.search(*pack(QUERIES), 3, probes=1), "index with a codebook"),
        (lambda i: i.search(*pack(QUERIES), 3, keep=5), "goes with probes"),
        (lambda i: i.search(NAN, [0, 2], 1), "NaN"),
        (lambda _: pack([]), "at least one"),
        (lambda _: pack([np.ones((2, 3)), np.ones((0, 3))]), "text 1 has vectors of the shape"),
        (lambda _: MultiVectorIndex(0, encoder="x"), "dim is 0"),
        (lambda _: MultiVectorIndex(DIM, encoder="x", precision="1bit"), "precision is '1bit'"),
        (lambda _: MultiVectorIndex(DIM, encoder="x", precision="2bit", codebook=BOOK[4]), "has 4 bits"),
        (lambda _: MultiVectorIndex(3, encoder="x", codebook=BOOK[4]), "for 12 dimensions"),
        (lambda _: Codebook.fit(NAN), "expected finite"),
        (lambda _: Codebook.fit(np.ones((3, 2)), bits=3), "bits is 3"),
        (lambda _: Codebook.fit(np.ones((3, 2)), centroids=np.ones((2, 3))), "centroids are"),
        (lambda _: Codebook.fit(np.ones((3, 2)), centroids=0), "centroids is 0"),
    ],
)
def test_what_cannot_be_used_is_named(act, message):
    with pytest.raises(InputError, match=message):
        act(made())


def test_texts_that_are_not_there_are_named():
    with pytest.raises(NotFoundError, match="no text 'x'"):
        made().vectors(["x"])
    with pytest.raises(NotFoundError, match="no document 'x'"):
        made().remove(["x"])
