"""The judged queries are well-formed, cover the catalogue, and do not give the titles away."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from seme.papers.catalogue import catalogue_number, catalogue_papers

FILE = Path(__file__).with_name("judged_queries.jsonl")
QUERIES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
TITLES = {catalogue_number(paper.id): paper.title for paper in catalogue_papers()}
FUNCTION_WORDS = """
a all already an and any are as at be before both but by can do does each for from has have how i in inside into
is it its like make many may more my no not of off on one only onto or out over per should so still than that the
their them there these they this through to together too up use using very via was what when where which while
who whom whose why will with without you your
"""


def content_words(text: str) -> set[str]:
    """Return the words that carry meaning, without the plural's s."""
    found = re.findall(r"\w+", text.casefold())
    return {word.removesuffix("s") for word in found if word not in FUNCTION_WORDS.split()}


def best(query: dict[str, Any]) -> list[int]:
    highest = max(query["relevant"].values())
    return [int(number) for number, grade in query["relevant"].items() if grade == highest]


def test_there_are_enough_queries_of_every_kind() -> None:
    kinds = Counter(query["kind"] for query in QUERIES)
    assert set(kinds) == {"intent", "keyword", "topic"}
    assert len(QUERIES) >= 75
    assert kinds["intent"] >= 57
    assert min(kinds.values()) >= 15


def test_no_query_is_asked_twice() -> None:
    assert len({" ".join(query["query"].casefold().split()) for query in QUERIES}) == len(QUERIES)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query["query"])
def test_a_query_is_well_formed(query: dict[str, Any]) -> None:
    assert set(query) == {"query", "kind", "relevant"}
    assert query["query"] == query["query"].strip() != ""
    assert len(query["query"]) <= 120
    assert query["relevant"]
    for number, grade in query["relevant"].items():
        assert number == str(int(number))
        assert int(number) in TITLES
        assert grade in (1, 2, 3)
    assert max(query["relevant"].values()) == 3


def test_every_paper_is_the_best_answer_to_a_query_by_intent() -> None:
    answered = {number for query in QUERIES if query["kind"] == "intent" for number in best(query)}
    assert answered == set(TITLES)


def test_topics_have_several_answers() -> None:
    for query in QUERIES:
        if query["kind"] == "topic":
            assert len(query["relevant"]) >= 2, query["query"]


def test_the_smallest_units_of_meaning_are_asked_for() -> None:
    (query,) = [query for query in QUERIES if query["query"] == "smallest units of meaning inside a language model"]
    assert best(query) == [1]


def test_a_query_by_intent_or_topic_is_not_made_of_title_words() -> None:
    for query in QUERIES:
        if query["kind"] == "keyword":
            continue
        asked = content_words(query["query"])
        for number in best(query):
            shared = asked & content_words(TITLES[number])
            assert len(shared) <= len(asked) / 2, (query["query"], TITLES[number], shared)


def test_many_queries_share_no_word_with_the_title_they_mean() -> None:
    apart = [
        query["query"]
        for query in QUERIES
        if all(not content_words(query["query"]) & content_words(TITLES[number]) for number in best(query))
    ]
    assert len(apart) >= 30


def test_content_words_drop_function_words_and_plurals() -> None:
    assert content_words("How do the Heads of a model work?") == {"head", "model", "work"}
