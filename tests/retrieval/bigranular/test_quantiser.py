"""Codes, tables and rotations against float64 arithmetic and against faiss."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from seme.errors import CorruptionError, InputError
from seme.retrieval import kernels
from seme.retrieval.bigranular import ProductQuantiser
from seme.retrieval.bigranular.scan import Scan, pack, prepare, unpack


def rotation(dim: int, seed: int = 0) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))[0].astype(np.float32)


def quantiser(parts: int, centroids: int, width: int = 4, seed: int = 0) -> ProductQuantiser:
    drawn = np.random.default_rng(seed).normal(size=(parts, centroids, width)).astype(np.float32)
    return ProductQuantiser(drawn, rotation(parts * width, seed))


@pytest.fixture(params=["compiled", "numpy"])
def _form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "_C", None)
    elif not kernels.COMPILED:
        pytest.skip("the kernels were not compiled at installation")


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize(("parts", "centroids"), [(1, 1), (3, 2), (7, 16), (8, 16), (5, 17), (9, 256)])
def test_scores_are_the_products_with_decoded_vectors(parts: int, centroids: int) -> None:
    given = quantiser(parts, centroids)
    random = np.random.default_rng(1)
    data, query = random.normal(size=(71, given.dim)), random.normal(size=given.dim).astype(np.float32)
    codes = given.encode(data)
    right = given.decode(codes).astype(np.float64) @ query
    packed, scan = pack(codes, centroids), Scan(prepare(given, query))
    assert np.array_equal(unpack(packed, 71, parts, centroids), codes)
    estimates = np.empty(scan.rows_needed(packed, 71), dtype=np.float32)
    scan.over(packed, estimates)
    assert np.abs(estimates[:71] - right).max() <= scan.tables.error + 1e-5
    rows = np.array([0, 5, 31, 32, 70], dtype=np.int32)
    assert np.allclose(scan.of(packed, rows, estimates[:71]), right[rows], atol=1e-5)


@pytest.mark.parametrize(("parts", "bits"), [(8, 4), (4, 8)])
def test_codes_and_scores_are_those_of_faiss_with_the_same_codebook(parts: int, bits: int) -> None:
    random = np.random.default_rng(2)
    data, queries = random.normal(size=(600, 32)).astype(np.float32), random.normal(size=(4, 32)).astype(np.float32)
    index = faiss.IndexPQ(32, parts, bits, faiss.METRIC_INNER_PRODUCT)
    index.train(data)
    index.add(data)
    codebook = faiss.vector_to_array(index.pq.centroids).reshape(parts, 2**bits, -1)
    given = ProductQuantiser(codebook)
    codes = given.encode(data)
    assert np.array_equal(index.pq.compute_codes(data), codes if bits == 8 else codes[:, ::2] | codes[:, 1::2] << 4)
    packed = pack(codes, given.centroids)
    for query, scores, rows in zip(queries, *index.search(queries, 20), strict=True):
        scan = Scan(prepare(given, query))
        estimates = np.empty(scan.rows_needed(packed, 600), dtype=np.float32)
        scan.over(packed, estimates)
        assert np.allclose(scan.of(packed, rows.astype(np.int32), estimates), scores, atol=1e-4)


def test_each_part_has_its_nearest_codeword_after_the_rotation() -> None:
    given, data = quantiser(6, 16), np.random.default_rng(3).normal(size=(40, 24)).astype(np.float32)
    turned = (data.astype(np.float64) @ given.rotation.T.astype(np.float64)).reshape(40, 6, 1, 4)
    right = np.square(turned - given.codebook[None]).sum(axis=3).argmin(axis=2)
    assert np.array_equal(given.encode(data), right)


def test_what_is_no_quantiser_is_refused() -> None:
    good = np.zeros((2, 4, 3), dtype=np.float32)
    with pytest.raises(InputError, match="codebook is"):
        ProductQuantiser(np.zeros((2, 257, 3), dtype=np.float32))
    with pytest.raises(InputError, match="codebook is"):
        ProductQuantiser(np.zeros((2, 4), dtype=np.float32))
    with pytest.raises(InputError, match="NaN"):
        ProductQuantiser(np.full_like(good, np.nan))
    with pytest.raises(InputError, match="orthogonal"):
        ProductQuantiser(good, np.ones((6, 6), dtype=np.float32))
    with pytest.raises(InputError, match=r"\(6, 6\)"):
        ProductQuantiser(good, np.eye(5, dtype=np.float32))
    given = ProductQuantiser(good)
    with pytest.raises(InputError, match="shape"):
        given.encode(np.zeros((1, 5)))
    with pytest.raises(InputError, match="NaN"):
        given.encode(np.full((1, 6), np.nan))
    with pytest.raises(InputError, match="below 4"):
        given.decode(np.full((1, 2), 4, dtype=np.uint8))


def test_a_written_quantiser_is_the_same_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    given, path = quantiser(3, 5), tmp_path / "q.safetensors"
    given.write(path)
    assert ProductQuantiser.read(path).digest == given.digest != quantiser(3, 5, seed=1).digest
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(CorruptionError):
        ProductQuantiser.read(path)
