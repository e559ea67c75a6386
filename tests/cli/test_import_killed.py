"""`seme import` killed at random points: nothing is lost, nothing doubled, and a second run completes it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seme.papers.archive import export_library
from seme.papers.doctor import examine
from seme.papers.library import Library
from seme.papers.paper import Paper
from seme.papers.sources.jsonl import BATCH
from seme.settings import Settings

Open = Callable[[], Library]


@pytest.fixture
def opened(environment: dict[str, str]) -> Open:
    """Return a function that opens the library of the commands of this test."""
    home = Path(environment["SEME_HOME"])
    home.mkdir()
    return lambda: Library(Settings(home=home, secret="x").database_url)


def kill_when(environment: dict[str, str], path: Path, reached: Callable[[], bool], pause: float) -> bool:
    """Start an import and kill it a moment after something is reached; tell whether it was still at work."""
    command = [sys.executable, "-m", "seme.cli", "import", str(path)]
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while run.poll() is None and time.monotonic() < deadline and not reached():
        time.sleep(0.01)
    time.sleep(pause)
    alive = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    return alive


def levels(environment: dict[str, str]) -> dict[str, str]:
    """Return what doctor thinks of each thing that it checks."""
    settings = Settings(home=Path(environment["SEME_HOME"]), secret="x")
    return {one.check: one.level for one in examine(settings)}


def test_a_file_of_papers_is_gone_on_with_where_it_was_killed(
    seme_json, environment: dict[str, str], opened: Open, tmp_path: Path
) -> None:
    file = tmp_path / "papers.jsonl"
    lines = [{"id": f"2603.{n:05d}", "title": f"Paper {n}", "votes": n % 9} for n in range(8 * BATCH + 7)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    chance = random.Random(8)
    seen = 0
    with opened() as library:

        def more() -> bool:
            return any(one.seen > seen for one in library.harvests.last(source="jsonl"))

        for _ in range(3):
            assert kill_when(environment, file, more, chance.uniform(0, 0.1))
            (last,) = library.harvests.last(source="jsonl")
            assert seen < last.seen < len(lines)
            seen = last.seen
            assert library.papers.count() == 57 + seen  # what the log says was read, and nothing else
        assert levels(environment)["library"] == "ok"
    done = seme_json("import", str(file), "--no-index")
    assert (done["read"], done["added"], done["skipped"]) == (len(lines), len(lines), 0)
    again = seme_json("import", str(file), "--no-index")
    assert again["added"] == again["changed"] == 0
    with opened() as library:
        stored = {one.paper.id: one.paper for one in library.papers.all() if one.paper.source == "jsonl"}
    assert [stored.pop(str(line["id"])).votes for line in lines] == [line["votes"] for line in lines]
    assert stored == {}


def test_an_archive_is_restored_whole_or_not_at_all(
    seme, seme_json, environment: dict[str, str], opened: Open, tmp_path: Path
) -> None:
    export, again = tmp_path / "export", tmp_path / "again"
    with Library(f"sqlite:///{tmp_path / 'source.sqlite3'}") as source:
        papers = [
            Paper(id=f"2603.{n:05d}", title=f"Paper {n}", note="long " * 12_000, source="arxiv") for n in range(300)
        ]
        source.papers.store(papers)
        for paper in papers[::20]:
            source.votes.cast(source.people.local(), paper.id)
            source.shelves.save(source.people.local(), paper.id, note="read me")
        export_library(source, export, base_url="http://127.0.0.1:8057")
    wal = Path(environment["SEME_HOME"]) / "library.sqlite3-wal"
    chance = random.Random(9)
    for _ in range(3):
        size = chance.randint(1, 12) << 20  # written to the log, but not committed
        assert kill_when(environment, export, lambda size=size: wal.exists() and wal.stat().st_size > size, 0.0)
        with opened() as library:
            assert (library.papers.count(), library.papers.revision(), library.papers.activity()) == (0, 0, 0)
        assert levels(environment)["library"] == "ok"
    done = seme_json("import", str(export))
    assert (done["papers added"], done["votes added"], done["saved added"]) == (300, 15, 15)
    seme("export", str(again))
    assert {file.name: file.read_bytes() for file in again.iterdir()} == {
        file.name: file.read_bytes() for file in export.iterdir()
    }
    assert {levels(environment)[name] for name in ("library", "index", "deliveries")} == {"ok"}
    assert seme_json("import", str(export))["papers added"] == 0
