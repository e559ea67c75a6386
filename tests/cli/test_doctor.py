from __future__ import annotations

import socket
from pathlib import Path

import pytest

from seme.papers.library import Library
from seme.papers.paper import Paper


def _levels(findings: list[dict[str, str]]) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in findings}


@pytest.fixture
def home(environment: dict[str, str]) -> Path:
    return Path(environment["SEME_HOME"])


def test_every_fault_of_a_sound_installation_names_its_mend(seme, seme_json):
    seme("index")
    findings = seme_json("doctor")
    assert _levels(findings)["index"] == _levels(findings)["encoder"] == _levels(findings)["library"] == "ok"
    assert all(finding["mend"] for finding in findings if finding["level"] != "ok")


def test_a_damaged_index_is_reported_and_repaired(seme, seme_json, home: Path):
    before = seme_json("search", "attention")
    for file in (home / "index" / "lexical").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert _levels(seme_json("doctor", code=1))["index"] == "error"
    repaired = seme_json("doctor", "--repair")
    assert _levels(repaired)["index"] == "ok"
    assert seme_json("search", "attention") == before


def test_an_index_that_fell_behind_is_reported_and_caught_up(seme, seme_json, home: Path):
    seme("index")
    with Library(f"sqlite:///{home / 'library.sqlite3'}") as library:
        library.papers.store([Paper(id="2601.00001", title="A paper that nobody indexed", source="jsonl")])
    behind = next(finding for finding in seme_json("doctor") if finding["check"] == "index")
    assert behind["level"] == "warn"
    assert "1 changes behind" in behind["message"]
    assert behind["mend"] == "seme index"
    assert _levels(seme_json("doctor", "--repair"))["index"] == "ok"
    assert seme_json("search", "nobody indexed")[0]["id"] == "2601.00001"


def test_what_is_unsafe_or_unreachable_is_an_error(seme_json, seme, home: Path):
    seme("index")
    (home / "secret").write_bytes(b"x" * 32)
    (home / "secret").chmod(0o644)
    with socket.socket() as closed:  # bound but not listening: nobody answers there
        closed.bind(("127.0.0.1", 0))
        mail = f"smtp+plain://127.0.0.1:{closed.getsockname()[1]}"
        levels = _levels(seme_json("doctor", code=1, SEME_HOST="0.0.0.0", SEME_SMTP=mail))  # noqa: S104
    assert levels["secret"] == levels["sign-in"] == levels["mail"] == "error"
    (home / "secret").chmod(0o600)
    assert _levels(seme_json("doctor"))["secret"] == "ok"


def test_a_missing_encoder_and_a_damaged_database_are_errors(seme_json, seme, home: Path):
    seme("index")
    assert _levels(seme_json("doctor", code=1, SEME_ENCODER_PATH="/nonexistent"))["encoder"] == "error"
    (home / "library.sqlite3").write_bytes(b"this is not a database" * 500)
    assert _levels(seme_json("doctor", code=1))["library"] == "error"
