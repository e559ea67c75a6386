"""`seme harvest` killed at random points, from a server with every fault, ends as a run that never was killed."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from arxiv_server import OAI_TRAPS, TRAPS, ArxivServer
from seme.papers.archive import export_library
from seme.papers.doctor import examine
from seme.papers.library import Library
from seme.settings import Settings

INTERVAL = 0.05
TIMES = ("added_at", "changed_at", "started_at", "removed_at")


def start(server: ArxivServer, environment: dict[str, str], home: Path, *words: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    variables = {**environment, **server.settings, "SEME_HOME": str(home)}
    command = [sys.executable, "-m", "seme.cli", "harvest", *words]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(run: subprocess.Popen[str]) -> str:
    """Wait until a process ends well and return what it said."""
    told, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    return told


def kill_behind(run: subprocess.Popen[str], server: ArxivServer, requests: int, pause: float) -> bool:
    """Kill a process a moment after it has made so many requests; tell whether it was still at work."""
    wanted = len(server.seen) + requests
    deadline = time.monotonic() + 60
    while len(server.seen) < wanted and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(pause)
    alive = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.communicate()
    return alive


def exported(home: Path, folder: Path) -> dict[str, Any]:
    """Return what the export of a library says, less the times at which it was written."""
    with Library(Settings(home=home, secret="x").database_url) as library:
        export_library(library, folder)
    told: dict[str, Any] = {"bib": (folder / "papers.bib").read_text()}
    for file in folder.glob("*.jsonl"):
        records = map(json.loads, file.read_text().splitlines())
        told[file.stem] = [{name: value for name, value in one.items() if name not in TIMES} for one in records]
    return told


@pytest.mark.parametrize(
    ("source", "papers", "traps", "where", "good", "seed"),
    [("arxiv", 500, TRAPS, "start", 3, 0), ("arxiv-oai", 120, OAI_TRAPS, "resumptionToken", 7, 7)],
)
def test_killed_three_times_the_library_is_the_same(
    environment: dict[str, str],
    tmp_path: Path,
    source: str,
    papers: int,
    traps: tuple[str, ...],
    where: str,
    good: int,
    seed: int,
) -> None:
    chance = random.Random(seed)
    faults = [""]  # a good answer first, and one behind each of the first faults
    for number, fault in enumerate(chance.sample(traps, len(traps))):
        faults += [fault, ""] if number < good else [fault]
    words = (source, "--category", "cs.CL", "--days", "2")
    today = dt.datetime.now(dt.UTC).date()
    with ArxivServer(papers, last_day=today) as calm, ArxivServer(papers, faults, last_day=today) as server:
        clean = start(calm, environment, tmp_path / "clean", *words, "--no-index")
        kills, firsts = 0, []
        for _ in range(3):
            firsts.append(len(server.seen))
            run = start(server, environment, tmp_path / "killed", *words)
            kills += kill_behind(run, server, chance.randint(2, 4), chance.uniform(0, 0.15))
        last = ended(start(server, environment, tmp_path / "killed", *words))
        assert server.waiting == []  # every fault was played
        ended(clean)
    assert kills == 3
    went_on = parse_qs(urlsplit(server.seen[firsts[1]].path).query)
    assert went_on[where][0] != "0"  # the second run began where the first one stopped
    assert min(after.at - before.at for before, after in itertools.pairwise(server.seen)) >= INTERVAL
    one, other = (exported(tmp_path / name, tmp_path / f"{name} export") for name in ("clean", "killed"))
    assert len(one["papers"]) == 57 + papers // 2
    if source == "arxiv-oai":  # a list whose token expired is read again: what was seen is seen twice
        assert all(record.pop("seen") for told in (one, other) for record in told["harvests"])
    assert other == one
    assert f"{papers // 2} new" in last
    findings = {one.check: one.level for one in examine(Settings(home=tmp_path / "killed", secret="x"))}
    assert {findings[name] for name in ("library", "feed", "index", "encoder")} == {"ok"}
