"""How an index lies on disk: immutable segments of arrays, and a manifest that is replaced in one step.

    folder/
      manifest.json           what the index is made of: {"kind", "generation", "config", "segments": [...]}
      s000001-5f3a/*.npy      one segment; never changed once a manifest names it
      s000001-5f3a/alive-000007.npy   which of its rows are left, as of generation 7

A reader that opened a manifest keeps its memory maps: files that a later save deletes live on until they are let go.
A save that is killed leaves files that no manifest names; the next save removes them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from seme.errors import CorruptionError, InputError

Arrays = dict[str, npt.NDArray[Any]]
_MANIFEST = "manifest.json"
REBUILD = "seme doctor --repair builds the index again from the library"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds."""

    kind: str
    generation: int
    config: Mapping[str, Any]
    segments: tuple[Mapping[str, Any], ...]


def read_manifest(folder: Path, kind: str) -> Manifest:
    """Read and check a manifest and the sizes of the files it names.

    Raises
    ------
    InputError
        If there is no index of that kind.
    CorruptionError
        If a file is missing, or its size is not the one that was written.
    """
    try:
        data = json.loads((folder / _MANIFEST).read_text())
        manifest = Manifest(data["kind"], data["generation"], data["config"], tuple(data["segments"]))
    except FileNotFoundError as error:
        raise InputError(f"there is no index in {folder}", hint="seme index makes one") from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise CorruptionError(f"the manifest of the index in {folder} cannot be read", hint=REBUILD) from error
    if manifest.kind != kind:
        raise InputError(f"{folder} holds a {manifest.kind} index, not a {kind} one")
    for segment in manifest.segments:
        for name, size in segment["files"].items():
            path = folder / segment["name"] / name
            if not path.is_file() or path.stat().st_size != size:
                raise CorruptionError(f"{path} is missing or was cut", hint=REBUILD)
    return manifest


def read_array(path: Path) -> npt.NDArray[Any]:
    """Map an array that `write_segment` wrote.

    Raises
    ------
    CorruptionError
        If the file is not such an array.
    """
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, TokenError) as error:  # NumPy parses the header as Python
        raise CorruptionError(f"{path} cannot be read", hint=REBUILD) from error
    return array.view(np.ndarray)  # slices of np.memmap itself cost microseconds each


def write_segment(folder: Path, number: int, arrays: Arrays) -> dict[str, Any]:
    """Write a new segment durably and return its entry for the manifest."""
    name = f"s{number:06d}-{secrets.token_hex(2)}"
    path = folder / name
    path.mkdir(parents=True)
    files = {f"{key}.npy": write_array(path / f"{key}.npy", array) for key, array in arrays.items()}
    _sync_folder(path)
    return {"name": name, "files": files}


def write_array(path: Path, array: npt.NDArray[Any]) -> int:
    """Write one array durably under a name that is not in use; return the size of its file."""
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest: from here on the new state is the state. Then drop what no manifest names."""
    body = {
        "kind": manifest.kind,
        "generation": manifest.generation,
        "config": dict(manifest.config),
        "segments": [dict(segment) for segment in manifest.segments],
    }
    handle, name = tempfile.mkstemp(dir=folder, prefix=".manifest-")
    with os.fdopen(handle, "w") as file:
        json.dump(body, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(folder / _MANIFEST)
    _sync_folder(folder)
    _drop_orphans(folder, manifest)


def writer_lock(folder: Path) -> FileLock:
    """Return the lock that a save holds: one writer at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "writer.lock")


def check_target(folder: Path, kind: str, opened: Path | None, generation: int) -> None:
    """Refuse to save over an index that is not the one that was opened.

    Raises
    ------
    InputError
        If the folder holds another index, or a later state of this one.
    """
    if not (folder / _MANIFEST).exists():
        return
    if opened != folder or read_manifest(folder, kind).generation != generation:
        raise InputError(
            f"{folder} holds an index, or a state of one, that this one was not opened from",
            hint="Open it, or name another",
        )


def _drop_orphans(folder: Path, manifest: Manifest) -> None:
    named = {segment["name"]: set(segment["files"]) for segment in manifest.segments}
    for path in folder.iterdir():
        if path.is_dir() and path.name not in named:
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_dir():
            for file in path.iterdir():
                if file.name not in named[path.name]:
                    file.unlink(missing_ok=True)
        elif path.name.startswith(".manifest-"):
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
