"""A real `seme serve` in a process of its own, and the machine that it runs on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psutil


@contextmanager
def serving(home: Path, port: int, settings: Mapping[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    """Serve a library while the block runs; yield the address and the process. Its log is `server.log` in `home`.

    The settings are those of any server but for `settings` and the rate limit: all readers share one address here.
    """
    environment = {**os.environ, "SEME_HOME": str(home), "SEME_RATE_PER_MINUTE": "100000000", **settings}
    command = [sys.executable, "-m", "seme.cli", "serve", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        _await(base)
        yield base, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _await(base: str) -> None:
    for _ in range(300):
        try:
            httpx.get(f"{base}/healthz")
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the server did not answer within a minute")


def resident(process: psutil.Process) -> int:
    """Return the resident bytes of a process and its children; what they share counts once (Linux: PSS)."""
    return sum(p.memory_full_info().pss for p in [process, *process.children(recursive=True)])


def machine(*packages: str) -> dict[str, Any]:
    """Return what a reader of figures must know of the machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor())
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
