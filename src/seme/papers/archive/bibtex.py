"""A paper's record as a BibTeX entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from seme.papers.paper import ARXIV_ID, MONTHS, PaperDate

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def bibtex_entry(record: Mapping[str, Any], taken: set[str]) -> str:
    """Return the entry of an exported paper; its key is new to `taken`, to which it is added."""
    journal, doi, arxiv = record["journal"], record["doi"], ARXIV_ID.fullmatch(record["id"])
    fields = {
        "title": "{" + _escaped(record["title"]) + "}",  # the inner braces keep capitals as they are
        "author": " and ".join(_escaped(name) for name in record["authors"]),
        **_date_fields(record["published"]),
        "journal": _escaped(journal),
        "doi": _escaped(doi),
        "eprint": record["id"] if arxiv else "",
        "archiveprefix": "arXiv" if arxiv else "",
        "primaryclass": _escaped(record["categories"][0]) if arxiv and record["categories"] else "",
        "url": _address(record["links"].get("abs", "")),
        "abstract": _escaped(record["summary"]),
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
    return {"year": str(date.year) if date.year else "", "month": month}


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in " ".join(text.split()))


def _address(url: str) -> str:
    return url.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C").replace(" ", "%20")
