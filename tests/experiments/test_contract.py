"""What every experiment owes, over all of the registry.

The quick run of each is made once, and short ones twice in one process: as they come, and again with what the first run
left in the cache. All checks of an experiment share these runs, in one test, so that workers never repeat them.
"""

from __future__ import annotations

import gc
import os
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seme.cli import app
from seme.experiment import Experiment, experiments, find_experiment, run_experiment
from seme.experiment.registry import experiment_names
from seme.papers.catalogue import catalogue_papers
from seme.report import Report, shipped_reports

_DIFFERS = re.compile(r"\b(s|ms|seconds?|minutes?|time|faster|slower|speed|memory|[KMG]i?B|G?FLOPS?)\b|/s\b", re.I)
"""Names of what no seed decides: time and memory. Their figures are not compared between two runs."""

_SHORT = 15.0
"""Seconds up to which a run is made twice; all are where SEME_ALL_TESTS is set, for the suite has its limit."""


@pytest.mark.parametrize("name", experiment_names())
def test_a_quick_run_keeps_what_every_experiment_owes(name, tmp_path, capsys):
    experiment = find_experiment(name)
    if experiment.missing:
        pytest.skip(f"{name} needs {', '.join(experiment.missing)}: make methods")
    hooked = _hooked_modules()
    report = _quick_run(experiment, tmp_path, "first")
    with capsys.disabled():
        print(f"\n  {name}: quick run {report.environment['duration']:.0f} s", end=" ")  # noqa: T201
    _check_parts(report, experiment, tmp_path / "first")
    assert _hooked_modules() == hooked
    if report.environment["duration"] <= _SHORT or "SEME_ALL_TESTS" in os.environ:
        again = _quick_run(experiment, tmp_path, "second")
        assert _seeded(again) == _seeded(report)


@pytest.mark.parametrize("name", experiment_names())
def test_help_lists_every_setting(name):
    shown = CliRunner().invoke(app, ["run", name, "--help"], env={"COLUMNS": "240", "TERMINAL_WIDTH": "240"})
    assert shown.exit_code == 0
    for field in find_experiment(name).settings.model_fields:
        assert f"--{field.replace('_', '-')}" in shown.output


def test_papers_and_rooms_are_those_that_exist():
    found = experiments()
    assert [one.slug for one in found] == list(dict.fromkeys(one.slug for one in found))
    for one in found:
        assert 1 <= one.paper <= len(catalogue_papers())
        assert one.summary.endswith("."), f"{one.slug} is not explained in a sentence"


def test_reports_that_ship_are_whole_of_full_scale_and_of_an_experiment_there_is():
    for number, slug, place in shipped_reports():
        report = place.read()
        experiment = find_experiment(slug)
        assert (report.paper, report.slug, report.scale) == (number, slug, "full")
        assert experiment.paper == number
        assert set(report.settings) == set(experiment.settings.model_fields), f"{slug} was made with other settings"
        assert {"date", "seed", "device", "duration", "commit", "versions"} <= set(report.environment)
        assert (place.folder / "report.html").is_file()


def _quick_run(experiment: Experiment, home: Path, folder: str) -> Report:
    settings = experiment.settings.quick()
    report, _ = run_experiment(experiment, settings, home=home, device="cpu", quick=True, folder=home / folder)
    return report


def _check_parts(report: Report, experiment: Experiment, folder: Path) -> None:
    assert Report.read(folder) == report
    assert (report.paper, report.slug, report.scale) == (experiment.paper, experiment.slug, "quick")
    assert report.claims, "no claim"
    assert any(claim.verdict != "not tested" for claim in report.claims), "no claim was tested"
    assert report.baselines, "no baseline"
    assert report.figures, "no figure"
    assert set(report.settings) == set(experiment.settings.model_fields)


def _seeded(report: Report) -> dict[str, Any]:
    """Return what follows from the seed."""
    return {
        "claims": [
            (one.statement, one.relation, _kept(f"{one.statement} {one.relation}", one.measured))
            for one in report.claims
        ],
        "baselines": {
            one.name: {key: _kept(key, value) for key, value in one.metrics.items()} for one in report.baselines
        },
        "tables": {
            table.name: [
                [
                    _kept(f"{table.name} {row[0]} {column}", cell)
                    for column, cell in zip(table.columns, row, strict=True)
                ]
                for row in table.rows
            ]
            for table in report.tables
        },
        "figures": [(one.name, one.caption) for one in report.figures],
    }


def _kept(name: str, value: Any) -> Any:
    return None if _DIFFERS.search(name) else value


def _hooked_modules() -> list[str]:
    """Return the PyTorch modules, anywhere in the process, that a run left hooks on."""
    torch = pytest.importorskip("torch")
    gc.collect()
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    modules = (one for one in gc.get_objects() if issubclass(type(one), torch.nn.Module))
    return sorted(type(one).__name__ for one in modules if any(getattr(one, kind, None) for kind in kinds))
