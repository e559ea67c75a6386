"""A collection out of film reviews."""

from __future__ import annotations

from seme.assets.collections.collection import Collection, collect
from seme.assets.corpora import film_rows


def plots() -> Collection:
    """Return reviews, and the plot of the same film, which they seldom tell."""
    rows = list(film_rows())
    plots = {row["movie_name"]: row["text"] for row in rows if row["category"] == "plot"}
    return collect(
        "film-plots",
        (
            (row["text"], plots[row["movie_name"]])
            for row in rows
            if row["category"] != "plot" and row["movie_name"] in plots
        ),
    )
