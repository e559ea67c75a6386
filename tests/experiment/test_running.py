from __future__ import annotations

import numpy as np
import pytest
from filelock import FileLock

from seme.errors import InputError, SemeError
from seme.experiment import run_experiment
from seme.report import Report, best_report, own_reports


def _run(planted_line, home, *, quick=True, seed=0, **given):
    settings = planted_line.settings.chosen(given, quick=quick)
    return run_experiment(planted_line, settings, home=home, seed=seed, quick=quick)


def test_a_run_leaves_a_report_that_says_how_it_was_made(planted_line, tmp_path):
    report, folder = _run(planted_line, tmp_path, seed=5, noise=0.25)
    assert Report.read(folder) == report
    assert report.scale == "quick"
    assert report.settings == {**planted_line.settings.quick().model_dump(mode="json"), "noise": 0.25}
    assert report.environment["seed"] == 5
    assert report.environment["versions"]["numpy"] == np.__version__
    assert report.environment["duration"] >= 0
    assert [claim.verdict for claim in report.claims] == ["holds", "holds"]
    assert (folder / "slopes.txt").is_file()


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(planted_line, tmp_path):
    one, two, other = (
        _run(planted_line, tmp_path / name, seed=seed)[0] for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one.claims == two.claims
    assert one.tables == two.tables
    assert one.tables != other.tables


def test_a_run_that_was_broken_off_is_gone_on_with_and_a_finished_one_is_kept(planted_line, tmp_path):
    _, first = _run(planted_line, tmp_path)
    (first / "report.json").unlink()
    _, second = _run(planted_line, tmp_path)
    assert second == first
    third = _run(planted_line, tmp_path, seed=1)[1]
    fourth = _run(planted_line, tmp_path, noise=0.1)[1]
    assert len({first, third, fourth}) == 3


def test_the_same_run_twice_at_once_is_refused(planted_line, tmp_path):
    _, folder = _run(planted_line, tmp_path)
    (folder / "report.json").unlink()
    with (
        FileLock(tmp_path / "cache" / "planted-line" / f".{folder.name}.lock"),
        pytest.raises(InputError, match="under way"),
    ):
        _run(planted_line, tmp_path)


def test_a_folder_that_is_asked_for_gets_the_report_and_nothing_else(planted_line, tmp_path):
    asked = tmp_path / "reports" / "02-planted-line"
    settings = planted_line.settings.quick()
    report, place = run_experiment(planted_line, settings, home=tmp_path, quick=True, folder=asked)
    assert place == asked
    assert Report.read(asked) == report
    assert sorted(path.name for path in asked.iterdir()) == ["figures", "report.html", "report.json"]
    assert [one.read() for one in own_reports("planted-line", tmp_path)] == [report]


def test_the_best_report_is_the_newest_full_one(planted_line, tmp_path):
    _, quick = _run(planted_line, tmp_path)
    assert best_report("planted-line", tmp_path).folder == quick
    _, full = _run(planted_line, tmp_path, quick=False)
    _, later = _run(planted_line, tmp_path, seed=9)
    assert best_report("planted-line", tmp_path).folder == full
    assert [one.folder for one in own_reports("planted-line", tmp_path)] == [later, full, quick]


def test_a_value_that_cannot_be_used_is_named_with_its_flag(planted_line):
    with pytest.raises(InputError, match=r"--points is 1: .*greater than or equal to 3") as caught:
        planted_line.settings.chosen({"points": 1}, quick=True)
    assert "How many points" in caught.value.hint
    with pytest.raises(InputError, match="points_ is") as caught:
        planted_line.settings.chosen({"points_": 1}, quick=True)
    assert "noise" in caught.value.hint


def test_a_report_of_another_experiment_is_refused(add_experiment, tmp_path):
    from seme.experiment import find_experiment

    add_experiment(
        "p04_other",
        "from pydantic import Field\nfrom seme.experiment import *\nfrom seme.report import Report\n"
        "class S(ExperimentSettings):\n    n: int = Field(default=1, description='d')\n"
        "@experiment(paper=4, slug='other', room='theory')\n"
        "def run(settings: S, context):\n    'Answer for another.'\n    return Report(paper=5, slug='x', title='t')\n",
    )
    other = find_experiment("other")
    with pytest.raises(SemeError, match="not for 'other'"):
        run_experiment(other, other.settings(), home=tmp_path)
