"""The ways to set a neuron's weights against the LM head: each gives other labels, so each result names its own.

`plain` is the paper's (arXiv 2501.02688): logits `U w`. `unit` has the same order of tokens and other confidences.
Subtracting the mean row of `U` from `plain` would shift all logits of a neuron alike, so centring is only offered
together with the cosine, where it changes the order.
"""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor
from torch.nn.functional import normalize

from seme.errors import InputError

Reading = Literal[
    "plain", "unit", "read-gain", "final-gain", "cosine", "centred-cosine", "read-gain-cosine", "read-gain-centred"
]
READINGS: tuple[Reading, ...] = get_args(Reading)


def read_rows(reading: Reading, rows: Tensor, read_gain: Tensor, final_gain: Tensor) -> Tensor:
    """Return the neurons' vectors as a reading sees them, shape (F, d).

    Parameters
    ----------
    rows
        Weights of the neurons, shape (F, d).
    read_gain, final_gain
        Gains of the norm before the feed-forward block and of the norm before the LM head, shape (d,).

    Raises
    ------
    InputError
        If the reading is unknown.
    """
    _check(reading)
    if reading.startswith("read-gain"):
        rows = rows * read_gain
    elif reading == "final-gain":
        rows = rows * final_gain
    return rows if reading in ("plain", "read-gain", "final-gain") else normalize(rows, dim=1)


def read_head(reading: Reading, head: Tensor) -> Tensor:
    """Return the LM head as a reading sees it, shape (V, d).

    Raises
    ------
    InputError
        If the reading is unknown.
    """
    _check(reading)
    if reading in ("centred-cosine", "read-gain-centred"):
        return normalize(head - head.mean(0), dim=1)
    return normalize(head, dim=1) if reading.endswith("cosine") else head


def _check(reading: str) -> None:
    if reading not in READINGS:
        raise InputError(f"reading is {reading!r}; it may be {', '.join(READINGS)}")
