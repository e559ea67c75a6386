"""The feeds of a library as OPML 2.0, which feed readers import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring  # written here, never parsed

_XML_ALLOWED = frozenset("\t\n\r")


def feeds_opml(subscriptions: Sequence[Mapping[str, Any]], base_url: str) -> str:
    """Return an OPML document with the latest and the trending papers, and each saved search once."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = "Seme"
    body = SubElement(root, "body")
    _outline(body, "Latest papers", f"{base_url}/feeds/latest.atom")
    _outline(body, "Trending papers", f"{base_url}/feeds/trending.atom")
    searches = {
        f"{base_url}/feeds/search.atom?" + urlencode(_parameters(one["query"])): str(one["name"])
        for one in subscriptions
        if one["kind"] == "search" and one["state"] != "stopped"
    }
    for address in sorted(searches):
        _outline(body, searches[address], address)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _parameters(query: Mapping[str, Any]) -> dict[str, Any]:
    return {("q" if name == "text" else name): query[name] for name in sorted(query)}


def _outline(body: Element, name: str, address: str) -> None:
    shown = "".join(c for c in name if c >= " " or c in _XML_ALLOWED)
    SubElement(body, "outline", type="rss", text=shown, title=shown, xmlUrl=address)
