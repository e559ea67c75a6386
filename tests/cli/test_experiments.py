from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures" / "experiments"
_LAUNCHER = f"""
import sys
for name in ("torch", "transformers", "sklearn", "scipy"): sys.modules[name] = None
import seme.experiments
seme.experiments.__path__.append({str(FIXTURES)!r})
from seme.cli import main
main()
"""


@pytest.fixture
def line(environment, tmp_path):
    """Return a function that runs `seme` with one experiment more, where PyTorch cannot be imported."""

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _LAUNCHER, *arguments]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


def test_an_experiment_is_run_shown_and_compared(line, tmp_path):
    made = line("run", "planted-line", "--quick", "--json", "--seed", "3", "--slopes", "3", "-1", "--no-centred")
    told = json.loads(made.stdout)
    assert (told["paper"], told["slug"], told["scale"]) == (2, "planted-line", "quick")
    assert told["settings"] == {
        "points": 200,
        "slopes": [3.0, -1.0],
        "noise": 0.5,
        "centred": False,
        "solver": "lstsq",
        "source": None,
    }
    assert [claim["verdict"] for claim in told["claims"]] == ["holds", "holds"]
    folder = next((tmp_path / "home" / "runs" / "planted-line").iterdir())
    assert str(folder / "report.html") in made.stderr
    assert json.loads((folder / "report.json").read_text()) == told

    assert json.loads(line("report", "planted-line", "--json").stdout) == told
    shown = line("report", "planted-line", "--html", "page.html")
    assert shown.stdout == ""
    assert (tmp_path / "page.html").read_text() == (folder / "report.html").read_text()
    assert (
        "seme run planted-line --quick --seed 3 --slopes 3.0 -1.0 --no-centred" in (tmp_path / "page.html").read_text()
    )

    other = line("run", "2", "--points", "50", "--slopes", "-1", "--solver", "normal", "--folder", str(tmp_path / "b"))
    assert "holds" in other.stdout
    both = json.loads(line("compare", str(folder), "b", "--json").stdout)
    rows = {row["statement"]: row for row in both["claims"]}
    assert rows["finds the slope 3"]["b"] is None
    first, second = (rows["finds the slope -1"][side]["measured"] for side in "ab")
    assert rows["finds the slope -1"]["change"] == pytest.approx(second - first)
    conditions = {row["name"]: (row["a"], row["b"]) for row in both["conditions"]}
    assert conditions["points"] == (200, 50)
    assert conditions["solver"] == ("lstsq", "normal")
    assert "noise" not in conditions
    assert any(row["name"] == "slopes: -1: found" for row in both["figures"])
    assert "finds the slope -1" in line("compare", "planted-line", "b").stdout
    assert line("compare", "planted-line", "b", "--html", "both.html").stdout == ""
    assert (tmp_path / "both.html").read_text().count("<img") == 2


def test_every_setting_is_a_flag_with_its_help_and_its_values(line):
    shown = line("run", "planted-line", "--help").stdout
    for flag in ("--points", "--slopes", "--noise", "--no-centred", "--solver", "--source", "--quick", "--device"):
        assert flag in shown
    assert "How many points are drawn (default 20000; with --quick 200)" in shown
    assert "lstsq|normal" in shown
    assert "planted-line" in line("run", "--help").stdout


def test_the_methods_are_listed_without_pytorch(line):
    rows = json.loads(line("methods", "--json").stdout)
    row = next(row for row in rows if row["slug"] == "planted-line")
    assert row["paper"] == 2
    assert row["title"].startswith("CoreInfer")
    assert (row["room"], row["needs"], row["missing"]) == ("theory", [], [])
    assert [row["paper"] for row in rows] == sorted(row["paper"] for row in rows)
    assert "planted-line" in line("methods").stdout


def test_errors_have_their_exit_codes(line, tmp_path):
    assert "--points is 1" in line("run", "planted-line", "--points", "1", code=2).stderr
    assert "--slopes" in line("run", "planted-line", "--slopes", "x", code=2).stderr
    assert "cuda:9" in line("run", "planted-line", "--quick", "--folder", "x", "--device", "cuda:9", code=2).stderr
    nothing = line("run", "nothing", code=3)
    assert "planted-line" in nothing.stderr
    assert nothing.stdout == ""
    assert "seme run atoms" in line("report", "atoms@own", code=3).stderr
    assert "x@y" in line("compare", "x@y", "z", code=3).stderr
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "report.json").write_text("{}")
    assert "cannot be read" in line("report", "broken", code=7).stderr
