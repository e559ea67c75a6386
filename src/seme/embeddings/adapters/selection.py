"""Which adapter a task wants: the best in validation, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seme.embeddings.adapters.estimator import Bar, RetrievalAdapter
from seme.embeddings.adapters.pairs import Pairs
from seme.embeddings.adapters.settings import AdapterSettings
from seme.errors import InputError


@dataclass(frozen=True, slots=True)
class Selected:
    """The best adapter, the value of the identity in validation, and of each candidate in its order."""

    adapter: RetrievalAdapter
    identity: float
    values: tuple[float, ...]


def select_adapter(
    candidates: Sequence[AdapterSettings],
    pairs: Pairs,
    validation: Pairs,
    *,
    encoder: str = "",
    seed: int = 0,
    progress: Bar | None = None,
) -> Selected:
    """Fit every candidate and return the best in validation; the first of equals.

    The identity is returned if none is better and the candidates may fall back to it (`never_worse`).

    Raises
    ------
    InputError
        If there is no candidate.
    """
    if not candidates:
        raise InputError("candidates is empty, expected at least one")
    fitted = [
        RetrievalAdapter(one, encoder=encoder, seed=seed).fit(pairs, validation=validation, progress=progress)
        for one in candidates
    ]
    values = tuple(one.history_[one.epoch_] for one in fitted)
    return Selected(fitted[values.index(max(values))], fitted[0].history_[0], values)
