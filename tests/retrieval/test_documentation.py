"""The examples of the pages on search run as they stand, and so does the pipeline of the README."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from seme.retrieval.evaluation import evaluate, ndcg
from seme.retrieval.feedback import Rocchio
from seme.retrieval.pipelines import Dense, Lexical, Rerank, run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("page", "least"), [("search-engine", 15), ("retrievers", 15)])
def test_the_example_gives_what_the_page_says(page, least):
    path = str(ROOT / "docs" / f"{page}.md")
    failed, tried = doctest.testfile(path, module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert tried >= least
    assert failed == 0


def test_the_pipeline_of_the_readme_searches(words, meaning):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert len(code.strip().splitlines()) == 5
    space = {
        **{one.__name__: one for one in (Dense, Lexical, Rerank, Rocchio, evaluate, ndcg, run)},
        "bm25": words.index,
        "vectors": meaning.index,
        "encode": meaning.encode,
        "score": meaning.score,
        "queries": {"q": "atoms of meaning"},
        "judgements": {"q": {"c": 1}},
    }
    exec(code, space)  # noqa: S102  # the page's own code
    assert set(space["hits"][0].ids) <= set("abcdef")
    assert len(space["hits"][0]) >= 5
    assert space["measured"] > 0.5
