"""Two systems in one search: what feedback between two rounds does is what the same pipeline does."""

import numpy as np
import numpy.typing as npt
import pytest

from seme.errors import InputError
from seme.retrieval import BM25Index, DenseIndex, HybridIndex
from seme.retrieval.feedback import Rocchio
from seme.retrieval.pipelines import Dense, Lexical, Query

_WORDS = ["sense", "gloss", "token", "layer", "vector", "query", "index", "graph", "head", "lemma"]
_RNG = np.random.default_rng(5)
_TEXTS = {f"d{i}": " ".join(_RNG.choice(_WORDS, 6)) for i in range(60)}
_VECTORS = _RNG.normal(size=(60, 8)).astype(np.float32)


def _indexes() -> tuple[BM25Index, DenseIndex]:
    bm25, dense = BM25Index(), DenseIndex(8, encoder="own")
    bm25.add(list(_TEXTS), list(_TEXTS.values()))
    dense.add(list(_TEXTS), _VECTORS)
    return bm25, dense


def _unused(texts: object) -> npt.NDArray[np.float32]:
    raise AssertionError(texts)


@pytest.mark.parametrize("feedback", [0, 1, 4])
def test_two_rounds_are_what_the_pipeline_gives(feedback: int) -> None:
    bm25, dense = _indexes()
    words, meaning = Lexical(bm25), Dense(dense, _unused)
    both = 0.4 * words + 0.6 * meaning
    pipeline = both >> Rocchio(meaning, k=feedback, alpha=0.7, beta=0.3) >> both
    for row in range(5):
        text, vector = " ".join(_WORDS[row : row + 3]), _VECTORS[row] + 0.5
        found = HybridIndex(bm25, dense).search(text, vector, 10, weights=(0.4, 0.6), feedback=feedback, moved=0.3)
        (expected,) = pipeline.search([Query(text).with_vector("own", vector)], 10)
        assert [one.id for one in found] == list(expected.ids)
        np.testing.assert_allclose([one.score for one in found], expected.scores, rtol=1e-5)


def test_documents_that_the_dense_index_lacks_give_no_feedback() -> None:
    bm25, dense = _indexes()
    bm25.add(["only words"], ["unheard"])
    found = HybridIndex(bm25, dense).search("unheard", _VECTORS[0], 3, weights=(1.0, 0.0), feedback=1)
    assert found[0].id == "only words"


@pytest.mark.parametrize("bad", [{"feedback": -1}, {"moved": 1.5}, {"method": "sum"}])
def test_settings_that_cannot_be_used_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        HybridIndex(*_indexes()).search("sense", _VECTORS[0], 3, **bad)  # type: ignore[arg-type]
