from __future__ import annotations

from pathlib import Path


def test_a_library_moves_to_another_machine(seme, seme_json, tmp_path: Path):
    done = seme_json("export", str(tmp_path / "export"))
    assert done["counts"]["papers"] == 57
    assert (tmp_path / "export" / "papers.bib").read_text().count("@") >= 57
    restored = seme_json("import", str(tmp_path / "export"), SEME_HOME=str(tmp_path / "other"))
    assert restored["kind"] == "seme-export"
    assert restored["papers added"] == 57
    again = seme_json("import", str(tmp_path / "export"), SEME_HOME=str(tmp_path / "other"))
    assert again["papers added"] == 0
    seme("export", str(tmp_path / "second"), SEME_HOME=str(tmp_path / "other"))
    for file in (tmp_path / "export").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes(), file.name


def test_files_that_are_no_papers_are_refused(seme, tmp_path: Path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x00\x00")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "list.json").write_text('[{"id": 1}]\n')
    (tmp_path / "folder").mkdir()
    assert "not a text file" in seme("import", str(tmp_path / "image.png"), code=2).stderr
    assert "empty" in seme("import", str(tmp_path / "empty.txt"), code=2).stderr
    assert "JSONL" in seme("import", str(tmp_path / "list.json"), code=2).stderr
    assert "corpus.jsonl" in seme("import", str(tmp_path / "folder"), code=2).stderr
    assert "there is no file" in seme("import", str(tmp_path / "missing"), code=2).stderr


def test_a_saved_page_is_read_once(seme_json, shared: Path):
    page = str(shared / "data" / "daily-papers-page.txt")
    first = seme_json("import", page, "--no-index")
    assert (first["kind"], first["read"], first["added"], first["skipped"]) == ("saved-page", 57, 0, 0)
    second = seme_json("import", page, "--no-index")
    assert second["added"] == second["changed"] == 0
