"""The manifest of an export: the version of its format, and the count and SHA-256 of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seme.errors import InputError

FORMAT = "seme-export"
VERSION = 1
NAME = "manifest.json"
RECORDS = (
    "papers",
    "people",
    "votes",
    "comments",
    "saved",
    "collections",
    "subscriptions",
    "deliveries",
    "harvests",
)
"""The record files (`<name>.jsonl`), each after those that it refers to."""

_MOST_BYTES = 1 << 20


def is_archive(folder: Path) -> bool:
    """Tell whether a folder says of itself that it is an export of Seme."""
    path = folder / NAME
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return False
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def describe(folder: Path, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the manifest of the files in a folder."""
    files = {path.name: {"sha256": sha256(path)} for path in sorted(folder.iterdir())}
    return {"format": FORMAT, "version": VERSION, "counts": dict(counts), "files": files}


def check(folder: Path) -> None:
    """Make sure that an export is whole before any of it is read.

    Raises
    ------
    InputError
        If the folder is no export, its format is newer, or a file is missing or not the one that was written.
    """
    if not is_archive(folder):
        raise InputError(f"{folder} is not an export of Seme: it has no {NAME} of that kind")
    manifest = json.loads((folder / NAME).read_bytes())
    if manifest.get("version") != VERSION:
        raise InputError(
            f"the export in {folder} has format version {manifest.get('version')!r}, this Seme reads {VERSION}",
            hint="Upgrade: pip install -U seme",
        )
    files = manifest.get("files")
    for name in (f"{kind}.jsonl" for kind in RECORDS):
        path, stated = folder / name, files.get(name) if isinstance(files, dict) else None
        if not path.is_file():
            raise InputError(f"the export in {folder} lacks its file {name}")
        if not isinstance(stated, dict) or stated.get("sha256") != sha256(path):
            raise InputError(f"{path} is not the file that was exported (its SHA-256 differs)", hint="Copy it again")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
