"""A paper's record as a BibTeX entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from seme.papers.latex import to_latex
from seme.papers.paper import ARXIV_ID, MONTHS, PaperDate


def bibtex_entry(record: Mapping[str, Any], taken: set[str]) -> str:
    """Return the entry of an exported paper; its key is new to `taken`, to which it is added."""
    journal, doi, arxiv = record["journal"], record["doi"], ARXIV_ID.fullmatch(record["id"])
    fields = {
        "title": "{" + to_latex(record["title"]) + "}",  # the inner braces keep capitals as they are
        "author": " and ".join(_name(name) for name in record["authors"]),
        **_date_fields(record["published"]),
        "journal": to_latex(journal),
        "doi": to_latex(doi),
        "eprint": record["id"] if arxiv else "",
        "archiveprefix": "arXiv" if arxiv else "",
        "primaryclass": to_latex(record["categories"][0]) if arxiv and record["categories"] else "",
        "url": _address(record["links"].get("abs", "")),
        "abstract": to_latex(record["summary"]),
        "keywords": ", ".join(map(to_latex, record["tags"])),
        "note": to_latex(record["note"]),
    }
    kind = "article" if journal else "misc"
    lines = [
        f"  {name} = {value if name == 'month' else '{' + value + '}'}," for name, value in fields.items() if value
    ]
    return "\n".join([f"@{kind}{{{_key(record['id'], taken)},", *lines, "}", "", ""])


def _key(paper_id: str, taken: set[str]) -> str:
    stem = re.sub(r"[^A-Za-z0-9.:/-]+", "-", paper_id)
    key, number = stem, 1
    while key.casefold() in taken:
        number += 1
        key = f"{stem}-{number}"
    taken.add(key.casefold())
    return key


def _date_fields(published: str | None) -> dict[str, str]:
    if not published:
        return {}
    date = PaperDate.parse(published)
    month = MONTHS[date.month - 1].lower() if date.month else ""
    return {"year": f"{date.year:04d}" if date.year else "", "month": month, "day": str(date.day) if date.day else ""}


def _name(name: str) -> str:
    """Return a name that is read as one, first names first: one with a comma or an `and` is a single word."""
    escaped = to_latex(name)
    plain = "," not in name and not re.search(r"\b(?:and|others)\b", name, re.IGNORECASE)
    return escaped if plain else "{" + escaped + "}"


def _address(url: str) -> str:
    return url.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C").replace(" ", "%20")
