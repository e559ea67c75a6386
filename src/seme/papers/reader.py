"""The read side of the service: one way to list papers for pages, feeds, mail, commands and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from seme.papers.library import Library, Person, StoredPaper
from seme.papers.query import Query, Sort
from seme.papers.ranking import Standings, most_trending, nearest, preference, trending_inputs, trending_score
from seme.papers.search import SearchEngine
from seme.papers.totals import Totals
from seme.settings import Settings

TRENDING_DAYS = 60
"""Papers listed longer ago than this before the latest ones no longer trend."""

MOST_TRENDING = 3_000
SEARCH_DEPTH = 200
"""Hits that are put into another order where a search is sorted by date or votes."""

_OTHERS = 400
_LISTINGS = 64
"""Listings that are kept until a paper, a vote or a comment changes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper in a listing, its score there, and why it stands where it does (JSON-able)."""

    stored: StoredPaper
    score: float | None = None
    why: dict[str, Any] = field(default_factory=dict)


Entries = list[Entry]


class Reader:
    """Lists papers; holds the search engine, which is opened when it is first needed."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self.library = library
        self._settings = settings
        self.engine = SearchEngine(library, settings)
        self.totals = Totals(library)
        self._listed = lru_cache(maxsize=_LISTINGS)(self._find)
        self._standing = lru_cache(maxsize=_LISTINGS)(self._stand)

    def list(self, query: Query, *, limit: int, offset: int = 0, now: dt.datetime | None = None) -> Entries:
        """Return the papers that meet a query, in its order."""
        moment = now or dt.datetime.now(dt.UTC)
        if query.text.strip():
            return self._search(query, limit, offset, moment)
        if query.order is Sort.TRENDING:
            return self._trending(query, moment, limit, offset)
        return [*self._listed(query, limit, offset, self.library.papers.state())]

    def similar(self, paper_id: str, *, query: Query | None = None, limit: int = 10) -> Entries:
        """Return the papers nearest in meaning to one, narrowed and ordered by a query.

        Raises
        ------
        NotFoundError
            If no paper has that id.
        """
        stored = self.library.papers.get(paper_id)
        wanted = query or Query(sort=Sort.RELEVANCE)
        relevance = wanted.sort in (None, Sort.RELEVANCE)
        hits = self.engine.similar(stored.paper.id, wanted, k=limit if relevance else max(limit, SEARCH_DEPTH // 4))
        entries = self._entries([(hit, score, {"cosine": round(score, 4)}) for hit, score in hits])
        return self._sorted(entries, wanted, relevance=relevance, now=dt.datetime.now(dt.UTC))[:limit]

    def recommended(self, person: Person, *, limit: int = 20) -> Entries:
        """Return papers like those that a person saved or voted for, less those; empty if there are none."""
        saved = [one.paper_id for one in self.library.shelves.list(person)]
        liked = list(dict.fromkeys([*saved, *self.library.votes.by(person)]))
        ids, vectors = self.engine.vectors(liked)
        if not ids:
            return []
        _, others = self.engine.vectors(self.engine.sample(_OTHERS, without=set(ids)))
        hits = self.engine.nearest(preference(vectors, others), k=limit + len(ids))
        fresh = [(hit, score) for hit, score in hits if hit not in set(ids)][:limit]
        found, found_vectors = self.engine.vectors([hit for hit, _ in fresh])
        titles = {one.paper.id: one.paper.title for one in self.library.papers.get_many(ids)}
        because = {
            hit: [titles[like] for like in nearest(vector, vectors, ids) if like in titles]
            for hit, vector in zip(found, found_vectors, strict=True)
        }
        return self._entries([(hit, score, {"because": because.get(hit, [])}) for hit, score in fresh])

    def close(self) -> None:
        """Let go of the index."""
        self.engine.close()

    def _search(self, query: Query, limit: int, offset: int, now: dt.datetime) -> Entries:
        relevance = query.order is Sort.RELEVANCE
        depth = limit + offset if relevance else max(SEARCH_DEPTH, limit + offset)
        hits = self.engine.search(query, k=depth)
        if relevance:
            hits = hits[offset : offset + limit]
        entries = self._entries([(hit.id, hit.score, hit.why) for hit in hits])
        if relevance:
            return entries
        return self._sorted(entries, query, relevance=False, now=now)[offset : offset + limit]

    def _sorted(self, entries: Sequence[Entry], query: Query, *, relevance: bool, now: dt.datetime) -> Entries:
        if relevance:
            return [*entries]
        if query.order is Sort.TRENDING:
            scored = [self._trend(entry.stored, now) for entry in entries]
            return sorted(scored, key=lambda e: (-(e.score or 0), e.stored.paper.id))
        if query.order is Sort.VOTES:
            return sorted(entries, key=lambda e: (-e.stored.votes, e.stored.paper.id))
        return sorted(entries, key=lambda e: (-e.stored.listed_on.toordinal(), e.stored.paper.id))

    def _trending(self, query: Query, now: dt.datetime, limit: int, offset: int) -> Entries:
        latest = self.library.papers.days(until=query.until, limit=1)
        since = query.since
        if since is None and latest:
            since = dt.date.fromordinal(max(1, latest[0][0].toordinal() - TRENDING_DAYS))
        window = replace(query, since=since, sort=Sort.VOTES)
        standings = self._standing(window, self.library.papers.state())
        chosen = most_trending(standings, self._settings, now, limit=limit, offset=offset)
        return [self._trend(stored, now) for stored in self.library.papers.get_many(chosen)]

    def _find(self, query: Query, limit: int, offset: int, _state: tuple[int, int]) -> tuple[Entry, ...]:
        return tuple(Entry(stored) for stored in self.library.papers.find(query, limit=limit, offset=offset))

    def _stand(self, window: Query, _state: tuple[int, int]) -> Standings:
        return Standings.of(self.library.papers.standings(window, limit=MOST_TRENDING))

    def _trend(self, stored: StoredPaper, now: dt.datetime) -> Entry:
        return Entry(stored, trending_score(stored, self._settings, now), trending_inputs(stored, self._settings, now))

    def _entries(self, found: Sequence[tuple[str, float, dict[str, Any]]]) -> Entries:
        papers = {one.paper.id: one for one in self.library.papers.get_many([hit for hit, _, _ in found])}
        return [Entry(papers[hit], score, why) for hit, score, why in found if hit in papers]
