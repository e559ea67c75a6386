"""A terminal of its own for each test: the installed command, in a process, with its own data folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a service of its own, without the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name == "SEME_ASSETS" or not name.startswith("SEME_")}
    return {**kept, "SEME_HOME": str(tmp_path / "home"), "COLUMNS": "160"}


@pytest.fixture
def seme(environment: dict[str, str]) -> Run:
    """Return a function that runs `seme` with arguments, checks the exit code, and gives what it printed."""

    def run(*arguments: str, code: int = 0, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "seme.cli", *arguments]
        done = subprocess.run(
            command, env={**environment, **extra}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def seme_json(seme: Run) -> Callable[..., Any]:
    """Return a function that runs `seme ... --json`: all of its standard output must be one JSON value."""
    return lambda *arguments, **options: json.loads(seme(*arguments, "--json", **options).stdout)
