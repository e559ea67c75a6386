"""Claims that a figure is beyond a bound by more than its spread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.report import Claim

_SHARE = 0.95
_ABOVE = "lower end of the 95 % interval"
_BELOW = "upper end of the 95 % interval"


def interval(draws: npt.ArrayLike) -> tuple[float, float]:
    """Return what holds 95 % of the draws, as many of the others on each side; draws that are NaN are left out."""
    low, high = np.nanquantile(np.asarray(draws, dtype=np.float64), [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    return float(low), float(high)


def clearly_above(
    statement: str, figure: float, draws: npt.ArrayLike, *, floor: float = 0.0, paper_value: str = "", note: str = ""
) -> Claim:
    """Claim that a figure is above a floor, judged by the lower end of its interval.

    Parameters
    ----------
    statement
        What is claimed; it is completed by what is judged.
    figure
        As measured, for the note.
    draws
        (b,) the figure over samples of what it was measured on.
    floor, paper_value, note
        See `Claim`.
    """
    low, high = interval(draws)
    return Claim.at_least(
        f"{statement}: {_ABOVE}", measured=low, floor=floor, spread=(low, high), paper_value=paper_value,
        note=f"Measured {figure:.4g}. {note}".strip(),
    )  # fmt: skip


def clearly_below(
    statement: str, figure: float, draws: npt.ArrayLike, *, ceiling: float = 0.0, paper_value: str = "", note: str = ""
) -> Claim:
    """Claim that a figure is below a ceiling, judged by the upper end of its interval; see `clearly_above`."""
    low, high = interval(draws)
    return Claim.at_most(
        f"{statement}: {_BELOW}", measured=high, ceiling=ceiling, spread=(low, high), paper_value=paper_value,
        note=f"Measured {figure:.4g}. {note}".strip(),
    )  # fmt: skip


def clearly_near(
    statement: str, figure: float, ends: tuple[float, float], *, value: float, tolerance: float, paper_value: str = "",
    note: str = "",
) -> Claim:  # fmt: skip
    """Claim that a figure is near a value, judged by the end of its interval that is farther from it."""
    low, high = ends
    return Claim.at_most(
        f"{statement}: distance of the farther end of the 95 % interval from {value:g}",
        measured=max(abs(low - value), abs(high - value)), ceiling=tolerance, paper_value=paper_value,
        note=f"Measured {figure:g} ({low:g} to {high:g}). {note}".strip(),
    )  # fmt: skip
