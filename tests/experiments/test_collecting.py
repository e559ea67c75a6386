"""Small collections keep what is right for their queries."""

from __future__ import annotations

import json

from seme.experiments.collecting import gather


def test_all_that_is_right_is_kept_and_others_fill_up(tmp_path):
    (tmp_path / "qrels").mkdir()
    documents = [{"_id": f"d{i}", "title": "", "text": f"text {i}"} for i in range(40)]
    queries = [{"_id": f"q{i}", "text": f"query {i}"} for i in range(8)]
    for name, rows in (("corpus", documents), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    for split, numbers in (("dev", range(4)), ("test", range(4, 8))):
        lines = [f"q{i}\td{i}\t1\nq{i}\td{i + 10}\t1" for i in numbers]
        (tmp_path / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(lines))
    corpus = gather(str(tmp_path), documents=20, queries={"validation": 3, "test": 3})
    assert len(corpus.documents) == 20
    for part in corpus.parts.values():
        assert len(part.queries) == 3
        assert all(set(grades) <= set(corpus.documents) for grades in part.judgements.values())
        assert all(len(grades) == 2 for grades in part.judgements.values())
    assert len(gather(str(tmp_path), documents=1, queries={"test": 2}).documents) == 4
