"""What may stand in a report: plain JSON values, and names that are safe as file names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seme.errors import InputError

Cell = bool | int | float | str | None


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: arrays and tuples as lists, NaN and infinities as `None`."""
    if hasattr(value, "tolist"):  # an array or a tensor, or one of their scalars
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    raise InputError(f"a report cannot hold {value!r} of type {type(value).__name__}")


def plain_row(row: Sequence[Any]) -> list[Cell]:
    """Return the cells of a table's row."""
    return [one if isinstance(one := plain(cell), bool | int | float | str | None) else str(one) for cell in row]


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """Return figures by name; one that is not a number is `None`."""
    return {name: None if (number := plain(value)) is None else float(number) for name, value in metrics.items()}


def file_stem(name: str) -> str:
    """Return a name as a file name without ending: lower case, letters and digits joined by hyphens.

    Raises
    ------
    InputError
        If nothing is left of it.
    """
    stem = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:80]
    if not stem:
        raise InputError(f"the name {name!r} has no letters or digits to make a file name of")
    return stem


def shown(value: Any) -> str:
    """Return a value as a reader wants it: four figures, names with theirs, a dash where there is none."""
    if value is None or value == "":
        text = "–"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int):
        text = str(value)
    elif isinstance(value, float):
        text = f"{value:.4g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.3e}"
    elif isinstance(value, Mapping):
        text = ", ".join(f"{name} {shown(one)}" for name, one in value.items())
    elif isinstance(value, tuple) and len(value) == 2:
        text = f"{shown(value[0])} to {shown(value[1])}"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        text = ", ".join(shown(one) for one in value)
    else:
        text = str(value)
    return text
