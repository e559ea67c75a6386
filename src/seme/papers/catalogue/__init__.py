"""The 57 papers that ship with the package: the feed of a fresh install."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from seme.papers.paper import Paper, PaperDate

SOURCE = "catalogue"


def catalogue_text() -> str:
    """Return the catalogue as it is stored: one JSON object with `topics` and `papers`."""
    return resources.files(__name__).joinpath("catalogue.json").read_text(encoding="utf-8")


@cache
def catalogue_papers() -> tuple[Paper, ...]:
    """Return the papers of the catalogue, in the order of their numbers.

    Names of authors are not known, only how many there are; a date has the parts that its card had and no more.
    """
    return tuple(_paper(entry) for entry in _catalogue()["papers"])


def catalogue_topics() -> Mapping[str, str]:
    """Return the tags that the catalogue uses, each with what it stands for."""
    return MappingProxyType(_catalogue()["topics"])


def catalogue_number(paper_id: str) -> int | None:
    """Return a paper's number in the catalogue (1 to 57), or `None` where the catalogue has no such id."""
    return _numbers().get(paper_id)


@cache
def _catalogue() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(catalogue_text())
    return loaded


@cache
def _numbers() -> dict[str, int]:
    return {entry["id"]: entry["number"] for entry in _catalogue()["papers"]}


def _paper(entry: Mapping[str, Any]) -> Paper:
    published = entry["published"]
    return Paper(
        id=entry["id"],
        title=entry["title"],
        source=SOURCE,
        summary=entry["summary"],
        author_count=entry["author_count"],
        published=None if published is None else PaperDate.parse(published),
        tags=tuple(entry["tags"]),
        links=dict(entry["links"]),
        comments=entry["comments"],
    )
