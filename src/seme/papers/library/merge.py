"""What becomes of a stored paper when a source describes it again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seme.papers.paper import Paper, title_key

PRECEDENCE = {"saved-page": 1, "beir": 1, "bibtex": 1, "jsonl": 2, "arxiv-feed": 3, "arxiv": 4, "arxiv-oai": 4}
"""Whose word counts where two sources differ: arXiv's own record over a listing, a listing over the catalogue (0)."""

_ARXIV = 3
"""From here up the sources are arXiv's own interfaces, all of which know its versions."""

_CONTENT = (
    "title",
    "summary",
    "authors",
    "author_count",
    "published",
    "updated",
    "categories",
    "note",
    "doi",
    "journal",
    "method",
)


def merge(known: Paper, news: Paper) -> Paper:
    """Return what the library should hold after `news` about a paper it knows.

    The stronger source's fields win, the weaker one's fill gaps; nothing known is overwritten by nothing. An older
    version never replaces a newer one, and of arXiv's own interfaces the one with the newer version wins. Vote and
    comment counts are always the latest ones told. The source stays while others as strong as it tell the same, so
    that a paper that two of them tell of in turn does not change each time.
    """
    leads = _leads(known, news)
    first, second = (news, known) if leads else (known, news)
    strongest = known if PRECEDENCE.get(known.source, 0) == PRECEDENCE.get(news.source, 0) else first
    content: dict[str, Any] = {name: getattr(first, name) or getattr(second, name) for name in _CONTENT}
    if content["author_count"] is None and content["authors"]:
        content["author_count"] = len(content["authors"])
    content["updated"] = _finer(content["updated"], second.updated)
    return replace(
        first,
        id=stronger_id(known.id, news.id),
        source=strongest.source,
        listed=known.listed or news.listed,
        version=max(known.version, news.version),
        tags=tuple(dict.fromkeys((*known.tags, *news.tags))),
        links={**second.links, **first.links},
        withdrawn=first.withdrawn,
        votes=known.votes if news.votes is None else news.votes,
        comments=known.comments if news.comments is None else news.comments,
        **content,
    )


def _finer(told: dt.datetime | None, other: dt.datetime | None) -> dt.datetime | None:
    """Return a moment, or another one of its day where it is only known to the day, which is then its midnight."""
    if told and other and told.date() == other.date() and told.time() == dt.time():
        return other
    return told


def _leads(known: Paper, news: Paper) -> bool:
    strength, before = PRECEDENCE.get(news.source, 0), PRECEDENCE.get(known.source, 0)
    if min(strength, before) >= _ARXIV and news.version != known.version:
        return news.version > known.version
    return strength >= before and (news.version >= known.version or strength > before)


def stronger_id(known: str, news: str) -> str:
    """Return the id that says more: an arXiv id over any other, any other over a mere title."""
    return news if _id_rank(news) > _id_rank(known) else known


def _id_rank(paper_id: str) -> int:
    if ":" not in paper_id:
        return 2
    return 0 if paper_id.startswith("title:") else 1


def may_be_same(known: Paper, news: Paper) -> bool:
    """Tell whether two papers with different ids and the same title are one.

    They are if at most one of them has an arXiv id, and they do not contradict each other in the number of authors.
    Two arXiv ids are two papers, whatever their titles.
    """
    if title_key(known.title) != title_key(news.title) or (_id_rank(known.id) == 2 and _id_rank(news.id) == 2):
        return False
    first, second = author_total(known), author_total(news)
    return first is None or second is None or first == second


def author_total(paper: Paper) -> int | None:
    """Return how many authors a paper has, as far as anybody said."""
    return len(paper.authors) or paper.author_count


def fingerprint(paper: Paper) -> str:
    """Return the SHA-256 of everything about a paper that a reader or the index sees, counts excepted."""
    content: Mapping[str, Any] = {
        **{name: getattr(paper, name) for name in _CONTENT},
        "id": paper.id,
        "published": str(paper.published or ""),
        "updated": paper.updated.isoformat() if paper.updated else "",
        "listed": str(paper.listed),
        "version": paper.version,
        "tags": paper.tags,
        "links": dict(sorted(paper.links.items())),
        "source": paper.source,
        "withdrawn": paper.withdrawn,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
