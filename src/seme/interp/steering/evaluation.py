"""How well scores tell hallucinated mentions from truthful ones, above all where there are few false alarms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.binary import Flags, Floats, as_scores
from seme.interp.steering.arguments import as_labels


def threshold_at(scores: npt.ArrayLike, hallucinated: npt.ArrayLike, false_alarms: float = 0.05) -> float:
    """Return the lowest threshold at which at most a share of the truthful mentions is flagged.

    A mention is flagged from the threshold on (`score >= threshold`). Choose it on mentions that the detector was not
    fitted on, as they come and not balanced.

    Parameters
    ----------
    scores, hallucinated
        Of held-out mentions (n,).
    false_alarms
        Share of truthful mentions that may be flagged, above 0 and below 1.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, a score is not finite, or the labels have one class only.
    """
    if not 0 < false_alarms < 1:
        raise InputError(f"false_alarms is {false_alarms}, expected a share above 0 and below 1")
    found, labels = _pair(scores, hallucinated)
    truthful = np.sort(found[~labels])[::-1]
    allowed = int(np.floor(false_alarms * len(truthful) + 1e-12))
    return float(np.nextafter(truthful[allowed], np.inf))


def caught_at(scores: npt.ArrayLike, hallucinated: npt.ArrayLike, false_alarms: float = 0.05) -> float:
    """Return the share of hallucinated mentions that are flagged where at most `false_alarms` of the truthful are.

    Raises
    ------
    InputError
        As `threshold_at`.
    """
    threshold = threshold_at(scores, hallucinated, false_alarms)
    found, labels = _pair(scores, hallucinated)
    return float((found[labels] >= threshold).mean())


def _pair(scores: npt.ArrayLike, hallucinated: npt.ArrayLike) -> tuple[Floats, Flags]:
    found = as_scores(scores)
    return found, as_labels(hallucinated, len(found))
