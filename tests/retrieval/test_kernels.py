"""The inner loops in all their forms (this processor's, any processor's, NumPy's) against plain arithmetic."""

from __future__ import annotations

import itertools
import subprocess
import sysconfig
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from seme.retrieval import BM25Index, DenseIndex, kernels
from seme.retrieval.dense import codes
from seme.retrieval.kernel_library import load
from seme.retrieval.multivector import Codebook, MultiVectorIndex, pack
from seme.retrieval.multivector.codebook import nearest

SOURCE = Path(kernels.__file__).with_name("kernels.c")


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Compile the loops as processors without wide instructions get them."""
    if which("cc") is None:
        pytest.skip("there is no C compiler")
    built = tmp_path_factory.mktemp("kernels") / "portable.so"
    include = sysconfig.get_paths()["include"]
    command = ["cc", "-O2", "-DSEME_PORTABLE", "-shared", "-fPIC", f"-I{include}", str(SOURCE), "-o", str(built)]
    subprocess.run(command, check=True)
    return str(built)


@pytest.fixture(params=["installed", "portable", "numpy"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put one form of the loops in place."""
    if request.param == "installed" and not kernels.COMPILED:
        pytest.skip("the kernels were not compiled at installation")
    if request.param != "installed":
        path = request.getfixturevalue("portable") if request.param == "portable" else None
        monkeypatch.setattr(kernels, "_C", load(path))
        monkeypatch.setattr(kernels, "COMPILED", path is not None)
    return str(request.param)


def unit(seed: int, n: int, dim: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(n, dim))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("pairs", [1, 48, 258, 300])
def test_sums_of_codes_of_four_bits_and_of_bytes_are_those_of_the_tables(form: str, pairs: int) -> None:
    random = np.random.default_rng(pairs)
    packed = random.integers(0, 256, (3, pairs, 32), dtype=np.uint8)
    tables = random.integers(0, 128, (pairs, 2, 16), dtype=np.uint8)
    joined = packed.transpose(0, 2, 1).reshape(96, pairs)
    places = np.arange(pairs)
    wanted = (tables[places, 0, joined >> 4].astype(int) + tables[places, 1, joined & 15]).sum(axis=1)
    found = np.empty(96, dtype=np.float32)
    kernels.nibble_sums(packed, tables, np.array([3.0, 0.5], dtype=np.float32), found)
    assert np.allclose(found, 3 + 0.5 * wanted)
    rows = np.array([0, 31, 32, 95], dtype=np.int32)
    assert np.allclose(kernels.nibble_sums_of(packed, tables.astype(np.float32), rows), wanted[rows])
    wide = random.normal(size=(pairs, 256)).astype(np.float32)
    kernels.byte_sums(joined, wide, found)
    assert np.allclose(found, wide[places, joined].astype(np.float64).sum(axis=1), atol=1e-3)


@pytest.mark.parametrize("dim", [1, 7, 8, 100, 384])
def test_products_of_signs_are_the_sums_they_stand_for(form: str, dim: int) -> None:
    data, query = unit(1, 21, dim), unit(2, 1, dim)[0]
    signs, scales, _ = codes.to_signs(data)
    tables, factors = codes.sign_query(query)
    found = np.empty(len(scales), dtype=np.float32)
    kernels.sign_products(signs, scales, tables, factors, found)
    turned, asked = data @ codes.rotation(dim), query @ codes.rotation(dim)
    step = np.abs(asked).max() / 15
    rounded = (2 * np.clip(np.rint((asked / step + 15) / 2), 0, 15) - 15) * step
    wanted = scales[:21] * (np.where(turned > 0, 1, -1) @ rounded)
    assert np.allclose(found[:21], wanted, atol=1e-5)


@pytest.mark.parametrize("bytes_", [1, 48, 546, 700])
def test_tables_are_summed_up_without_overflow(form: str, bytes_: int) -> None:
    rng = np.random.default_rng(6)
    signs = rng.integers(0, 256, (3, bytes_, 32), dtype=np.uint8)
    for tables in (np.full((bytes_, 2, 16), 60, dtype=np.uint8), rng.integers(0, 61, (bytes_, 2, 16), dtype=np.uint8)):
        found = np.empty(96, dtype=np.float32)
        kernels.sign_products(signs, np.ones(96, np.float32), tables, np.array([0.0, 1.0], np.float32), found)
        at = np.arange(bytes_)[None, :, None]
        assert (found == (tables[at, 0, signs >> 4] + tables[at, 1, signs & 15]).sum(axis=1, dtype=int).ravel()).all()


def test_estimates_have_no_bias_and_the_error_that_is_stated(form: str) -> None:
    data, queries = unit(3, 4_000, 256), unit(4, 25, 256)
    signs, scales, errors = codes.to_signs(data)
    off = []
    for query in queries:
        found = np.empty(len(scales), dtype=np.float32)
        kernels.sign_products(signs, scales, *codes.sign_query(query), found)
        off.append((found - data @ query) / errors)
    assert abs(np.mean(off)) < 0.05
    assert 0.95 < np.std(off) < 1.1


@pytest.mark.parametrize("dim", [3, 384, 3000])
def test_products_of_integers(form: str, dim: int) -> None:
    data, query = unit(10, 50, dim), 5 * unit(11, 1, dim)[0]
    packed, scales, _ = codes.to_int8(data)
    asked, step = codes.int_query(query)
    found = np.empty(50, dtype=np.float32)
    kernels.dot_int8(packed, scales, asked, step, found)
    assert np.allclose(found, (packed.astype(np.float64) * scales[:, None]) @ query, atol=2e-3)
    loud = np.full((1, dim), 127, dtype=np.int8)
    kernels.dot_int8(loud, scales, *codes.int_query(np.ones(dim, dtype=np.float32)), found)
    assert found[0] == pytest.approx(127 * dim * scales[0], rel=1e-3)


@pytest.mark.parametrize("dim", [1, 3, 384, 3000])
def test_estimates_from_bytes_are_within_their_error(form: str, dim: int) -> None:
    rng = np.random.default_rng(dim)
    data = (rng.standard_cauchy((400, dim)) * 10.0 ** rng.integers(-6, 7, (400, 1))).astype(np.float32)
    data[0] = 0
    packed, scales, errors = codes.to_int8(data)
    found, true = np.empty((2, 400), dtype=np.float32)
    for query in (unit(1, 5, dim) * [[1], [1e-5], [1e5], [7], [0]]).astype(np.float32):
        kernels.dot_int8(packed, scales, *codes.int_query(query), found)
        kernels.dot_float32(data, query, true)
        norm = np.linalg.norm(query.astype(np.float64))
        assert (np.abs(found.astype(np.float64) - true) <= errors * norm).all()
    lost = np.linalg.norm(data - packed * scales[:, None].astype(np.float64), axis=1)
    assert (errors <= 1e-40 + 1.5 * lost + 1e-2 * np.linalg.norm(data.astype(np.float64), axis=1)).all()


def test_rows_that_may_reach_the_edge(form: str) -> None:
    rng = np.random.default_rng(5)
    scores, errors = rng.random(20_011, dtype=np.float32), rng.random(20_011, dtype=np.float32)
    allowed = rng.random(20_011) < 0.5
    for mask in (None, allowed):
        rows = kernels.rows_within(scores, errors, 0.25, mask, 0.8)
        wanted = [i for i in range(20_011) if scores[i] + np.float32(0.25) * errors[i] >= np.float32(0.8)]
        assert rows.tolist() == [i for i in wanted if mask is None or mask[i]]


def test_products_of_some_rows(form: str) -> None:
    data, query, rows = unit(6, 500, 77), unit(7, 1, 77)[0], np.array([3, 4, 77, 499], dtype=np.int32)
    assert np.allclose(kernels.dot_rows(data, rows, query), data[rows].astype(np.float64) @ query, atol=1e-6)


def test_indexes_find_the_same_in_every_form(form: str) -> None:
    rng = np.random.default_rng(8)
    words, data = BM25Index(), unit(9, 30_000, 32)
    ids = [f"d{i:05d}" for i in range(30_000)]
    lists = [[f"w{w}" for w in rng.zipf(1.4, 12) % 5_000] for _ in ids]
    words.add(ids, lists)
    n, average = len(lists), sum(map(len, lists)) / len(lists)
    query = ["w3", "w17", "w401"]
    wanted = np.zeros(n)
    for term in query:
        has = np.array([terms.count(term) for terms in lists])
        idf = np.log(1 + (n - (has > 0).sum() + 0.5) / ((has > 0).sum() + 0.5))
        wanted += idf * has / (has + 1.2 * (0.25 + 0.75 * 12 / average))
    hits = words.search_terms(query, 20)
    assert np.allclose(hits.scores, np.sort(wanted)[::-1][:20], rtol=1e-5)
    for precision in ("float32", "int8", "binary"):
        index = DenseIndex(32, encoder="t", precision=precision)
        index.add(ids, data)
        exact = np.sort(data.astype(np.float64) @ data[7])[::-1][:10]
        assert np.allclose(index.search(data[7:8], 10)[0].scores, exact, atol=1e-5)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("dim", [1, 7, 33])
def test_sums_of_best_products_in_every_form(form: str, bits: int, dim: int) -> None:
    rng = np.random.default_rng(bits)
    texts = pack([rng.normal(size=(length, dim)) for length in rng.integers(1, 9, 200)])
    book = Codebook.fit(texts.vectors, bits=bits, centroids=16)
    index = MultiVectorIndex(dim, encoder="t", precision=f"{bits}bit", codebook=book)
    ids = [f"d{i:03d}" for i in range(200)]
    index.add(ids, *texts)
    kept = [one.astype(np.float64) for one in index.vectors(ids).texts()]
    for query in (rng.normal(size=(3, dim)).astype(np.float32), rng.normal(size=(1, dim)).astype(np.float32)):
        best = np.array([(one @ query.T.astype(np.float64)).max(axis=0).sum() for one in kept])
        allowed = index.mask(ids[::3])
        for masks, among in ((None, best), (allowed, np.where(np.arange(200) % 3, -np.inf, best))):
            asked = {"allowed": masks}
            exact = index.search(*pack([query]), 5, **asked)[0]
            assert np.allclose(exact.scores, np.sort(among)[::-1][:5], atol=1e-4)
            pruned = index.search(*pack([query]), 5, probes=16, keep=200, **asked)[0]
            assert np.allclose(pruned.scores, exact.scores, atol=1e-5)
        near = book.centroids @ query.T
        codes = nearest(texts.vectors, book.centroids)
        rough = [near[codes[a:b]].max(axis=0).sum() for a, b in itertools.pairwise(texts.offsets)]
        found = index._segments[0].rough_scores(near, np.arange(0, 200, 7))
        assert np.allclose(found, rough[::7], atol=1e-5)
