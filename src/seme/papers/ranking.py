"""Which papers are trending, and which a person may like.

Trending: (1 + a·votes + b·comments) / (age + grace)^gravity, with the age in hours since the paper's day in the feed
began (UTC). The form is the one that news aggregators made known; a, b, grace and gravity are settings, and every
answer carries the inputs, so that anybody can check it.

Recommendation: a ridge regression over the papers' vectors, +1 for those that the person saved or voted for, 0 for a
sample of the others; its weight vector is the query. The answer names the liked papers that are nearest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from seme.settings import Settings

_Number = TypeVar("_Number", float, npt.NDArray[np.float64])

RIDGE = 1.0
"""Regularisation of the recommendation: with unit vectors, as much as one liked paper weighs."""


class Standing(Protocol):
    """What the trending score of a paper is computed from."""

    @property
    def listed_on(self) -> dt.date:
        """The paper's day in the feed."""

    @property
    def votes(self) -> int:
        """Votes in all."""

    @property
    def comments(self) -> int:
        """Comments in all."""


@dataclass(frozen=True, slots=True, eq=False)
class Standings:
    """What the trending scores of many papers are computed from, in columns."""

    ids: npt.NDArray[np.str_]
    listed_on: npt.NDArray[np.datetime64]
    votes: npt.NDArray[np.float64]
    comments: npt.NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[tuple[str, dt.date, int, int]]) -> Self:
        """Return rows (id, day in the feed, votes, comments) as columns."""
        ids, days, votes, comments = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(
            np.array(ids, dtype=np.str_),
            np.array(days, dtype="datetime64[D]"),
            np.array(votes, dtype=np.float64),
            np.array(comments, dtype=np.float64),
        )


def age_hours(stored: Standing, now: dt.datetime) -> float:
    """Return the hours since the paper's day in the feed began, 0 for one of a day to come."""
    began = dt.datetime.combine(stored.listed_on, dt.time(), dt.UTC)
    return max(0.0, (now - began).total_seconds() / 3600)


def trending_score(stored: Standing, settings: Settings, now: dt.datetime) -> float:
    """Return the trending score of a paper at a moment (the formula of this module)."""
    return _score(stored.votes, stored.comments, age_hours(stored, now), settings)


def most_trending(standings: Standings, settings: Settings, now: dt.datetime, *, limit: int, offset: int) -> list[str]:
    """Return the ids of the papers with the highest trending scores at a moment; equals in the order of their ids."""
    began = (standings.listed_on - np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None))) / np.timedelta64(1, "h")
    scores = _score(standings.votes, standings.comments, np.maximum(-began, 0), settings)
    order = np.lexsort((standings.ids, -scores))[offset : offset + limit]
    return [str(one) for one in standings.ids[order]]


def _score(votes: _Number, comments: _Number, age: _Number, settings: Settings) -> _Number:
    weight = 1 + settings.trending_votes * votes + settings.trending_comments * comments
    score: _Number = weight / (age + settings.trending_grace_hours) ** settings.trending_gravity
    return score


def trending_inputs(stored: Standing, settings: Settings, now: dt.datetime) -> dict[str, float]:
    """Return what the trending score was computed from."""
    return {
        "votes": stored.votes,
        "comments": stored.comments,
        "age_hours": round(age_hours(stored, now), 1),
        "votes_weight": settings.trending_votes,
        "comments_weight": settings.trending_comments,
        "grace_hours": settings.trending_grace_hours,
        "gravity": settings.trending_gravity,
    }


def preference(
    liked: npt.NDArray[np.float32], others: npt.NDArray[np.float32], *, ridge: float = RIDGE
) -> npt.NDArray[np.float32]:
    """Return the weights (d,) of a ridge regression that tells liked vectors from others.

    Both classes weigh the same, however many there are of each.

    Parameters
    ----------
    liked, others
        Vectors (n, d) and (m, d); at least one liked, and none besides where everything is liked.
    ridge
        Regularisation, > 0.
    """
    rows = np.concatenate([liked, others.reshape(-1, liked.shape[1])]).astype(np.float64)
    share = np.concatenate([np.full(len(liked), 1 / len(liked)), np.full(len(others), 1 / max(len(others), 1))])
    target = np.concatenate([np.ones(len(liked)), np.zeros(len(others))])
    gram = rows.T @ (share[:, None] * rows) + ridge * np.eye(rows.shape[1]) / max(len(liked), 1)
    return np.linalg.solve(gram, rows.T @ (share * target)).astype(np.float32)


def nearest(
    vector: npt.NDArray[np.float32], liked: npt.NDArray[np.float32], ids: Sequence[str], k: int = 2
) -> list[str]:
    """Return the ids of the liked papers nearest to a vector (unit vectors, by cosine), the nearest first."""
    order = np.argsort(-(liked @ vector), kind="stable")[:k]
    return [ids[int(i)] for i in order]
