"""Claims that a figure is beyond a bound by more than its spread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.experiments.intervals import Interval, difference_interval, mean_interval
from seme.report import Claim, Report


def note_late_rule(report: Report, *also: str) -> None:
    """Note that it was decided late that figures must exceed their spread, and what else was chosen as late."""
    report.note(
        "That a figure must pass its bound by more than its spread was decided after an earlier report of this paper "
        "had been seen" + "".join(f"; so {one}" for one in also) + "."
    )


def clearly_above(
    statement: str, figure: float, ends: Interval, *, floor: float = 0.0, paper_value: str = "", note: str = ""
) -> Claim:
    """Claim that a figure is above a floor, judged by the lower end of its 95 % interval.

    Parameters
    ----------
    statement
        What is claimed; it is completed by what is judged.
    figure
        As measured, for the note.
    ends
        Of its interval.
    floor, paper_value, note
        See `Claim`.
    """
    return Claim.at_least(
        f"{statement}: lower end of the 95 % interval",
        measured=ends[0],
        floor=floor,
        spread=ends,
        paper_value=paper_value,
        note=f"Measured {figure:.4g}. {note}".strip(),
    )


def clearly_below(
    statement: str, figure: float, ends: Interval, *, ceiling: float = 0.0, paper_value: str = "", note: str = ""
) -> Claim:
    """Claim that a figure is below a ceiling, judged by the upper end of its interval; see `clearly_above`."""
    return Claim.at_most(
        f"{statement}: upper end of the 95 % interval",
        measured=ends[1],
        ceiling=ceiling,
        spread=ends,
        paper_value=paper_value,
        note=f"Measured {figure:.4g}. {note}".strip(),
    )


def clearly_near(
    statement: str,
    figure: float,
    ends: Interval,
    *,
    value: float,
    tolerance: float,
    paper_value: str = "",
    note: str = "",
) -> Claim:
    """Claim that a figure is near a value, judged by the end of its interval that is farther from it."""
    low, high = ends
    return Claim.at_most(
        f"{statement}: distance of the farther end of the 95 % interval from {value:g}",
        measured=max(abs(low - value), abs(high - value)),
        ceiling=tolerance,
        paper_value=paper_value,
        note=f"Measured {figure:g} ({low:g} to {high:g}). {note}".strip(),
    )


def paired(statement: str, differences: npt.ArrayLike, *, paper_value: str = "", note: str = "") -> Claim:
    """Claim that a mean of paired differences is above 0, by Student's interval."""
    mean = float(np.mean(np.asarray(differences, dtype=np.float64)))
    return clearly_above(statement, mean, mean_interval(differences), paper_value=paper_value, note=note)


def unpaired(
    statement: str, larger: npt.ArrayLike, smaller: npt.ArrayLike, *, paper_value: str = "", note: str = ""
) -> Claim:
    """Claim that one mean is above another, by Welch's interval of their difference."""
    mean = float(np.mean(np.asarray(larger)) - np.mean(np.asarray(smaller)))
    return clearly_above(statement, mean, difference_interval(larger, smaller), paper_value=paper_value, note=note)
