"""Collections: divided so that nothing leaks, limited so that nothing dangles, read from files with clear errors."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.assets.collections import COLLECTIONS, SPLITS, Collection, collect, load_collection
from seme.errors import AssetError, InputError

PAIRS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("stuvwxyz")), min_size=1, max_size=30)


@settings(deadline=None)
@given(PAIRS)
def test_splits_share_no_query_and_no_right_document(pairs):
    whole = collect("toy", pairs)
    parts = [whole.part(split) for split in SPLITS]
    assert sorted(query for part in parts for query in part.queries) == sorted(whole.queries)
    right = [{document for grades in part.judgements.values() for document in grades} for part in parts]
    assert sum(map(len, right)) == len(set().union(*right))
    assert all(part.documents == whole.documents for part in parts)


@settings(deadline=None)
@given(PAIRS, st.integers(1, 10))
def test_a_limit_keeps_only_queries_that_lose_nothing(pairs, documents):
    whole = collect("toy", pairs)
    part = whole.first(documents)
    assert len(part.documents) == min(documents, len(whole.documents))
    assert part.queries.keys() == part.judgements.keys()
    for query, grades in part.judgements.items():
        assert grades == whole.judgements[query]
        assert part.documents.keys() >= grades.keys()


def test_a_limit_keeps_every_split():
    part = collect("toy", [(f"query {row}", f"document {row}") for row in range(2000)]).first(200)
    assert [len(part.part(split).queries) for split in SPLITS] == pytest.approx([120, 40, 40], abs=25)


def test_equal_texts_are_one_and_ids_follow_from_them():
    found = collect(
        "toy", [("What  is it", "A thing"), ("what is it", "a  THING"), ("What is it", "another"), ("", "x")]
    )
    assert list(found.documents.values()) == ["A thing", "another"]
    assert [sorted(grades) for grades in found.judgements.values()] == [sorted(found.documents)]
    assert collect("other", [("q", "another")]).documents.keys() <= found.documents.keys()


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if "wordnet" in name or "film" in name])
def test_real_collections_are_whole(name):
    try:
        found = load_collection(name)
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")
    _check(found)
    shares = [len(found.part(split).queries) / len(found.queries) for split in SPLITS]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.03)
    per_query = sum(map(len, found.judgements.values())) / len(found.judgements)
    assert (per_query >= 5) == COLLECTIONS[name].deep


def test_functions_do_not_tell_their_name_or_docstring():
    found = load_collection("python-functions")
    _check(found)
    assert len(found.queries) > 1000
    for query, grades in list(found.judgements.items())[:300]:
        for document in grades:
            assert found.documents[document].startswith(("def f(", "async def f("))
            assert found.queries[query].rstrip(".") not in found.documents[document]


def test_a_folder_of_beir_is_read(tmp_path):
    _beir(tmp_path)
    found = load_collection(str(tmp_path), split="test")
    assert found.documents == {"d1": "Title\nfirst", "d2": "second"}
    assert (found.queries, found.judgements) == ({"q1": "one"}, {"q1": {"d1": 2}})
    assert load_collection(str(tmp_path)).judgements == {"q1": {"d1": 2}, "q2": {"d2": 1}}


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("corpus.jsonl", '{"_id": "d1"}', r"line 1 of .*corpus.jsonl is not a JSON object"),
        ("queries.jsonl", "[]", r"line 1 of .*queries.jsonl is not a JSON object"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\thigh", r"line 2 of .*test.tsv is not a query"),
        ("qrels/test.tsv", "q1\td9\t1", r"line 1 of .*test.tsv judges the document 'd9'"),
        ("qrels/test.tsv", "q9\td1\t1", r"line 1 of .*test.tsv judges the query 'q9'"),
    ],
)
def test_a_bad_folder_is_refused(tmp_path, file, text, words):
    _beir(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=words):
        load_collection(str(tmp_path), split="test")


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(AssetError, match="there is no collection 'msmarco'"):
        load_collection("msmarco")
    with pytest.raises(AssetError, match=r"corpus.jsonl"):
        load_collection(str(tmp_path))
    with pytest.raises(InputError, match="split is 'dev'"):
        load_collection("film-plots", split="dev")
    with pytest.raises(InputError, match="documents is 0"):
        collect("toy", [("a", "b")]).first(0)


def _check(found: Collection) -> None:
    assert found.queries.keys() == found.judgements.keys()
    for grades in found.judgements.values():
        assert grades
        assert found.documents.keys() >= grades.keys()
    assert all(text.strip() for text in (*found.documents.values(), *found.queries.values()))


def _beir(folder: Path) -> None:
    (folder / "qrels").mkdir()
    corpus = [{"_id": "d1", "title": "Title", "text": "first"}, {"_id": "d2", "text": "second"}]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text(
        "\n".join(json.dumps({"_id": f"q{n}", "text": t}) for n, t in ((1, "one"), (2, "two")))
    )
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td2\t1\n")


def test_the_example_of_the_page_gives_what_it_says():
    try:
        load_collection("film-plots")
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")
    page = Path(__file__).parents[3] / "docs" / "collections.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried >= 4
    assert failed == 0
