"""Papers from JSON lines and BEIR folders: good, broken and resumed."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from seme.errors import InputError
from seme.papers.sources import open_source
from seme.papers.sources.jsonl import LONGEST_LINE, JsonlSource, paper_from_json


def write(path: Path, *lines: object) -> Path:
    """Write objects, or text as it is, one a line."""
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_good_lines_are_papers_and_bad_ones_are_named(tmp_path: Path) -> None:
    file = write(
        tmp_path / "papers.jsonl",
        {"id": "2603.00001", "title": "One", "authors": ["A", {"name": "B"}], "published": "2026-03-01", "votes": 3},
        "not json",
        [1],
        {"title": ""},
        {"title": "x", "votes": "many"},
        "9" * (LONGEST_LINE * 2 + 7),
        {"paper": {"id": "2603.00002", "title": "Two", "upvotes": 5}, "publishedAt": "2026-03-02T00:00:00Z"},
    )
    (batch,) = JsonlSource(file).batches()
    assert [(p.id, p.votes, str(p.published)) for p in batch.papers] == [
        ("2603.00001", 3, "2026-03-01"),
        ("2603.00002", 5, "2026-03-02"),
    ]
    assert batch.papers[0].authors == ("A", "B")
    assert [line.split(":")[0] for line in batch.skipped] == ["line 2", "line 3", "line 4", "line 5", "line 6"]


def test_a_run_goes_on_behind_any_batch(tmp_path: Path) -> None:
    file = write(tmp_path / "papers.jsonl", *({"id": f"x:{n}", "title": f"Paper {n}"} for n in range(1_203)))
    batches = list(JsonlSource(file).batches())
    everything = [paper for batch in batches for paper in batch.papers]
    assert len(everything) == 1_203
    done = 0
    for batch in batches:
        done += len(batch.papers)
        rest = [paper for later in JsonlSource(file).batches(batch.cursor) for paper in later.papers]
        assert rest == everything[done:]


def test_a_beir_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my set"
    folder.mkdir()
    write(folder / "corpus.jsonl", {"_id": "a b", "title": "T", "text": "words"}, {"_id": "c", "text": "no title"}, {})
    (batch,) = open_source("beir", path=folder).batches()
    assert [(p.id, p.title) for p in batch.papers] == [("beir:my%20set:a%20b", "T"), ("beir:my%20set:c", "no title")]
    assert len(batch.skipped) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from("id title authors published listed updated links votes version tags paper withdrawn".split())  # noqa: SIM905


@examples(max_examples=300, deadline=None)
@given(st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_object_is_a_paper_or_refused(data: dict[str, object]) -> None:
    with contextlib.suppress(InputError):
        assert paper_from_json(data, "jsonl").source == "jsonl"


def test_a_moment_outside_the_calendar_is_refused_and_one_without_a_zone_is_in_utc() -> None:
    for wrong in ("0001-01-01T00:00:00+23:59", "yesterday"):
        with pytest.raises(InputError, match="is not a date"):
            paper_from_json({"title": "T", "updated": wrong}, "jsonl")
    assert paper_from_json({"title": "T", "updated": "2026-01-02T03:04:05"}, "jsonl").updated == dt.datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC
    )
