"""The forms in which an arXiv identifier is met."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.[A-Z]{2})?/(?P<number>\d{7})"
_FORM = re.compile(
    r"(?:https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|oai:arXiv\.org:|arXiv:|(?:doi:)?10\.48550/arXiv\.)?"
    rf"(?:(?P<new>{_NEW})|{_OLD})(?:v(?P<version>[1-9]\d{{0,3}}))?(?:\.pdf)?",
    re.IGNORECASE,
)
_LONGEST = 200


class ArxivId(NamedTuple):
    """A bare identifier, the key under which every version of a paper is kept, and the version where one was named."""

    bare: str
    version: int | None


def parse_arxiv_id(text: str) -> ArxivId | None:
    """Read an identifier out of an address, an OAI identifier, a DOI of arXiv's or the bare form.

    The subject class of an old identifier (`math.GT/0309136`) is not part of its canonical form and is dropped, so
    that one paper has one key.

    Returns
    -------
    ArxivId or None
        `None` if the text is not an arXiv identifier.
    """
    found = _FORM.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    bare = found["new"] or f"{found['archive'].lower()}/{found['number']}"
    return ArxivId(bare, int(found["version"]) if found["version"] else None)


def month_of(bare: str) -> dt.date:
    """Return the first day of the month in which arXiv gave out a bare identifier, which is what its digits say.

    A month that does not exist is taken for January.
    """
    digits = bare.rpartition("/")[2]
    year, month = int(digits[:2]), int(digits[2:4])
    century = 1900 if year > 90 else 2000
    return dt.date(century + year, month if 1 <= month <= 12 else 1, 1)
