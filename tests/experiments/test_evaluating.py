"""`seme eval`: a retriever measured on a small collection of one's own, by hand and against another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seme.cli import app
from seme.errors import InputError, NotFoundError
from seme.experiments.evaluating import evaluate_retriever, named_collections
from seme.experiments.retrievers import RETRIEVERS
from seme.retrieval.evaluation import read_run

TEXTS = {
    "d1": "sparse autoencoders find features in language models",
    "d2": "a cake of apples and cinnamon",
    "d3": "apples and how they are grown",
}
QUERIES = {"q1": "sparse features", "q2": "apples cinnamon", "q3": "growing apples"}
RIGHT = {"q1": "d1", "q2": "d2", "q3": "d1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "toy"
    (place / "qrels").mkdir(parents=True)
    for name, texts in (("corpus", TEXTS), ("queries", QUERIES)):
        lines = [json.dumps({"_id": one, "text": text}) for one, text in texts.items()]
        (place / f"{name}.jsonl").write_text("\n".join(lines))
    rows = ["query-id\tcorpus-id\tscore", *(f"{query}\t{document}\t1" for query, document in RIGHT.items())]
    (place / "qrels" / "test.tsv").write_text("\n".join(rows))
    return place


def test_measures_are_those_by_hand(folder, tmp_path):
    found = evaluate_retriever("bm25", str(folder), home=tmp_path)
    # q1 and q2 find the right document first, q3 does not find d1 at all.
    assert found.means == {name: pytest.approx(2 / 3) for name in ("nDCG@10", "MRR@10", "Recall@100")}
    assert (found.documents, found.queries, found.against) == (3, 3, None)


def test_the_command_prints_json_and_writes_runs(folder, tmp_path):
    call = ["eval", "bm25", "--on", str(folder), "--against", "bm25-rm3", "--trec", str(tmp_path / "runs"), "--json"]
    result = CliRunner().invoke(app, call, env={"SEME_HOME": str(tmp_path / "home")})
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert row["means"]["nDCG@10"] == pytest.approx(2 / 3)
    assert set(row["against"]) == {"means", "difference", "p"}
    assert 0 < row["against"]["p"] <= 1
    assert next(iter(read_run(tmp_path / "runs" / "toy-bm25.trec")["q1"])) == "d1"


@pytest.mark.parametrize("name", [name for name in RETRIEVERS if name != "bm25"])
def test_every_retriever_finds_something(name, folder, tmp_path):
    found = evaluate_retriever(name, str(folder), home=tmp_path, against="bm25", queries=2)
    assert found.queries == 2
    assert found.means["Recall@100"] > 0
    assert found.against is not None


def test_a_limit_of_documents_takes_nothing_that_is_right_away(folder, tmp_path):
    found = evaluate_retriever("bm25", str(folder), home=tmp_path, documents=1)
    assert (found.documents, found.queries) == (2, 3)


def test_what_is_not_there_is_named(folder, tmp_path):
    with pytest.raises(NotFoundError, match="no retriever 'bm26'"):
        evaluate_retriever("bm26", str(folder), home=tmp_path)
    with pytest.raises(InputError, match="queries is 0"):
        evaluate_retriever("bm25", str(folder), home=tmp_path, queries=0)
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\nq1\td2\t1")
    with pytest.raises(InputError, match="documents is 0"):
        evaluate_retriever("bm25", str(folder), home=tmp_path, documents=0)
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t0\n")
    with pytest.raises(InputError, match="no test queries"):
        evaluate_retriever("bm25", str(folder), home=tmp_path)
    assert named_collections(["all", "film-plots", "toy"])[-2:] == ["film-plots", "toy"]
