"""The API, in the shape that users of Hugging Face's daily papers know."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi import Query as Parameter
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from seme.papers.query import Query, Sort, month_days, parse_day, week_days
from seme.papers.reader import Entry
from seme.web.feeds import Feed
from seme.web.listing import ListingQuery, View, similar_view, view_of
from seme.web.service import Service, of_one_moment, service_of

router = APIRouter()
Limit = Annotated[int, Parameter(ge=1, le=100)]
Page = Annotated[int, Parameter(ge=0, le=2000, description="0 is the first page")]


class Author(BaseModel):
    """An author of a paper."""

    name: str


class ApiPaper(BaseModel):
    """A paper."""

    id: str
    title: str
    summary: str
    authors: list[Author]
    author_count: int | None
    upvotes: int
    comments: int
    published: str | None
    version: int
    withdrawn: bool
    tags: list[str]
    categories: list[str]
    links: dict[str, str]


class ApiEntry(BaseModel):
    """A paper in a listing; `why` says what put it there."""

    paper: ApiPaper
    title: str
    publishedAt: str | None  # noqa: N815  # the name that clients know
    listedOn: dt.date  # noqa: N815
    numComments: int  # noqa: N815
    score: float | None
    why: dict[str, Any]


def to_api(entry: Entry) -> ApiEntry:
    """Return an entry in the API's shape."""
    stored, paper = entry.stored, entry.stored.paper
    published = str(paper.published) if paper.published else None
    return ApiEntry(
        paper=ApiPaper(
            id=paper.id,
            title=paper.title,
            summary=paper.summary,
            authors=[Author(name=n) for n in paper.authors],
            author_count=paper.author_count,
            upvotes=stored.votes,
            comments=stored.comments,
            published=published,
            version=paper.version,
            withdrawn=paper.withdrawn,
            tags=list(paper.tags),
            categories=list(paper.categories),
            links=dict(paper.links),
        ),
        title=paper.title,
        publishedAt=published,
        listedOn=stored.listed_on,
        numComments=stored.comments,
        score=entry.score,
        why=entry.why,
    )


@router.get("/api/daily_papers")
@of_one_moment
def daily_papers(
    request: Request,
    date: Annotated[str, Parameter(max_length=10, description="2024-10-23")] = "",
    week: Annotated[str, Parameter(max_length=8, description="2024-W43")] = "",
    month: Annotated[str, Parameter(max_length=7, description="2024-10")] = "",
    sort: Annotated[str, Parameter(pattern="^(publishedAt|trending|votes)$")] = "publishedAt",
    page: Page = 0,
    limit: Limit = 50,
) -> list[ApiEntry]:
    """List the papers of a day, a week or a month; of the latest days if none is named."""
    since = until = None
    if date:
        since = until = parse_day(date)
    elif week:
        since, until = week_days(week)
    elif month:
        since, until = month_days(month)
    order = {"publishedAt": Sort.NEWEST, "trending": Sort.TRENDING, "votes": Sort.VOTES}[sort]
    entries = service_of(request).reader.list(
        Query(since=since, until=until, sort=order), limit=limit, offset=page * limit
    )
    return [to_api(entry) for entry in entries]


@router.get("/api/trending")
@of_one_moment
def trending(request: Request, query: ListingQuery, limit: Limit = 50) -> list[ApiEntry]:
    """List what is trending, with the inputs of each score."""
    view = view_of("trending", "", query, service_of(request).library)
    return [to_api(entry) for entry in service_of(request).reader.list(view.query, limit=limit)]


@router.get("/api/papers/search")
@of_one_moment
def search(request: Request, query: ListingQuery, page: Page = 0, limit: Limit = 20) -> list[ApiEntry]:
    """Search by words and meaning."""
    return [to_api(e) for e in service_of(request).reader.list(query, limit=limit, offset=page * limit)]


@router.get("/api/papers/{paper_id:path}/similar", responses={404: {"description": "No such paper"}})
@of_one_moment
def similar(request: Request, paper_id: str, query: ListingQuery, limit: Limit = 10) -> list[ApiEntry]:
    """List the papers nearest in meaning to one."""
    return [to_api(entry) for entry in service_of(request).reader.similar(paper_id, query=query, limit=limit)]


@router.get("/api/papers/{paper_id:path}", responses={404: {"description": "No such paper"}})
@of_one_moment
def paper(request: Request, paper_id: str) -> ApiEntry:
    """Return a paper."""
    return to_api(Entry(service_of(request).library.papers.get(paper_id)))


@router.get("/healthz")
def health(request: Request) -> dict[str, int]:
    """Say that the service answers, and how many papers it has."""
    return {"papers": service_of(request).reader.totals.count()}


@router.get("/feeds/{name:path}", response_class=Response, responses={304: {}, 404: {"description": "No such feed"}})
@of_one_moment
def feed(request: Request, name: str, query: ListingQuery) -> Response:
    """Return a listing as Atom (`.atom`) or JSON Feed (`.json`): latest, day/…, week/…, month/…, trending, search."""
    stem, _, form = name.rpartition(".")
    if form not in ("atom", "json"):
        raise HTTPException(404, "feeds end in .atom or .json")
    service = service_of(request)
    view, entries = _fed(service, stem, query)
    made = Feed(f"Seme: {view.title}", view.at(), view.feed_path(form), entries, service.settings.base_url)
    headers = {"ETag": made.etag, "Cache-Control": "public, max-age=300"}
    if made.etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    if form == "json":
        return JSONResponse(made.json(), headers=headers, media_type="application/feed+json")
    return Response(made.atom(), headers=headers, media_type="application/atom+xml")


def _fed(service: Service, stem: str, query: Query) -> tuple[View, list[Entry]]:
    kind, _, value = stem.partition("/")
    size = service.settings.page_size
    if kind == "similar":
        view = similar_view(service.library.papers.get(value), query)
        return view, service.reader.similar(value, query=query, limit=size)
    if kind == "search":
        view = View(query.text or query.tag or query.author or "Papers", "/search", query, query, "search")
    else:
        view = view_of(kind, value, query, service.library)
    return view, service.reader.list(view.query, limit=size)
