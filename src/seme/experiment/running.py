"""One run of an experiment: from settings to a report in its folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock, Timeout
from rich.console import Console

from seme.errors import InputError, SemeError
from seme.experiment.context import Context, resolve_device
from seme.experiment.needs import require, still_needed
from seme.experiment.registry import Experiment
from seme.report import Report
from seme.report.environment import environment
from seme.report.report import REPORT
from seme.report.shelf import RUNS
from seme.report.values import plain


def run_experiment(
    experiment: Experiment,
    settings: Any,
    *,
    home: Path,
    seed: int = 0,
    device: str = "auto",
    quick: bool = False,
    folder: Path | None = None,
    console: Console | None = None,
) -> tuple[Report, Path]:
    """Run an experiment and write its report.

    Parameters
    ----------
    experiment, settings
        What is run, and with what.
    home
        Folder of everything that Seme writes: runs go to `runs/NAME`, shared files to `cache/NAME`.
    seed
        All random numbers follow from it.
    device
        `auto`, `cpu`, `cuda` or `cuda:N`.
    quick
        Whether the settings are those of the quick run.
    folder
        Where to write the report too, and nothing else of the run.
    console
        Where progress goes.

    Returns
    -------
    Report, Path
        The report, and the folder that it was written to: `folder`, or else the run's own. A run that was broken off
        is gone on with.

    Raises
    ------
    AssetError
        If a package is missing that the experiment needs.
    InputError
        If there is no such device, or the same run is under way elsewhere.
    """
    require(experiment.slug, still_needed(experiment.needs, type(settings)(), settings))
    with_torch = "methods" in experiment.needs
    chosen = resolve_device(device, with_torch=with_torch)
    scale: Literal["quick", "full"] = "quick" if quick else "full"
    place = run_folder(home / RUNS / experiment.slug, settings, seed, scale)
    place.mkdir(parents=True, exist_ok=True)
    cache = home / "cache" / experiment.slug
    cache.mkdir(parents=True, exist_ok=True)
    context = Context(place, cache, seed, chosen, quick, console or Console(stderr=True))
    _seed_everything(seed, with_torch=with_torch)
    began = time.monotonic()
    with _alone(place, cache):
        report = experiment.run(settings, context)
    if (report.paper, report.slug) != (experiment.paper, experiment.slug):
        raise SemeError(f"the report is for {report.paper} {report.slug!r}, not for {experiment.slug!r}")
    report.scale = scale
    report.settings = settings.model_dump(mode="json")
    defaults = type(settings).quick() if quick else type(settings)()
    report.environment = environment(seed=seed, device=chosen, seconds=time.monotonic() - began) | {
        "defaults": defaults.model_dump(mode="json")
    }
    report.write(place)
    if folder is not None:
        report.write(folder)
    return report, folder or place


def run_folder(runs: Path, settings: Any, seed: int, scale: str) -> Path:
    """Return the folder of an unfinished run with the same settings, or else a new one."""
    described = json.dumps([plain(settings.model_dump(mode="json")), seed, scale], sort_keys=True)
    digest = hashlib.sha256(described.encode()).hexdigest()[:8]
    for begun in sorted(runs.glob(f"*-{scale}-{digest}")):
        if not (begun / REPORT).exists():
            return begun
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
    return runs / f"{stamp}-{scale}-{digest}"


@contextmanager
def _alone(place: Path, cache: Path) -> Iterator[None]:
    try:
        with FileLock(cache / f".{place.name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise InputError(f"the same run is under way in {place}", hint="Wait for it, or change --seed") from error


def _seed_everything(seed: int, *, with_torch: bool) -> None:
    """Seed the global generators too, which libraries draw from when they make layers or generate text."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if with_torch:
        import torch  # noqa: PLC0415  # the base install has no PyTorch

        torch.manual_seed(seed)
