"""A harvest that is killed again and again, from a server with every fault, ends as one that never was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arxiv_server import ArxivServer
from seme.papers.library import Library, StoredPaper
from seme.settings import Settings

PROGRAM = """
import random, sys
from pathlib import Path
from arxiv_server import LAST_DAY
from seme.papers.harvesting import run_harvest
from seme.papers.library import Library
from seme.papers.sources.arxiv_query import ArxivQuerySource
from seme.papers.sources.fetch import Fetcher
from seme.papers.sources.gate import RequestGate
from seme.settings import Settings
address, home = sys.argv[1], Path(sys.argv[2])
home.mkdir(parents=True, exist_ok=True)
fetcher = Fetcher(RequestGate(home / "gate", 0.05), contact="tests", read=0.4, total=0.6, attempts=20, base=0.001,
                  budget=60.0, generator=random.Random(1))
source = ArxivQuerySource(categories=["cs.CL"], days=30, page_size=5, address=address, fetcher=fetcher, today=LAST_DAY)
with Library(Settings(home=home, secret="x").database_url) as library:
    print(run_harvest(library, source).state)
"""


def start(server: ArxivServer, home: Path) -> subprocess.Popen[str]:
    """Start a harvest in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", PROGRAM, server.address, str(home)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def content(home: Path) -> list[tuple[object, ...]]:
    """Return all that a library holds of its papers, less the times of its own."""
    with Library(Settings(home=home, secret="x").database_url) as library:
        papers = sorted(library.papers.all(), key=lambda stored: stored.paper.id)
        return [(*_facts(stored), library.papers.versions(stored.paper.id)) for stored in papers]


def _facts(stored: StoredPaper) -> tuple[object, ...]:
    return stored.paper, stored.listed_on, stored.vote_count, stored.comment_count, stored.removed_at


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_three_times_the_library_is_the_same(tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)
    with ArxivServer(papers=120) as server:
        clean = start(server, tmp_path / "clean")
        assert clean.communicate(timeout=120)[0].strip() == "done"
    kills = 0
    with ArxivServer(papers=120, traps=["all"], hang=1.0) as server:
        for _ in range(3):
            seen = len(server.seen)
            run = start(server, tmp_path / "killed")
            deadline = time.monotonic() + 60
            while len(server.seen) == seen and run.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(moments.uniform(0.0, 0.5))
            kills += run.poll() is None
            run.send_signal(signal.SIGKILL)
            run.communicate()
        last = start(server, tmp_path / "killed")
        assert last.communicate(timeout=120)[0].strip() == "done"
        assert server.waiting == []  # every fault was played
    assert kills == 3
    assert content(tmp_path / "killed") == content(tmp_path / "clean")
    assert len(content(tmp_path / "clean")) > 20
