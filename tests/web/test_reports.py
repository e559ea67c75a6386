"""Reports on the pages: a real run of a real experiment, shown by the whole application."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import seme.experiments
from experiment.conftest import forget
from seme.experiment import find_experiment, run_experiment
from seme.papers.catalogue import catalogue_papers
from seme.papers.library import Library
from seme.report import Report
from seme.settings import Settings
from seme.web.app import create_app

FIXTURES = Path(__file__).parent.parent / "fixtures" / "experiments"
PAPER = f"/papers/{catalogue_papers()[1].id}"


@pytest.fixture
def one_more_experiment() -> Iterator[None]:
    """Add an experiment that finds lines in noise, for paper 2."""
    seme.experiments.__path__.append(str(FIXTURES))
    yield
    seme.experiments.__path__.remove(str(FIXTURES))
    forget("seme.experiments.p02_planted_line")


@pytest.fixture
def client(one_more_experiment: None, catalogue: Library, settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings, library=catalogue), base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def made(client: TestClient, settings: Settings) -> Path:
    """Run the experiment, and give the folder of its report."""
    experiment = find_experiment("planted-line")
    return run_experiment(experiment, experiment.settings.quick(), home=settings.home, quick=True)[1]


def test_a_paper_without_a_run_shows_the_command(client):
    text = client.get(PAPER).text
    assert "<code>seme run planted-line</code>" in text
    assert "It was not run here yet" in text
    assert "not run yet" in client.get("/methods").text


def test_a_paper_shows_its_claims_its_figures_and_the_command(client, made):
    text = client.get(PAPER).text
    assert "<code>seme run planted-line --quick</code>" in text
    assert text.count('verdict-holds">holds<') == 2
    assert "finds the slope 2" in text
    image = re.search(r'<img src="(/reports/[^"]+)" alt="Found over planted slopes"', text)
    assert image is not None
    drawing = client.get(image[1])
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert drawing.content == (made / "figures" / "slopes.svg").read_bytes()
    assert client.get(image[1].replace(".svg", ".png")).content == (made / "figures" / "slopes.png").read_bytes()
    for part in ("default-src 'none'", "sandbox"):
        assert part in drawing.headers["content-security-policy"]
    assert "unsafe" not in client.get(PAPER).headers["content-security-policy"]
    assert not re.search(r"\sstyle=|\son\w+=", text)


def test_the_report_by_itself_may_do_nothing(client, made):
    answer = client.get("/reports/planted-line/")
    assert answer.text == (made / "report.html").read_text()
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow" not in policy
    assert "script-src" not in policy
    assert client.get("/reports/planted-line/report.json").json() == json.loads((made / "report.json").read_text())


def test_a_page_of_a_report_is_shown_in_a_sandbox(client, made):
    report = Report.read(made)
    report.page("Units", "<!doctype html><style>p{color:red}</style><p>one</p><script>1</script>")
    report.write(made)
    assert 'href="pages/units.html"' in client.get("/reports/planted-line/").text
    assert 'href="/reports/planted-line/pages/units.html">Units<' in client.get(PAPER).text
    answer = client.get("/reports/planted-line/pages/units.html")
    assert "<p>one</p>" in answer.text
    assert "style-src 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]


def test_the_methods_are_listed_with_their_verdicts(client, made):
    text = client.get("/methods").text
    assert "seme run planted-line" in text
    assert f'href="{PAPER}"' in text
    assert "2 hold<" in text
    assert 'href="/methods" aria-current="page"' in text


def test_a_paper_is_found_by_its_number(client):
    answer = client.get("/papers/02", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, PAPER)
    assert client.get("/papers/01").status_code == 200
    assert client.get("/papers/58").status_code == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/reports/planted-line/figures/nothing.svg", 404),
        ("/reports/planted-line/figures/report.json", 404),
        ("/reports/planted-line/figures/..%2f..%2freport.json", 404),
        ("/reports/planted-line/pages/nothing.html", 404),
        ("/reports/nothing/", 404),
        ("/reports/%2e%2e/", 422),
        ("/reports/Planted/", 422),
    ],
)
def test_what_is_not_there_is_not_found(client, made, path, code):
    assert client.get(path).status_code == code


def test_a_report_that_was_tampered_with_is_not_shown(client, made):
    assert client.get(PAPER).text.count('verdict-holds">') == 2
    told = json.loads((made / "report.json").read_text())
    told["claims"][0]["measured"] = 100.0
    (made / "report.json").write_text(json.dumps(told))
    text = client.get(PAPER).text
    assert 'verdict-holds">' not in text
    assert "figures say" in text
    assert "figures say" in client.get("/methods").text
    assert client.get("/reports/planted-line/").status_code == 503


def test_a_new_report_takes_the_place_of_the_old(client, made, settings):
    experiment = find_experiment("planted-line")
    run_experiment(experiment, experiment.settings.chosen({"slopes": [7.0]}, quick=False), home=settings.home)
    assert "finds the slope 7" in client.get(PAPER).text
    shutil.rmtree(settings.home / "runs")
    assert "It was not run here yet" in client.get(PAPER).text
