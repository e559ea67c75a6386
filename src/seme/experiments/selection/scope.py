"""What a run is large enough to test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seme.experiments.p17_selection import SelectionSettings

_ENOUGH = 10
"""Topics that a comparison of methods needs."""


def too_small(settings: SelectionSettings) -> str:
    """Return why methods cannot be compared in this run, or nothing if they can."""
    if settings.model == "tiny":
        return "A model that was trained for seconds knows too little of language."
    if len(settings.topics) < _ENOUGH:
        return f"There are {len(settings.topics)} topics; to compare methods, {_ENOUGH} are needed."
    return ""
