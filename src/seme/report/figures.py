"""Drawings: a matplotlib figure as PNG and as SVG that may be put into any page.

The service's pages allow no inline styles, and ids must be unique in a page. So styles become attributes, which SVG
knows for all of those that matplotlib sets, and ids carry the name of the figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Self
from xml.etree.ElementTree import Element, ParseError, SubElement, register_namespace, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from seme.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DPI = 144
_LEFT_OUT = frozenset({"metadata", "style", "script", "foreignObject", "a", "animate", "set", "iframe"})
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure as SVG text, safe to be inlined, and as PNG."""

    svg: str
    png: bytes

    @classmethod
    def read(cls, stem: Path) -> Self:
        """Read `stem.svg` and `stem.png`.

        Raises
        ------
        InputError
            If the SVG could do more than be looked at.
        """
        svg = stem.with_suffix(".svg").read_text(encoding="utf-8")
        check_inlinable(svg, stem.name)
        return cls(svg, stem.with_suffix(".png").read_bytes())


def draw(figure: Figure, name: str, caption: str) -> Drawing:
    """Draw a figure. The same figure gives the same bytes."""
    from matplotlib import rc_context  # noqa: PLC0415  # the base install has no matplotlib

    svg, png = StringIO(), BytesIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": name}):
        figure.savefig(svg, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", bbox_inches="tight", dpi=_DPI, metadata={"Software": None})
    return Drawing(inlinable(svg.getvalue(), name, caption), png.getvalue())


def inlinable(svg: str, name: str, caption: str) -> str:
    """Return an SVG without styles, scripts and metadata, with ids that begin with `name`, and a title to be read."""
    root = fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in _LEFT_OUT:
                parent.remove(child)
    for element in root.iter():
        _make_plain(element, name)
    root.attrib.update({"role": "img", "aria-label": caption, "stroke-linejoin": "round", "stroke-linecap": "butt"})
    title = SubElement(root, f"{{{_SVG}}}title")
    title.text = caption
    root.remove(title)
    root.insert(0, title)
    register_namespace("", _SVG)
    register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return str(tostring(root, encoding="unicode"))


def check_inlinable(svg: str, name: str) -> None:
    """Refuse an SVG that could act on the page it is put into, or ask for anything outside of it.

    Raises
    ------
    InputError
        It names the element or attribute.
    """
    try:
        root = fromstring(svg)
    except (ParseError, DefusedXmlException) as error:
        raise InputError(f"the drawing {name!r} is not an SVG: {error}") from error
    for element in root.iter():
        tag = str(element.tag)
        local = tag.rpartition("}")[2]
        if local in _LEFT_OUT or not tag.startswith(f"{{{_SVG}}}"):
            raise InputError(f"the drawing {name!r} has an element {local!r}, expected shapes and texts only")
        for key, value in element.attrib.items():
            inside = value.startswith(("#", "data:image/png;"))
            outside = key.rpartition("}")[2] == "href" and not inside
            if key == "style" or key.startswith("on") or outside or "url(" in _REFERENCE.sub("", value):
                raise InputError(f"the drawing {name!r} has {key}={value[:40]!r}, expected nothing that acts or loads")


def _make_plain(element: Element, name: str) -> None:
    for part in element.attrib.pop("style", "").split(";"):
        key, colon, value = part.partition(":")
        if colon:
            element.set(key.strip(), value.strip())
    for key, value in list(element.attrib.items()):
        if key == "id":
            element.set(key, f"{name}-{value}")
        elif key in (_HREF, "href") and value.startswith("#"):
            element.set(key, f"#{name}-{value[1:]}")
        elif key.startswith("on"):
            del element.attrib[key]
        elif "url(#" in value:
            element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
