"""What readers ask for: which kinds of page, how often, and which ones of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import quote_plus

import numpy as np

_WEIGHTS = {
    "today": 14,
    "day": 10,
    "week": 5,
    "trending": 8,
    "paper": 25,
    "similar": 6,
    "search": 18,
    "search-filtered": 4,
    "api-day": 2,
    "api-paper": 2,
    "api-search": 2,
    "feed-latest": 2,
    "feed-day": 2,
}

GROUPS = {
    "pages": ("today", "day", "week", "trending", "paper", "similar"),
    "searches": ("search", "search-filtered", "api-search"),
    "API and feeds": ("api-day", "api-paper", "feed-latest", "feed-day"),
}


def _zipf(n: int, exponent: float) -> np.ndarray:
    weights = (np.arange(n) + 1.0) ** -exponent
    cumulative: np.ndarray = np.cumsum(weights / weights.sum())
    return cumulative


class Mix:
    """Draws requests: recent days and papers more often than old ones, few searches often and many once."""

    def __init__(self, papers: Sequence[str], searches: Sequence[str]) -> None:
        self._papers, self._searches = papers, searches
        today = dt.datetime.now(dt.UTC).date()
        days = [today - dt.timedelta(days=back) for back in range(600)]
        self._days = [day for day in days if day.weekday() < 5]
        self._paper_odds, self._search_odds = _zipf(len(papers), 0.7), _zipf(len(searches), 0.8)
        self._day_odds = _zipf(len(self._days), 0.8)
        self._kinds = list(_WEIGHTS)
        self._kind_odds = np.cumsum(np.array(list(_WEIGHTS.values())) / sum(_WEIGHTS.values()))
        self._asked: set[int] = set()
        self._readers = 0

    @property
    def different(self) -> int:
        """How many different search texts were drawn."""
        return len(self._asked)

    def reader_seed(self) -> int:
        """Return another seed for each reader."""
        self._readers += 1
        return self._readers

    def draw(self, rng: np.random.Generator) -> tuple[str, str]:
        """Return a kind and an address."""
        kind = self._kinds[_pick(self._kind_odds, rng)]
        day = self._days[_pick(self._day_odds, rng)]
        paper = self._papers[_pick(self._paper_odds, rng)]
        year, week, _ = day.isocalendar()
        plain = {
            "today": "/",
            "day": f"/papers/date/{day}",
            "week": f"/papers/week/{year}-W{week:02d}",
            "trending": "/trending",
            "paper": f"/papers/{paper}",
            "similar": f"/papers/{paper}/similar",
            "api-day": f"/api/daily_papers?date={day}",
            "api-paper": f"/api/papers/{paper}",
            "feed-latest": "/feeds/latest.atom",
            "feed-day": f"/feeds/day/{day}.json",
        }
        return kind, plain.get(kind) or self._search(kind, rng, day)

    def _search(self, kind: str, rng: np.random.Generator, day: dt.date) -> str:
        number = _pick(self._search_odds, rng)
        self._asked.add(number)
        text = quote_plus(self._searches[number])
        if kind == "api-search":
            return f"/api/papers/search?q={text}"
        if kind == "search":
            return f"/search?q={text}"
        narrowed = (f"tag=topic-{int(rng.zipf(1.4)) % 400 + 1}", f"since={day - dt.timedelta(days=30)}", "min_votes=5")
        return f"/search?q={text}&{narrowed[int(rng.integers(3))]}"


def _pick(cumulative: np.ndarray, rng: np.random.Generator) -> int:
    return min(int(np.searchsorted(cumulative, rng.random())), len(cumulative) - 1)
