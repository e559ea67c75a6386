"""`seme serve` with several processes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

VOTED = 'aria-pressed="true" aria-label="Vote'


@pytest.fixture
def service(fresh_install: Path, tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    home = shutil.copytree(fresh_install, tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "SEME_HOME": str(home)}
    command = [sys.executable, "-m", "seme.cli", "serve", "--port", str(port), "--workers", "2", "--json"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}", psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(20)


def test_workers_serve_one_library_and_end_together(service: tuple[str, psutil.Process]) -> None:
    base, server = service
    _await(f"{base}/healthz")
    workers = [one for one in server.children() if "spawn_main" in " ".join(one.cmdline())]
    assert len(workers) == 2
    with httpx.Client(base_url=base) as browser:
        token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/trending").text)
        assert token
        paper = browser.get("/api/daily_papers").json()[0]["paper"]["id"]
        browser.post(f"/papers/{paper}/vote", data={"csrf": token[1], "up": "1"})
        # A browser keeps its connection, but not for ever: the next one may go to the other worker.
        closed = [browser.get("/healthz").headers.get("connection") == "close" for _ in range(40)]
        assert 2 <= sum(closed) <= 8
    # Each request is a connection of its own, and so goes to either worker.
    assert {httpx.get(f"{base}/papers/{paper}").text.count(VOTED) for _ in range(12)} == {1}
    server.terminate()
    server.wait(20)
    assert not any(one.is_running() for one in workers)


def _await(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{address} did not answer in time")
