"""The pages that are read."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from seme import __version__
from seme.errors import NotFoundError
from seme.papers.doctor import STALE_HOURS
from seme.papers.indexing import read_position
from seme.papers.library import StoredPaper
from seme.papers.library.shelves import Saved
from seme.papers.query import Query, Sort
from seme.papers.reader import Entry
from seme.papers.sources.base import source_names
from seme.web.listing import ListingQuery, Text, View, similar_view, view_of
from seme.web.reports import address_of_number, runs_of_paper
from seme.web.service import Service, of_one_moment, service_of

router = APIRouter(include_in_schema=False)
Page = Annotated[int, Parameter(ge=1, le=2000)]
HITS = 20
"""Hits on a page: nobody reads more of a search before asking again."""
TOPICS = 12
"""Topics that a listing offers to be narrowed to."""


def listing(request: Request, view: View, page: int) -> Response:
    """Show one page of a listing."""
    service = service_of(request)
    size = service.settings.page_size
    entries = service.reader.list(view.query, limit=size + 1, offset=(page - 1) * size)
    more, entries = len(entries) > size, entries[:size]
    harvests = service.library.harvests.last(state="done")
    harvested = harvests[0].changed_at if harvests else None
    return service.page(
        request,
        "listing.html",
        view=view,
        entries=entries,
        page=page,
        more=more,
        total=None if view.query.text else service.reader.totals.count(view.query),
        marks=service.marks(request, entries),
        topics=topics_of(entries, view.asked.tag),
        harvested=harvested,
        stale=harvested is not None and _hours_since(harvested) > STALE_HOURS,
        formula=service.settings if view.query.order is Sort.TRENDING else None,
    )


def _hours_since(moment: dt.datetime) -> float:
    return (dt.datetime.now(dt.UTC) - moment).total_seconds() / 3600


def topics_of(entries: Sequence[Entry], chosen: str) -> list[tuple[str, int]]:
    """Return the topics that more than one of the listed papers has, the most frequent first, without the chosen."""
    counts = Counter(label for entry in entries for label in entry.stored.paper.categories + entry.stored.paper.tags)
    return [(label, n) for label, n in counts.most_common(TOPICS + 1) if n > 1 and label != chosen][:TOPICS]


@router.get("/")
@of_one_moment
def latest(request: Request, query: ListingQuery, page: Page = 1) -> Response:
    """Show the latest day that has papers."""
    return listing(request, view_of("latest", "", query, service_of(request).library), page)


@router.get("/papers/date/{day}")
@of_one_moment
def day(request: Request, day: str, query: ListingQuery, page: Page = 1) -> Response:
    """Show a day."""
    return listing(request, view_of("day", day, query, service_of(request).library), page)


@router.get("/papers/week/{week}")
@of_one_moment
def week(request: Request, week: str, query: ListingQuery, page: Page = 1) -> Response:
    """Show an ISO week, the most voted first."""
    return listing(request, view_of("week", week, query, service_of(request).library), page)


@router.get("/papers/month/{month}")
@of_one_moment
def month(request: Request, month: str, query: ListingQuery, page: Page = 1) -> Response:
    """Show a month, the most voted first."""
    return listing(request, view_of("month", month, query, service_of(request).library), page)


@router.get("/trending")
@of_one_moment
def trending(request: Request, query: ListingQuery, page: Page = 1) -> Response:
    """Show what is trending."""
    return listing(request, view_of("trending", "", query, service_of(request).library), page)


@router.get("/search")
@of_one_moment
def search(request: Request, query: ListingQuery, page: Page = 1) -> Response:
    """Search by words and meaning, or list by conditions."""
    title = f"“{query.text}”" if query.text else "Search"
    view = View(title, "/search", query, query, "search")
    service = service_of(request)
    size = min(HITS, service.settings.page_size)
    asked = bool(query.text or query.filtered)
    entries = service.reader.list(query, limit=size + 1, offset=(page - 1) * size) if asked else []
    more, entries = len(entries) > size, entries[:size]
    return service.page(
        request,
        "search.html",
        view=view,
        entries=entries,
        page=page,
        more=more,
        asked=asked,
        tags=service.reader.totals.topics(),
        sources=source_names(),
        marks=service.marks(request, entries),
        total=service.reader.totals.count(query) if query.filtered and not query.text else None,
    )


@router.get("/saved")
@of_one_moment
def saved(
    request: Request, collection: Annotated[str, Parameter(max_length=80)] = "", q: Text = "", page: Page = 1
) -> Response:
    """Show what the person saved, with notes, and papers like it."""
    service = service_of(request)
    person = service.person(request)
    if person is None:
        return service.page(request, "sign_in.html")
    kept = service.library.shelves.list(person, collection=collection or None)
    rows = [(Entry(stored), one) for stored, one in _with_papers(service, kept) if _has(stored, one.note, q)]
    asked = Query(text=q)
    size = service.settings.page_size
    shown = rows[(page - 1) * size : page * size]
    return service.page(
        request,
        "saved.html",
        rows=shown,
        total=len(rows),
        collection=collection,
        words=q,
        page=page,
        more=len(rows) > page * size,
        view=View("Saved", "/saved", asked, asked, collection=collection),
        marks=service.marks(request, [entry for entry, _ in shown]),
        collections=service.library.shelves.collections(person),
        recommended=service.reader.recommended(person, limit=5),
    )


@router.get("/about")
@of_one_moment
def about(request: Request) -> Response:
    """Show how fresh the service is and how it ranks."""
    service = service_of(request)
    library, position = service.library, read_position(service.settings.index_path)
    return service.page(
        request,
        "about.html",
        settings=service.settings,
        papers=service.reader.totals.count(),
        version=__version__,
        days=library.papers.days(limit=14),
        done=library.harvests.last(state="done", limit=1),
        harvests=library.harvests.last(limit=5),
        indexed=position.revision > 0,
        behind=library.papers.count_changes((position.revision, position.key)),
    )


@router.get("/papers/{paper_id:path}/similar")
@of_one_moment
def similar(request: Request, paper_id: str, query: ListingQuery) -> Response:
    """Show the papers nearest in meaning to one."""
    service = service_of(request)
    stored = service.library.papers.get(paper_id)
    entries = service.reader.similar(paper_id, query=query, limit=min(HITS, service.settings.page_size))
    view = similar_view(stored, query)
    return service.page(
        request,
        "similar.html",
        view=view,
        stored=stored,
        entries=entries,
        marks=service.marks(request, entries),
        tags=service.reader.totals.topics(),
        sources=source_names(),
    )


@router.get("/papers/{paper_id:path}")
@of_one_moment
def paper(request: Request, paper_id: str) -> Response:
    """Show a paper, or its text as Markdown where the address ends in `.md`."""
    service = service_of(request)
    if paper_id.endswith(".md"):
        return PlainTextResponse(markdown(service.library.papers.get(paper_id[:-3])), media_type="text/markdown")
    try:
        stored = service.library.papers.get(paper_id)
    except NotFoundError:
        if (address := address_of_number(paper_id)) is None:
            raise
        return RedirectResponse(address, 302)
    return service.page(request, "paper.html", **_paper_context(service, request, stored))


def _paper_context(service: Service, request: Request, stored: StoredPaper) -> dict[str, Any]:
    person, paper_id = service.person(request), stored.paper.id
    similar = service.reader.similar(paper_id, query=Query(sort=Sort.RELEVANCE), limit=6)
    return {
        "stored": stored,
        "paper": stored.paper,
        "similar": similar,
        "versions": service.library.papers.versions(paper_id),
        "comments": service.library.comments.on(paper_id),
        "voted": service.library.votes.of(person, [paper_id]) if person else set(),
        "mine": service.library.shelves.get(person, paper_id) if person else None,
        "runs": runs_of_paper(service, paper_id),
    }


def markdown(stored: StoredPaper) -> str:
    """Return a paper as Markdown."""
    paper = stored.paper
    by = ", ".join(paper.authors) or (f"{paper.author_count} authors" if paper.author_count else "")
    facts = [by, paper.published.shown if paper.published else "", " ".join(f"`{tag}`" for tag in paper.tags)]
    links = "\n".join(f"- [{kind}]({address})" for kind, address in paper.links.items())
    return "\n\n".join([f"# {paper.title}", *(fact for fact in facts if fact), paper.summary, links]).strip() + "\n"


def _with_papers(service: Service, kept: Sequence[Saved]) -> list[tuple[StoredPaper, Saved]]:
    papers = {one.paper.id: one for one in service.library.papers.get_many([one.paper_id for one in kept])}
    return [(papers[one.paper_id], one) for one in kept if one.paper_id in papers]


def _has(stored: StoredPaper, note: str, words: str) -> bool:
    everything = f"{stored.paper.title} {stored.paper.summary} {note}".casefold()
    return all(word in everything for word in words.casefold().split())
