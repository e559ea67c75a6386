"""arXiv's query API: the papers of subject classes and days, of a search, or of a list of ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seme.errors import InputError, SourceError
from seme.papers.sources.arxiv_categories import check_categories
from seme.papers.sources.arxiv_fetcher import arxiv_fetcher
from seme.papers.sources.arxiv_ids import parse_arxiv_id
from seme.papers.sources.atom import Page, parse_page
from seme.papers.sources.base import Batch, register_source
from seme.papers.sources.fetch import KEPT, BadAnswerError, Fetcher
from seme.settings import settings

LONGEST_RESULT = 30_000
"""arXiv serves no more results of one query; a longer range of days is halved until it fits."""


@register_source("arxiv")
class ArxivQuerySource:
    """Papers from the query API, the earliest submission first so that pages do not shift under a harvest.

    Parameters
    ----------
    categories, days
        Subject classes such as `cs.CL`, submitted today or on one of the `days` days before (UTC).
    ids
        Identifiers instead.
    search
        A search expression of arXiv's instead.
    page_size
        Papers a request, 1 to 2000.
    address
        Of the API; the setting `arxiv_api` by default.
    fetcher
        The client; one with the machine-wide gate of the settings by default.
    today
        Last day; the present one by default.

    Raises
    ------
    InputError
        If nothing or more than one of categories, ids and search is given, or one of them is malformed.
    """

    name = "arxiv"

    def __init__(
        self,
        *,
        categories: Sequence[str] = (),
        days: int = 2,
        ids: Sequence[str] = (),
        search: str = "",
        page_size: int = 100,
        address: str = "",
        fetcher: Fetcher | None = None,
        today: dt.date | None = None,
    ) -> None:
        if (bool(categories), bool(ids), bool(search)).count(True) != 1:
            raise InputError("give one of categories, ids and search", hint="seme harvest arxiv --category cs.CL")
        if not 1 <= page_size <= 2000:
            raise InputError(f"page_size is {page_size}, it must be 1 to 2000")
        if not 1 <= days <= 40_000:
            raise InputError(f"days is {days}, it must be 1 to 40000")
        self._categories, self._days, self._search = check_categories(categories), days, search
        self._ids = tuple(_bare(one) for one in ids)
        self._page_size = page_size
        self._address = address or settings().arxiv_api
        self._fetcher = fetcher or arxiv_fetcher()
        self._today = today or dt.datetime.now(dt.UTC).date()

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return what is asked for; not the day, so that a run that goes on after midnight finds its cursor."""
        if self._ids:
            return {"ids": list(self._ids)}
        return {"search": self._search} if self._search else {"categories": list(self._categories), "days": self._days}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield page after page; a cursor carries the range of days that its run began with.

        A run that is gone on with on a later day reads the days since then as well.

        Raises
        ------
        SourceError
            If arXiv refuses, or stays silent for longer than the budget.
        """
        today = self._today.isoformat()
        first = (self._today - dt.timedelta(days=min(self._days, self._today.toordinal() - 1))).isoformat()
        if cursor and not cursor.get("done"):
            ranges, start = [list(pair) for pair in cursor["ranges"]], int(cursor["start"])
            if self._categories and (last := ranges[-1][1]) < today:
                ranges.append([max(first, last), today])
        else:
            ranges, start = [[first, today]], 0
        while ranges:
            page = self._page(ranges[0], start)
            if self._categories and page.total > LONGEST_RESULT:
                ranges[:1] = _halved(ranges[0])
                continue
            start += page.entries
            if start >= self._known(page):
                ranges, start = ranges[1:], 0
            rest = {"ranges": [list(pair) for pair in ranges], "start": start}
            yield Batch(page.papers, rest if ranges else {"done": True}, skipped=page.skipped, total=page.total)

    def _known(self, page: Page) -> int:
        return len(self._ids) if self._ids else min(page.total, LONGEST_RESULT)

    def _page(self, days: Sequence[str], start: int) -> Page:
        params = {"start": str(start), "max_results": str(self._page_size)}
        if self._ids:
            chosen = self._ids[start : start + self._page_size]
            params = {"id_list": ",".join(chosen), "start": "0", "max_results": str(len(chosen))}
        else:
            params |= {"search_query": self._query(days), "sortBy": "submittedDate", "sortOrder": "ascending"}

        def read(body: bytes) -> Page:
            page = parse_page(body)
            if self._ids:  # ids that arXiv does not know are left out of its answer
                return Page(page.papers, page.skipped, len(chosen), page.total)
            if not page.entries and start < page.total:
                raise BadAnswerError(f"arXiv sent an empty page at {start} of {page.total}", hint=KEPT)
            return page

        return self._fetcher.get(self._address, params, read)

    def _query(self, days: Sequence[str]) -> str:
        if self._search:
            return self._search
        first, last = (day.replace("-", "") for day in days)
        classes = " OR ".join(f"cat:{category}" for category in self._categories)
        return f"({classes}) AND submittedDate:[{first}0000 TO {last}2359]"


def _bare(text: str) -> str:
    found = parse_arxiv_id(text)
    if found is None:
        raise InputError(f"id is {text!r}, it must be an arXiv identifier such as 2107.05580 or cond-mat/0102536")
    return found.bare


def _halved(days: Sequence[str]) -> list[list[str]]:
    first, last = (dt.date.fromisoformat(day) for day in days)
    if first == last:
        raise SourceError(f"more than {LONGEST_RESULT} papers on {first}, which arXiv does not serve in one query")
    middle = first + (last - first) // 2
    return [[str(first), str(middle)], [str(middle + dt.timedelta(days=1)), str(last)]]
