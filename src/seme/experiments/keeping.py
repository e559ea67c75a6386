"""Results that were measured are kept, so that a run that is broken off goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seme.report.files import write_atomically


def kept(folder: Path, key: Any, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a result, for JSON, from the folder, or make it and keep it there.

    Parameters
    ----------
    folder
        Of the cache.
    key
        All that the result follows from; its `repr` counts.
    make
        Measures it.
    """
    file = folder / f"result-{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}.json"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(make()).encode())
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def fingerprint(*arrays: Any) -> str:
    """Return a hash of arrays' shapes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()[:24]
