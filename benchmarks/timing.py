"""Timing of systems in turns, so that a disturbance of the machine meets all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def interleaved(systems: Mapping[str, Callable[[], object]], *, repeats: int) -> dict[str, float]:
    """Return the median seconds of each system over rounds in which each runs once, after one round unmeasured."""
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for turn in range(repeats + 1):
        for name, run in systems.items():
            taken = once(run)
            if turn:
                seconds[name].append(taken)
    return {name: statistics.median(values) for name, values in seconds.items()}


def once(run: Callable[[], object]) -> float:
    """Return the seconds that one run takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def cpu_and_wall(run: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that one run takes of the processor, over all threads of the process, and of the wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
