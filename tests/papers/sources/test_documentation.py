"""What the sources' page says: its commands run as they stand, its settings and defaults are the real ones."""

from __future__ import annotations

import doctest
import re
import shlex
import sys
from pathlib import Path

import pytest

from arxiv_server import ArxivServer
from seme.cli import main
from seme.papers.harvesting import HARVEST_OPTIONS
from seme.settings import Settings, settings

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "sources.md"
COMMANDS = list(
    dict.fromkeys(
        line.partition(" #")[0].strip().removeprefix(".venv/bin/")
        for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md")
        for line in page.read_text().splitlines()
        if re.match(r"(\.venv/bin/)?seme harvest [a-z]", line)
    )
)


def test_the_python_example_gives_what_the_page_says() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert tried >= 6
    assert failed == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_documentation_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ArxivServer(20) as server:
        for name, value in {**server.settings, "SEME_HOME": str(tmp_path / "home")}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", [*shlex.split(command), "--no-index"])
        settings.cache_clear()
        try:
            with pytest.raises(SystemExit) as end:
                main()
        finally:
            settings.cache_clear()
    assert not end.value.code, capsys.readouterr().err
    assert "papers read" in capsys.readouterr().out
    assert server.seen


def test_every_option_and_setting_is_named_with_its_default() -> None:
    page = PAGE.read_text()
    assert all(f"`{flag}" in page or f" {flag} " in page for flag in HARVEST_OPTIONS.values())
    told = dict(re.findall(r"^\| `SEME_(ARXIV_[A-Z_]+|CONTACT)` \| (\S+) \|", page, re.MULTILINE))
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    assert told.keys() == {name for name in fields if name.startswith("ARXIV_")} | {"CONTACT"}
    assert told == {name: str(fields[name].default) for name in told}


def test_all_of_the_harvest_commands_are_tried() -> None:
    assert {shlex.split(command)[2] for command in COMMANDS} >= {"arxiv", "arxiv-feed", "arxiv-oai"}
