"""What kind of papers' file a person has handed in, told by its content and not by its name."""

from __future__ import annotations

import json
import re
from pathlib import Path

from seme.errors import InputError
from seme.papers.archive import is_archive

ARCHIVE = "seme-export"
_HEAD = 1 << 16
_ENTRY = re.compile(r"^[ \t]*@[A-Za-z]+[ \t]*[{(]", re.MULTILINE)


def file_kind(path: Path) -> str:
    """Return `seme-export`, or the name of the source that reads a file or folder.

    Raises
    ------
    InputError
        If there is nothing at the path, or nothing that any source reads.
    """
    if not path.exists():
        raise InputError(f"there is no file or folder {path}")
    if path.is_dir():
        if is_archive(path):
            return ARCHIVE
        if (path / "corpus.jsonl").is_file():
            return "beir"
        raise InputError(f"the folder {path} is neither an export of Seme (manifest.json) nor BEIR (corpus.jsonl)")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b"\x00" in head or not head.strip():
        raise InputError(
            f"{path} is {'not a text file' if head.strip() else 'empty'}",
            hint="Seme reads saved pages (text or HTML), JSONL, BibTeX, BEIR folders and its own exports",
        )
    return _text_kind(head.decode("utf-8-sig", errors="replace").lstrip())


def _text_kind(text: str) -> str:
    if text.startswith("{"):
        return "jsonl"
    if text.startswith("["):
        try:
            json.JSONDecoder().raw_decode(text.splitlines()[0])
        except ValueError:
            return "saved-page"
        raise InputError("the file is one JSON list", hint="Write one object a line (JSONL): jq -c '.[]' FILE")
    if not text.startswith("<") and _ENTRY.search(text):
        return "bibtex"
    return "saved-page"
