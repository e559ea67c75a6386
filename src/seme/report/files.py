"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it, making the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def replace_files(folder: Path, files: Mapping[str, bytes], *, last: tuple[str, bytes]) -> None:
    """Replace a set of files, of which `last` is the one that says that the set is there.

    The old `last` goes first and the new one comes last, so that files of two sets are never taken for one. Other
    files of the sub-folders that the set uses are removed.
    """
    name, content = last
    (folder / name).unlink(missing_ok=True)
    for sub in {Path(file).parent for file in files} - {Path()}:
        for old in (folder / sub).glob("*"):
            if str(sub / old.name) not in files:
                old.unlink()
    for file, body in files.items():
        write_atomically(folder / file, body)
    write_atomically(folder / name, content)
