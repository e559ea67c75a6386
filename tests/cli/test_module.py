"""`python -m seme` is `seme`."""

from __future__ import annotations

import subprocess
import sys

import seme


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "seme", "--version"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    assert seme.__version__ in done.stdout
