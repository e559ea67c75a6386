"""`python -m benchmarks.hostile`: a service and every reader of files under attack; exit code 1 if one of them fails."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.hostile.requests import attack
from benchmarks.hostile.specification import Answers, from_specification
from benchmarks.hostile.targets import TARGETS
from benchmarks.server import machine, resident, serving
from seme.papers.indexing import refresh_index
from seme.papers.library import Library
from seme.papers.seeding import seed_catalogue
from seme.settings import Settings

_RESULTS = Path(__file__).parent.parent / "results"
_LIGHT = ("atom", "latex", "query", "mail", "beir", "jsonl")
"""Readers of which an input takes less than some 15 ms, and which get more of them."""


def _against_service(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    settings = Settings(home=home)
    home.mkdir(parents=True)
    with Library(settings.database_url) as library:
        seed_catalogue(library)
        refresh_index(library, settings)
        papers = [stored.paper.id for stored in library.papers.all()]
    with serving(home, given.port, {"SEME_WRITES_PER_MINUTE": "100000000"}) as (base, server):
        parts: dict[str, Callable[[], Answers]] = {
            "made from the OpenAPI description": lambda: from_specification(base, given.described, given.seed),
            "mutated requests": lambda: attack(base, papers, given.requests, seed=given.seed),
        }
        found = {}
        for name, run in parts.items():
            began = time.perf_counter()
            answers = run()
            found[name] = {
                "count": answers.count,
                "seconds": time.perf_counter() - began,
                "failures": answers.failures,
                "statuses": dict(sorted(answers.statuses.items())),
                "rss_mb": resident(server) / 1e6,
            }
        assert server.is_running()
    log = (home / "server.log").read_text(errors="replace")
    traces = [part[:1500] for part in log.split("Traceback (most recent call last)")[1:]]
    found["the service's log: stack traces"] = {"count": 0, "seconds": 1.0, "failures": traces[:50]}
    return found


def _against_reader(name: str, runs: int, seed: int, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.hostile.fuzz", name, "--runs", str(runs), "--seed", str(seed)]
    began = time.perf_counter()
    done = subprocess.run([*command, "--folder", str(folder)], capture_output=True, check=False)
    path = folder / "findings.jsonl"
    failures = path.read_text().splitlines() if path.exists() else []
    made = re.findall(rb"^#(\d+)\s", done.stderr, re.MULTILINE)
    if done.returncode:  # it did not get through all: libFuzzer says how far it was
        runs = int(made[-1]) if made else 0
        failures.append(f"exit code {done.returncode}: {done.stderr[-1500:].decode(errors='replace')}")
    return {"count": runs, "seconds": time.perf_counter() - began, "failures": failures}


def _markdown(result: dict[str, Any]) -> str:
    parts = result["parts"]
    total = sum(part["count"] for part in parts.values())
    failed = sum(len(part["failures"]) for part in parts.values())
    lines = [
        f"## {total:,} hostile inputs, {failed} failures",
        "",
        "Made by `python -m benchmarks.hostile`. A failure is a status of 500 or more, no answer within ten seconds, a",
        "crash, an exception that is no error of Seme's own, or an input that takes more than two seconds.",
        "",
        *(f"- {name}: {value}" for name, value in result["machine"].items()),
        "",
        "| against | inputs | failures | a second | answers |",
        "|---|---:|---:|---:|---|",
    ]
    for name, part in parts.items():
        statuses = ", ".join(f"{k} × {v:,}" for k, v in part.get("statuses", {}).items())
        rate = part["count"] / part["seconds"]
        lines.append(f"| {name} | {part['count']:,} | {len(part['failures'])} | {rate:,.0f} | {statuses} |")
    return "\n".join([*lines, "", "Status 000: the connection was closed, for the bytes were no request.", ""])


def main() -> int:
    """Attack, and write down how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--described", type=int, default=10_000, help="requests made from the OpenAPI description")
    parser.add_argument("--requests", type=int, default=62_000, help="mutated requests")
    parser.add_argument("--light", type=int, default=20_000, help="inputs for each reader that is fast")
    parser.add_argument("--inputs", type=int, default=2_500, help="inputs for each of the others")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8158)
    parser.add_argument("--name", default="hostile", help="of the files in benchmarks/results; empty writes none")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="seme-hostile-") as folder:
        place = Path(folder)
        parts = _against_service(place / "home", given)
        for name in track(TARGETS, "Fuzzing", console=Console(stderr=True)):
            parts[f"reader: {name}"] = _against_reader(
                name, given.light if name in _LIGHT else given.inputs, given.seed, place / name
            )
    packages = ("atheris", "hypothesis", "schemathesis", "uvicorn", "fastapi")
    result = {"machine": machine(*packages), "asked": {**vars(given)}, "parts": parts, "load": os.getloadavg()[0]}
    if given.name:
        _RESULTS.mkdir(exist_ok=True)
        (_RESULTS / f"{given.name}.json").write_text(json.dumps(result, indent=1) + "\n")
        (_RESULTS / f"{given.name}.md").write_text(_markdown(result))
    Console().print(_markdown(result))
    failures = [failure for part in parts.values() for failure in part["failures"]]
    for failure in failures:
        Console(stderr=True).print(failure, markup=False)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
