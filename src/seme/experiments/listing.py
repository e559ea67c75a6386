"""What experiments there are, as rows for a table."""

from __future__ import annotations

from typing import Any

from seme.experiment import experiments
from seme.papers.catalogue import catalogue_papers


def method_rows() -> list[dict[str, Any]]:
    """Return one row for each experiment: `paper`, `slug`, `title`, `summary`, `room`, `needs`, `missing`."""
    titles = [paper.title for paper in catalogue_papers()]
    return [
        {
            "paper": one.paper,
            "slug": one.slug,
            "title": titles[one.paper - 1],
            "summary": one.summary,
            "room": one.room,
            "needs": list(one.needs),
            "missing": list(one.missing),
        }
        for one in experiments()
    ]
