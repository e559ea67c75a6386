from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import seme.experiments
from seme.experiment import registry

PLANTED = Path(__file__).parent.parent / "fixtures" / "experiments" / "p02_planted_line.py"


@pytest.fixture
def add_experiment(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return a function that adds a module to the experiments for the time of a test."""
    folder = tmp_path / "experiments"
    folder.mkdir()
    seme.experiments.__path__.append(str(folder))

    def add(name: str, source: str) -> None:
        (folder / f"{name}.py").write_text(source)

    yield add
    seme.experiments.__path__.remove(str(folder))
    for file in folder.glob("*.py"):
        forget(f"seme.experiments.{file.stem}")


def forget(module: str) -> None:
    """Take the experiments of a module out again, and those alone: others may have been found meanwhile."""
    sys.modules.pop(module, None)
    for slug in [slug for slug, one in registry._REGISTRY.items() if one.run.__module__ == module]:
        del registry._REGISTRY[slug]


@pytest.fixture
def planted_line(add_experiment: Callable[..., None]) -> registry.Experiment:
    """Return a small real experiment: it finds a line that was hidden in noise."""
    add_experiment(PLANTED.stem, PLANTED.read_text())
    return registry.find_experiment("planted-line")
