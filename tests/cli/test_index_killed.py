"""`seme index` killed while it saves: what was searched before still is, and doctor says and mends what is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from seme.papers.doctor import examine
from seme.papers.indexing import index_state, refresh_index
from seme.papers.library import Library
from seme.papers.paper import Paper
from seme.papers.query import Query
from seme.papers.reader import Reader
from seme.settings import Settings

QUERIES = ("paper about subject 12", "theme 3", "paper 2")


def entries(folder: Path) -> set[tuple[str, int]]:
    """Return the files of a folder with the times at which they were written, as far as they can be seen."""
    found = set()
    for parent, _, names in os.walk(folder):  # unlike rglob, it goes on where a folder is removed in this moment
        for name in names:
            path = Path(parent) / name
            try:
                found.add((str(path), path.stat().st_mtime_ns))
            except FileNotFoundError:  # moved or removed in this moment
                continue
    return {one for one in found if not one[0].endswith(".lock")}


def kill_in_save(environment: dict[str, str], settings: Settings, pause: float, *words: str) -> bool:
    """Start `seme index` and kill it a moment after it wrote something; tell whether it was still at work."""
    command = [sys.executable, "-m", "seme.cli", "index", *words]
    before = entries(settings.index_path)
    run = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while run.poll() is None and time.monotonic() < deadline and not entries(settings.index_path) - before:
        time.sleep(0.003)
    time.sleep(pause)
    alive = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait()
    return alive


def hits(library: Library, settings: Settings) -> list[list[tuple[str, float | None]]]:
    """Return what some searches find, and how well."""
    reader = Reader(library, settings)
    found = [[(one.stored.paper.id, one.score) for one in reader.list(Query(text=text), limit=60)] for text in QUERIES]
    reader.close()
    return found


def papers(turn: int) -> list[Paper]:
    """Return papers that are short, so that what takes the time is the saving."""
    return [
        Paper(id=f"26{turn:02d}.{n:05d}", title=f"Paper {turn} about subject {n}", source="arxiv") for n in range(40)
    ]


def test_an_index_is_the_old_or_the_new_one_whenever_it_is_killed(environment: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(home=Path(environment["SEME_HOME"]), secret="x")
    settings.home.mkdir()
    levels = set()
    with Library(settings.database_url) as library:
        library.papers.store(papers(0))
        refresh_index(library, settings)
        for turn, pause in ((1, 0.0), (2, 0.01), (3, 0.0)):
            library.papers.store(papers(turn))
            words = ("--rebuild",) if turn == 3 else ()
            assert kill_in_save(environment, settings, pause, *words)
            finding = next(one for one in examine(settings) if one.check == "index")
            levels.add(finding.level)
            if finding.level != "ok":  # it was killed before the last of the files was in its place
                assert finding.mend in ("seme index", "seme doctor --repair")
            if not words:
                assert index_state(library, settings).papers >= 40
                assert {one for one, _ in hits(library, settings)[0]} >= {"2600.00012"}
        assert levels != {"ok"}
        repaired = next(one for one in examine(settings, repair=True) if one.check == "index")
        assert repaired.level == "ok"
        assert index_state(library, settings).papers == library.papers.count() == 160
        fresh = Settings(home=tmp_path / "fresh", database=settings.database_url, secret="x")
        refresh_index(library, fresh)
        assert hits(library, settings) == hits(library, fresh)
