"""Papers that were found, as the plain data that commands and assistants are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seme.papers.reader import Entry


def result_rows(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return `rank` (from 1), `id`, `title`, `score` and `why` of each entry, JSON-able."""
    return [
        {
            "rank": rank,
            "id": entry.stored.paper.id,
            "title": entry.stored.paper.title,
            "score": None if entry.score is None else round(float(entry.score), 6),
            "why": entry.why,
        }
        for rank, entry in enumerate(entries, 1)
    ]
