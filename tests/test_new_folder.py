"""A new folder is there whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from seme.errors import InputError
from seme.new_folder import new_folder


def test_a_folder_appears_at_the_end(tmp_path: Path) -> None:
    made = tmp_path / "deep" / "made"
    with new_folder(made) as place:
        (place / "inside").mkdir()
        (place / "inside" / "file").write_text("text")
        assert not made.exists()
    assert (made / "inside" / "file").read_text() == "text"
    assert [one.name for one in made.parent.iterdir()] == ["made"]


def test_nothing_is_left_of_a_block_that_fails(tmp_path: Path) -> None:
    def write() -> None:
        with new_folder(tmp_path / "made") as place:
            (place / "file").write_text("text")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "file").write_text("text")
    with pytest.raises(InputError, match="exists already"), new_folder(tmp_path / "made"):
        pass

    def write() -> None:
        with new_folder(tmp_path / "late") as place:
            (place / "file").write_text("ours")
            (tmp_path / "late").mkdir()
            (tmp_path / "late" / "file").write_text("theirs")

    with pytest.raises(OSError, match="not empty"):
        write()
    assert (tmp_path / "late" / "file").read_text() == "theirs"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["late", "made"]
