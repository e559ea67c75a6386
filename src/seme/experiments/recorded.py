"""States that were recorded are kept, so that a run that is broken off goes on, and probes share one recording."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seme.errors import CorruptionError, InputError
from seme.interp.probes import LayerStates


def recorded(cache: Path, key: Any, make: Callable[[], LayerStates]) -> LayerStates:
    """Return states from the folder, mapped, or record them and keep them there.

    Parameters
    ----------
    cache
        Folder of the cache.
    key
        All that the states follow from; its `repr` counts.
    make
        Records them.
    """
    folder = cache / f"states-{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}"
    with contextlib.suppress(InputError, CorruptionError):
        return LayerStates.open(folder)
    make().save(folder)
    return LayerStates.open(folder)
