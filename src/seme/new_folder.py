"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seme.errors import InputError


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a place beside a folder's to write into; at the end of the block it becomes the folder.

    Where the block fails, nothing is left of it.

    Raises
    ------
    InputError
        If the folder exists.
    """
    if folder.exists():
        raise InputError(f"{folder} exists already", hint="Name a folder that is not there yet")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # One of its own for every writer: of two at once, the second one's renaming fails.
    place = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        whole = place / folder.name
        whole.mkdir()
        yield whole
        for file in whole.rglob("*"):
            if file.is_file():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        whole.rename(folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
