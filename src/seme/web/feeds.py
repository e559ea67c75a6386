"""Atom (RFC 4287) and JSON Feed 1.1 for every listing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from seme.papers.reader import Entry

_ATOM = "http://www.w3.org/2005/Atom"
_BORN = "2026"
"""Year in the feeds' `tag:` ids (RFC 4151); it must never change."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A listing as a feed."""

    title: str
    path: str
    """Path and query of the page that shows the same listing."""
    feed_path: str
    entries: Sequence[Entry]
    base_url: str

    @property
    def updated(self) -> dt.datetime:
        """Return when the newest of its papers changed."""
        moments = [entry.stored.changed_at for entry in self.entries]
        return max(moments, default=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))

    @property
    def etag(self) -> str:
        """Return a strong validator of the content."""
        parts = [f"{e.stored.paper.id} {e.stored.revision}" for e in self.entries]
        return '"' + hashlib.sha256("\n".join([self.title, self.feed_path, *parts]).encode()).hexdigest()[:32] + '"'

    def identifier(self, rest: str) -> str:
        """Return a `tag:` id that stays the same wherever the service moves its pages."""
        host = urlsplit(self.base_url).hostname or "localhost"
        return f"tag:{host},{_BORN}:{quote(rest, safe='/:?&=')}"

    def atom(self) -> bytes:
        """Return the feed as Atom."""
        root = ET.Element("feed", xmlns=_ATOM)
        _text(root, "id", self.identifier(self.feed_path))
        _text(root, "title", self.title)
        _text(root, "updated", self.updated.isoformat())
        ET.SubElement(root, "link", rel="alternate", href=self.base_url + self.path, type="text/html")
        ET.SubElement(root, "link", rel="self", href=self.base_url + self.feed_path, type="application/atom+xml")
        for entry in self.entries:
            self._atom_entry(root, entry)
        body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return body

    def _atom_entry(self, root: ET.Element, entry: Entry) -> None:
        paper = entry.stored.paper
        node = ET.SubElement(root, "entry")
        _text(node, "id", self.identifier(f"/papers/{paper.id}"))
        _text(node, "title", paper.title)
        _text(node, "updated", entry.stored.changed_at.isoformat())
        _text(node, "published", entry.stored.added_at.isoformat())
        ET.SubElement(node, "link", rel="alternate", href=f"{self.base_url}{paper_path(paper.id)}", type="text/html")
        for name in paper.authors or ("Unknown",):
            _text(ET.SubElement(node, "author"), "name", name)
        for label in (*paper.categories, *paper.tags):
            ET.SubElement(node, "category", term=_clean(label))
        _text(node, "summary", paper.summary)

    def json(self) -> dict[str, object]:
        """Return the feed as JSON Feed 1.1."""
        return {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.title,
            "home_page_url": self.base_url + self.path,
            "feed_url": self.base_url + self.feed_path,
            "items": [self._json_item(entry) for entry in self.entries],
        }

    def _json_item(self, entry: Entry) -> dict[str, object]:
        stored, paper = entry.stored, entry.stored.paper
        return {
            "id": self.identifier(f"/papers/{paper.id}"),
            "url": f"{self.base_url}{paper_path(paper.id)}",
            "title": paper.title,
            "content_text": paper.summary,
            "date_published": stored.added_at.isoformat(),
            "date_modified": stored.changed_at.isoformat(),
            "authors": [{"name": name} for name in paper.authors],
            "tags": [*paper.categories, *paper.tags],
            "_seme": {"id": paper.id, "votes": stored.votes, "published": str(paper.published or "")},
        }


def paper_path(paper_id: str) -> str:
    """Return the path of a paper's page."""
    return "/papers/" + quote(paper_id, safe="/:.")


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    """Drop what XML 1.0 cannot carry."""
    return "".join(
        c for c in text if c in "\t\n\r" or 0x20 <= ord(c) <= 0xD7FF or 0xE000 <= ord(c) <= 0xFFFD or ord(c) > 0xFFFF
    )
