"""Papers as one JSON object a line: our own fields, a daily-papers API's objects, or a BEIR corpus."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seme.errors import InputError
from seme.papers.paper import Paper, PaperDate, title_id
from seme.papers.sources.atom import moment
from seme.papers.sources.base import Batch, register_source

LONGEST_LINE = 1 << 20
BATCH = 500
_TEXTS = ("summary", "note", "doi", "journal", "method")
_NUMBERS = ("author_count", "votes", "comments")


@register_source("jsonl")
class JsonlSource:
    """The papers of a file with one JSON object a line; lines that cannot be read are reported and passed over.

    Parameters
    ----------
    path
        The file, UTF-8.

    Raises
    ------
    InputError
        If there is no such file.
    """

    name = "jsonl"

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        if not self._path.is_file():
            raise InputError(f"there is no file {path}")

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return the file's path, size and time: a changed file is another harvest."""
        stat = self._path.stat()
        return {"path": str(self._path.absolute()), "size": stat.st_size, "changed": stat.st_mtime_ns}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield the papers in batches, from the line that a cursor names."""
        start = int((cursor or {}).get("line", 0))
        papers: list[Paper] = []
        skipped: list[str] = []
        number = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(_lines(file), 1):
                if number <= start or not line.strip():
                    continue
                try:
                    papers.append(self.read(json.loads(line) if len(line) <= LONGEST_LINE else None))
                except (ValueError, InputError, RecursionError) as error:
                    skipped.append(f"line {number}: {error}")
                if len(papers) + len(skipped) >= BATCH:
                    yield Batch(tuple(papers), {"line": number}, skipped=tuple(skipped))
                    papers, skipped = [], []
        if papers or skipped:
            yield Batch(tuple(papers), {"line": number}, skipped=tuple(skipped))

    def read(self, data: Any) -> Paper:
        """Return the paper that an object describes.

        Raises
        ------
        InputError
            If it describes none.
        """
        return paper_from_json(data, self.name)


@register_source("beir")
class BeirSource(JsonlSource):
    """The documents of a BEIR folder (`corpus.jsonl`) as papers, with ids `beir:<folder>:<_id>`."""

    name = "beir"

    def __init__(self, path: Path | str) -> None:
        super().__init__(Path(path) / "corpus.jsonl")
        self._folder = quote(Path(path).name, safe="")

    def read(self, data: Any) -> Paper:
        """Return a document of the corpus as a paper.

        Raises
        ------
        InputError
            If it has no id or neither title nor text.
        """
        if not isinstance(data, dict) or not data.get("_id"):
            raise InputError("a BEIR document needs an _id")
        text = str(data.get("text") or "")
        title = " ".join(str(data.get("title") or text[:120]).split())
        return Paper(
            id=f"beir:{self._folder}:{quote(str(data['_id']), safe='')}", title=title, summary=text, source="beir"
        )


def paper_from_json(data: Any, source: str) -> Paper:
    """Read a paper from our own fields, or from a daily-papers API's object (`{"paper": {...}}`).

    Raises
    ------
    InputError
        If it is no such object, or a field is not of its kind.
    """
    if not isinstance(data, dict):
        raise InputError("a line must be a JSON object of at most 1 MiB")
    fields = {**data, **data["paper"]} if isinstance(data.get("paper"), dict) else data
    title = " ".join(str(fields.get("title") or "").split())
    values: dict[str, Any] = {name: str(fields.get(name) or "") for name in _TEXTS}
    values |= {name: _number(name, fields.get(name)) for name in _NUMBERS}
    if values["votes"] is None:
        values["votes"] = _number("upvotes", fields.get("upvotes"))
    published = fields.get("published") or fields.get("publishedAt")
    try:
        listed = dt.date.fromisoformat(str(fields["listed"])) if fields.get("listed") else None
    except ValueError as error:
        raise InputError(f"not a date: {error}") from error
    return Paper(
        id=str(fields.get("id") or title_id(title)),
        title=title,
        source=source,
        authors=_names(fields.get("authors")),
        published=PaperDate.parse(str(published)[:10]) if published else None,
        listed=listed,
        updated=moment(str(fields.get("updated") or "")),
        version=_number("version", fields.get("version")) or 1,
        categories=_names(fields.get("categories")),
        tags=_names(fields.get("tags")),
        links=_links(fields.get("links")),
        withdrawn=fields.get("withdrawn") is True,
        **values,
    )


def _number(name: str, value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or abs(value) > 1_000_000_000):
        raise InputError(f"{name} is {str(value)[:40]!r}, it must be a whole number")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError("authors, categories and tags must be lists")
    return tuple(str(one.get("name", "") if isinstance(one, dict) else one) for one in value)


def _links(value: Any) -> dict[str, str]:
    if value is not None and not isinstance(value, dict):
        raise InputError("links must be an object of addresses")
    return {str(kind): str(address) for kind, address in (value or {}).items()}


def _lines(file: Any) -> Iterator[bytes]:
    """Yield lines; one that is too long comes cut just past the limit, its rest passed over."""
    while line := file.readline(LONGEST_LINE + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(LONGEST_LINE)):
            continue
        yield line
