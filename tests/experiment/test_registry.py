from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import Field

from seme.errors import NotFoundError
from seme.experiment import ExperimentSettings, experiment, experiments, find_experiment
from seme.experiment.needs import distributions, missing, require, still_needed
from seme.experiment.registry import experiment_names


def test_an_experiment_is_found_by_name_and_by_paper(planted_line):
    assert (planted_line.paper, planted_line.slug, planted_line.room) == (2, "planted-line", "theory")
    assert planted_line.summary == "Find lines that were hidden in noise."
    assert planted_line.missing == ()
    assert find_experiment("2") is find_experiment(" Planted-Line ") is planted_line
    assert planted_line in experiments()
    assert "planted-line" in experiment_names()


def test_a_wrong_name_is_answered_with_those_there_are(planted_line):
    with pytest.raises(NotFoundError, match="no experiment 'lines'") as caught:
        find_experiment("lines")
    assert "planted-line" in caught.value.hint


def test_of_a_paper_with_two_experiments_one_must_be_named():
    with pytest.raises(NotFoundError, match="paper 19 has 2 experiments") as caught:
        find_experiment("19")
    assert caught.value.hint == "Name one: binary-paragraphs, disambiguated-skipgram"
    assert find_experiment("disambiguated-skipgram").paper == find_experiment("binary-paragraphs").paper == 19


def test_all_experiments_are_listed_and_explained_without_pytorch():
    probe = (
        "import sys\n"
        "for name in ('torch', 'matplotlib', 'transformers', 'sklearn', 'scipy'): sys.modules[name] = None\n"
        "from seme.experiment import experiments\n"
        "for one in experiments(): assert one.summary and one.settings().model_dump() and one.settings.quick()\n"
    )
    subprocess.run([sys.executable, "-c", probe], check=True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("    points: int = 3", "Settings.points has no description"),
        ("    points: int = Field(description='how many')", "Settings.points has no default"),
        ("    seed: int = Field(default=3, description='d')", "name of a flag that every experiment has"),
        ("    points: dict[str, int] = Field(default={}, description='d')", "Settings.points.*cannot be a flag"),
    ],
)
def test_settings_that_cannot_become_flags_are_refused(add_experiment, fields, message):
    source = (
        "from pydantic import Field\nfrom seme.experiment import ExperimentSettings, experiment\n"
        f"class Settings(ExperimentSettings):\n{fields}\n"
        "@experiment(paper=3, slug='broken', room='theory')\ndef run(settings: Settings, context): ...\n"
    )
    add_experiment("p03_broken", source)
    with pytest.raises(TypeError, match=message):
        find_experiment("broken")


def test_what_is_no_experiment_is_refused():
    for arguments in ({"paper": 58}, {"slug": "Two Words"}, {"room": "attic"}):
        with pytest.raises(TypeError, match="not an experiment"):
            experiment(**{"paper": 1, "slug": "x", "room": "interp", **arguments})
    with pytest.raises(TypeError, match="pydantic model"):
        experiment(paper=1, slug="x", room="interp")(print)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    from seme.assets import packages
    from seme.errors import AssetError

    absent = {**packages.PACKAGES, "nowhere": {"seme-no-such-package": "1.0"}}
    monkeypatch.setattr("seme.assets.packages.PACKAGES", absent)
    monkeypatch.setattr("seme.experiment.needs.PACKAGES", absent)
    assert missing(["nowhere"]) == ("seme-no-such-package",)
    with pytest.raises(AssetError, match=r"atoms needs packages .*: seme-no-such-package") as caught:
        require("atoms", ["nowhere"])
    assert "pip install --no-deps seme-no-such-package==1.0" in caught.value.hint
    assert "make methods" in caught.value.hint
    assert "torch" in distributions("methods")
    with pytest.raises(ValueError, match="neither an extra of Seme nor an asset"):
        distributions("no-such-need")


def test_whoever_brings_a_model_need_not_install_the_usual_one():
    class Settings(ExperimentSettings):
        model: str = Field(default="smollm2-135m", description="A model")
        encoders: tuple[str, ...] = Field(default=("minilm", "lsa-100"), description="Encoders")
        seeds: int = Field(default=1, description="Runs")

    needs, usual = ("methods", "smollm2-135m", "minilm", "glove-6b-50d"), Settings()
    assert still_needed(needs, usual, usual) == needs
    assert still_needed(needs, usual, Settings(model="/a/folder")) == ("methods", "minilm", "glove-6b-50d")
    assert still_needed(needs, usual, Settings(encoders=("lsa-100",))) == ("methods", "smollm2-135m", "glove-6b-50d")
