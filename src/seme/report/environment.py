"""Under which conditions a report was made."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

_LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "transformers",
    "sentence-transformers",
    "accelerate",
    "peft",
    "safetensors",
    "matplotlib",
)


def environment(*, seed: int, device: str, seconds: float) -> dict[str, Any]:
    """Return versions, device, processor, threads, commit, date, duration and seed of a run that just ended.

    Parameters
    ----------
    seed, device
        What the run was given.
    seconds
        How long it took.
    """
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "duration": round(seconds, 2),
        "seed": seed,
        "device": device_name(device),
        "processor": processor(),
        "threads": threads(),
        "platform": f"{platform.system()} {platform.machine()}",
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions("seme", *_LIBRARIES)},
    }


def versions(*names: str) -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """Return the processor's name and how many logical cores this process may use."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    name = next(models, platform.processor() or platform.machine())
    return f"{name}, {_cores()} cores"


def threads() -> int:
    """Return how many threads the arithmetic used."""
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch else int(os.environ.get("OMP_NUM_THREADS") or _cores())


def device_name(device: str) -> str:
    """Return the device with the name of the GPU, if it is one."""
    torch = sys.modules.get("torch")
    return f"{device} ({torch.cuda.get_device_name(device)})" if torch and device.startswith("cuda") else device


def commit() -> str | None:
    """Return the commit of the checkout that Seme runs from, with `+` if files differ from it; `None` if installed."""
    root, git = Path(str(files("seme"))).parent.parent, shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None

    def ask(*words: str) -> str:
        done = subprocess.run([git, "-C", root, *words], capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout.strip()

    return ask("rev-parse", "HEAD") + ("+" if ask("status", "--porcelain", "--", "src") else "") or None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
