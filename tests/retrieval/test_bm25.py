"""BM25 against bm25s, against float64 arithmetic, and against itself built afresh."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import CorruptionError, InputError, NotFoundError
from seme.retrieval import BM25Index
from seme.retrieval.bm25.variants import VARIANTS
from seme.retrieval.tokens import tokenize

WORDS = st.sampled_from(["atom", "brain", "circuit", "dense", "edge", "fusion", "graph", "head", "index", "joint"])
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.dictionaries(st.sampled_from("abcdefgh"), TEXTS, min_size=1, max_size=4)),
        st.tuples(st.just("remove"), st.sampled_from("abcdefgh")),
        st.tuples(st.just("save"), st.just("")),
    ),
    max_size=12,
)


def corpus(seed: int, documents: int, vocabulary: int = 300) -> list[list[str]]:
    """Draw documents with word frequencies that fall as 1 / rank."""
    random = np.random.default_rng(seed)
    shares = 1 / np.arange(1, vocabulary + 1)
    lengths = random.integers(1, 60, documents)
    return [[f"w{w}" for w in random.choice(vocabulary, n, p=shares / shares.sum())] for n in lengths]


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_are_those_of_bm25s(variant: str) -> None:
    documents = corpus(1, 300)
    oracle = bm25s.BM25(method=variant, k1=1.5, b=0.75, delta=0.5)
    oracle.index(documents, show_progress=False)
    index = BM25Index(variant=variant, k1=1.5, b=0.75, delta=0.5)
    ids = [f"d{n:03d}" for n in range(len(documents))]
    index.add(ids, documents)
    for query in (["w1"], ["w1", "w7", "w250"], ["w2", "w2", "w30"], [f"w{n}" for n in range(20)]):
        expected = oracle.get_scores(query)
        hits = index.search_terms(query, len(ids))
        assert (
            len(hits) == sum(any(word in document for word in query) for document in documents)
            or variant == "robertson"
        )
        for document_id, score in hits:
            assert score == pytest.approx(float(expected[int(document_id[1:])]), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_ranking_is_that_of_float64_arithmetic(seed: int) -> None:
    documents = corpus(seed, 4_000, 2_000)
    ids = [f"d{n:04d}" for n in range(len(documents))]
    index = BM25Index()
    index.add(ids, documents)
    counts, average = [Counter(d) for d in documents], sum(map(len, documents)) / len(documents)
    for query in (["w0", "w1"], ["w0", "w3", "w900"], ["w5", "w6", "w7", "w8", "w0"]):
        scores = np.zeros(len(documents))
        for word in query:
            df = sum(word in count for count in counts)
            if not df:
                continue
            idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
            tf = np.array([count[word] for count in counts], dtype=np.float64)
            scores += idf * tf / (tf + 1.2 * (0.25 + 0.75 * np.array([len(d) for d in documents]) / average))
        hits = index.search_terms(query, 10)
        best = np.sort(scores)[::-1][:10]
        assert np.allclose(hits.scores, best, rtol=1e-5)
        assert all(abs(scores[int(i[1:])] - s) < 1e-4 for i, s in hits)


@settings(max_examples=150, deadline=None)
@given(OPERATIONS, st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(VARIANTS))
def test_any_operations_score_as_a_fresh_build(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, object]], query: list[str], variant: str
) -> None:
    folder = tmp_path_factory.mktemp("index") / "bm25"
    index, truth = BM25Index(variant=variant), dict[str, str]()
    for name, what in operations:
        if name == "add":
            assert isinstance(what, dict)
            index.add(list(what), list(what.values()))
            truth.update(what)
        elif name == "remove" and what in truth:
            index.remove([str(what)])
            del truth[str(what)]
        elif name == "save":
            index.save(folder)
            index = BM25Index.open(folder, writable=True)
    fresh = BM25Index(variant=variant)
    fresh.add(list(truth), list(truth.values()))
    for k in (1, 3, 20):
        got, expected = index.search(" ".join(query), k), fresh.search(" ".join(query), k)
        assert got.ids == expected.ids
        assert got.scores.tobytes() == expected.scores.tobytes()
    assert sorted(index.ids()) == sorted(truth)
    assert len(index) == len(truth)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_pruning_changes_nothing(seed: int, k: int) -> None:
    documents = corpus(seed % 7, 1_500, 60)
    index = BM25Index()
    index.add([f"d{n:04d}" for n in range(len(documents))], documents)
    random = np.random.default_rng(seed)
    query = [f"w{w}" for w in random.integers(0, 60, 5)]
    everything = index.search_terms(query, len(documents))
    some = index.search_terms(query, k)
    assert some.ids == everything.ids[:k]
    assert some.scores.tobytes() == everything.scores[:k].tobytes()


def test_filters_come_before_ranking() -> None:
    index = BM25Index()
    index.add([f"d{n}" for n in range(50)], [f"common {'rare ' * (n % 7)}" for n in range(50)])
    allowed = [f"d{n}" for n in range(0, 50, 3)]
    hits = index.search("common rare", 5, allowed=index.mask([*allowed, "unknown"]))
    everything = [i for i, _ in index.search("common rare", 50) if i in allowed]
    assert list(hits.ids) == everything[:5]


def test_the_parts_add_up_to_the_score() -> None:
    for variant in VARIANTS:
        index = BM25Index(variant=variant)
        index.add(["a", "b", "c"], ["dense vectors and dense codes", "sparse codes", "graphs of heads"])
        hits = index.search("dense codes dense", 1)
        parts = index.explain("dense codes dense", hits.ids[0])
        assert sum(share for _, share in parts) == pytest.approx(float(hits.scores[0]), rel=1e-5)


def test_several_documents_are_explained_as_each_alone_is() -> None:
    index = BM25Index()
    for number in range(4):  # several segments
        index.add([f"{number}{i}" for i in range(9)], [f"dense {'codes ' * i} of part {number}" for i in range(9)])
        index.search("dense", 1)
    index.remove(["23"])
    index.add(["23"], ["sparse"])
    ids = [i for i, _ in index.search("dense codes part sparse", 40)]
    assert index.explain_all("dense codes part", ids) == [index.explain("dense codes part", i) for i in ids]
    assert index.explain_all("dense", []) == []
    with pytest.raises(NotFoundError, match="'gone'"):
        index.explain_all("dense", ["00", "gone"])


def test_equal_scores_stand_in_the_order_of_ids() -> None:
    index = BM25Index()
    index.add(["z", "m", "a", "q"], ["same words"] * 4)
    assert index.search("words", 3).ids == ("a", "m", "q")


def test_bad_input() -> None:
    index = BM25Index()
    with pytest.raises(InputError, match="2 ids and 1 texts"):
        index.add(["a", "b"], ["x"])
    with pytest.raises(InputError, match="'a' stands twice"):
        index.add(["a", "a"], ["x", "y"])
    with pytest.raises(InputError, match="k is 0"):
        index.search("x", 0)
    with pytest.raises(NotFoundError, match="'a'"):
        index.remove(["a"])
    with pytest.raises(InputError, match="variant is 'best'"):
        BM25Index(variant="best")
    assert index.search("anything", 3).ids == ()


def test_a_cut_file_is_noticed(tmp_path: Path) -> None:
    index = BM25Index()
    index.add(["a"], ["text"])
    index.save(tmp_path / "index")
    file = next((tmp_path / "index").glob("s*/docs.npy"))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CorruptionError, match=r"docs\.npy"):
        BM25Index.open(tmp_path / "index")


def test_an_index_is_not_saved_over_another(tmp_path: Path) -> None:
    first, second = BM25Index(), BM25Index()
    first.add(["a"], ["text"])
    first.save(tmp_path / "index")
    with pytest.raises(InputError, match="not opened from"):
        second.save(tmp_path / "index")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The Top-K models", ["top", "k", "topk", "model"]),
        ("naïve CAFÉ", ["naiv", "cafe"]),
        ("C++ and C#", ["c++", "c#"]),
        ("", []),
        ("\u202etxet\u202c", ["txet"]),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert tokenize(text) == terms


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_terms_of_any_text_are_bounded(text: str) -> None:
    assert all(0 < len(term) <= 41 for term in tokenize(text))


def test_explanations_look_in_the_segment_that_has_the_document(tmp_path: Path) -> None:
    index = BM25Index()
    for name, size in (("first", 40), ("second", 3)):  # two saves: two segments of different length
        index.add([f"{name}{i}" for i in range(size)], [f"atom {name} edge"] * size)
        index.save(tmp_path / "index")
    opened = BM25Index.open(tmp_path / "index")
    hits = opened.search("second atom", 1)
    assert sum(share for _, share in opened.explain("second atom", hits.ids[0])) == pytest.approx(float(hits.scores[0]))
