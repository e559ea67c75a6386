"""`python -m benchmarks.load`: readers at once against a real `seme serve` with a large library, on loopback.

The library is made once and kept under `.bench`. The server is a process of its own with the settings of any other,
but for the rate limit: all readers share one address here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil
from rich.console import Console

from benchmarks.load_corpus import load, paper_ids, search_texts
from benchmarks.load_mix import GROUPS, Mix
from benchmarks.server import machine, resident, serving
from seme.settings import Settings

_ROOT = Path(__file__).parent.parent
_RESULTS = Path(__file__).parent / "results"
_VOTE_EVERY = 5.0
"""Seconds between two votes: each makes every page that is kept rendered out of date."""


@dataclass(slots=True)
class Log:
    """What was asked and how it went."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    failures: list[str] = field(default_factory=list)

    def note(self, kind: str, path: str, status: str, seconds: float, size: int) -> None:
        """Note one request."""
        self.statuses[status] += 1
        self.sent += size
        if status == "200":
            self.seconds.setdefault(kind, []).append(seconds)
        elif len(self.failures) < 20:
            self.failures.append(f"{status} {path}")


async def _read(session: aiohttp.ClientSession, mix: Mix, log: Log, until: float, think: float) -> None:
    rng = np.random.default_rng(mix.reader_seed())
    if think:
        await asyncio.sleep(rng.exponential(think))  # readers do not all come in the same instant
    while time.perf_counter() < until:
        kind, path = mix.draw(rng)
        began = time.perf_counter()
        try:
            async with session.get(path) as answer:
                body = await answer.read()
                status = str(answer.status) if body else "empty"
        except (aiohttp.ClientError, TimeoutError) as error:
            body, status = b"", type(error).__name__
        log.note(kind, path, status, time.perf_counter() - began, len(body))
        if think:
            await asyncio.sleep(rng.exponential(think))


async def _vote(base: str, papers: Sequence[str], log: Log, until: float) -> None:
    """Vote now and then, as people do: pages that were kept rendered must be rendered again."""
    # Cookies of a host without a name are kept only by a jar that is told to.
    async with aiohttp.ClientSession(base, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get("/trending") as answer:
            found = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
        assert found
        number = 0
        while time.perf_counter() + _VOTE_EVERY < until:
            await asyncio.sleep(_VOTE_EVERY)
            form = {"csrf": found[1], "up": "1"}
            began = time.perf_counter()
            headers = {"Accept": "application/json"}
            path = f"/papers/{papers[number % 50]}/vote"
            async with session.post(path, data=form, headers=headers) as answer:
                body = await answer.read()
                log.note("vote", path, str(answer.status), time.perf_counter() - began, len(body))
            number += 1


async def _drive(base: str, mix: Mix, papers: Sequence[str], given: argparse.Namespace, seconds: float) -> Log:
    log, until = Log(), time.perf_counter() + seconds
    # A browser keeps cookies and understands gzip; bodies are not unpacked, for that is the browsers' time.
    sessions = [
        aiohttp.ClientSession(base, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=30))
        for _ in range(given.readers)
    ]
    try:
        readers = [_read(session, mix, log, until, given.think) for session in sessions]
        await asyncio.gather(_vote(base, papers, log, until), *readers)
    finally:
        for session in sessions:
            await session.close()
    return log


async def _sample(process: psutil.Process, peak: list[int]) -> None:
    while True:
        peak[0] = max(peak[0], resident(process))
        await asyncio.sleep(0.5)


def _cpu(process: psutil.Process) -> float:
    times = [p.cpu_times() for p in [process, *process.children(recursive=True)]]
    return sum(t.user + t.system for t in times)


async def _measure(base: str, server: psutil.Process, given: argparse.Namespace, home: Path) -> dict[str, Any]:
    papers = paper_ids(home / "library.sqlite3")
    mix = Mix(papers, search_texts(given.papers, given.queries))
    await _drive(base, mix, papers, given, given.warm_up)
    peak, cpu, harness = [0], _cpu(server), time.process_time()
    sampler = asyncio.create_task(_sample(server, peak))
    began = time.perf_counter()
    log = await _drive(base, mix, papers, given, given.seconds)
    wall = time.perf_counter() - began
    sampler.cancel()
    total = sum(log.statuses.values())
    return {
        "requests": total,
        "errors": total - log.statuses["200"],
        "failures": log.failures,
        "requests_per_s": total / wall,
        "different_searches": mix.different,
        "server_cpu_ms_per_request": 1e3 * (_cpu(server) - cpu) / total,
        "server_cores_used": (_cpu(server) - cpu) / wall,
        "harness_cores_used": (time.process_time() - harness) / wall,
        "server_peak_memory_mb": peak[0] / 1e6,
        "kb_per_answer": log.sent / total / 1e3,
        "groups": {name: _figures(_joined(log, kinds)) for name, kinds in GROUPS.items()},
        "kinds": {kind: _figures(taken) for kind, taken in sorted(log.seconds.items())},
    }


def _joined(log: Log, kinds: Sequence[str]) -> list[float]:
    return [seconds for kind in kinds for seconds in log.seconds.get(kind, [])]


def _figures(seconds: Sequence[float]) -> dict[str, float]:
    if not seconds:
        return {"n": 0}
    p50, p95, p99 = (float(v) for v in np.percentile(seconds, [50, 95, 99]))
    return {
        "n": len(seconds),
        "p50_ms": 1e3 * p50,
        "p95_ms": 1e3 * p95,
        "p99_ms": 1e3 * p99,
        "max_ms": 1e3 * max(seconds),
    }


def _markdown(result: dict[str, Any]) -> str:
    figures, asked = result["figures"], result["asked"]
    lines = [
        f"## {asked['readers']} readers at once, {asked['papers']:,} papers",
        "",
        f"Made by `python -m benchmarks.load`: {asked['seconds']:.0f} s, "
        + (f"{asked['think']} s of reading between pages" if asked["think"] else "no pause between pages")
        + f"; processes that serve: {asked['workers']}; load average before {result['load_before']:.2f}, "
        f"after {result['load_after']:.2f}; "
        "server and readers share the machine.",
        "",
        *(f"- {name}: {value}" for name, value in result["machine"].items()),
        "",
        "| | n | p50 ms | p95 ms | p99 ms | max ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, row in (*((f"**{g}**", r) for g, r in figures["groups"].items()), *figures["kinds"].items()):
        if row["n"]:
            cells = " | ".join(f"{row[key]:.0f}" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
            lines.append(f"| {name} | {row['n']} | {cells} |")
    names = (
        "requests",
        "errors",
        "requests_per_s",
        "different_searches",
        "server_cpu_ms_per_request",
        "server_cores_used",
        "harness_cores_used",
        "server_peak_memory_mb",
        "kb_per_answer",
    )
    lines += ["", "| figure | value |", "|---|---:|", *(f"| {name} | {figures[name]:,.4g} |" for name in names), ""]
    return "\n".join(lines)


def main() -> None:
    """Make the library if there is none, serve it, read it, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=5)
    parser.add_argument("--think", type=float, default=0.0, help="mean seconds between an answer and the next request")
    parser.add_argument("--queries", type=int, default=20_000, help="different searches that readers draw from")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--port", type=int, default=8157)
    parser.add_argument("--name", default="load", help="of the files in benchmarks/results; empty writes none")
    given = parser.parse_args()
    home = _ROOT / ".bench" / f"load-{given.papers}"
    made = {} if (home / "index" / "position.json").exists() else load(Settings(home=home), given.papers)
    before = os.getloadavg()[0]
    with serving(home, given.port, {"SEME_WORKERS": str(given.workers)}) as (base, server):
        figures = asyncio.run(_measure(base, server, given, home))
    after = os.getloadavg()[0]
    asked = {k: v for k, v in vars(given).items() if k not in ("name", "port")}
    loads = {"load_before": before, "load_after": after}
    result = {
        "machine": machine("uvicorn", "fastapi", "onnxruntime", "sqlalchemy"),
        "asked": asked,
        "made": made,
        **loads,
        "figures": figures,
    }
    Console().print_json(json.dumps(result))
    if given.name:
        _RESULTS.mkdir(exist_ok=True)
        (_RESULTS / f"{given.name}.json").write_text(json.dumps(result, indent=1) + "\n")
        (_RESULTS / f"{given.name}.md").write_text(_markdown(result))


if __name__ == "__main__":
    main()
