"""BibTeX files: references as papers."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ParsingFailedBlock,
    String,
)

from seme.errors import InputError
from seme.papers.latex import from_latex
from seme.papers.paper import MONTHS, Paper, PaperDate, squeeze, title_id
from seme.papers.sources.arxiv_ids import ArxivId, parse_arxiv_id
from seme.papers.sources.atom import arxiv_links
from seme.papers.sources.base import Batch, register_source

LARGEST_FILE = 32 << 20
LONGEST_VALUE = 1 << 17
"""Characters of one field after its macros are filled in, which can double with every line of a file."""
KEYWORDS = 30
"""Keywords that are read of one entry; more are left out."""
BATCH = 500
_PART = re.compile(r"\s*(?:#\s*)?(?P<part>[^\s#{}\"]+)\s*")
_DATE = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?(?![\d-])")
_MONTH = re.compile(rf"\b({'|'.join(MONTHS)})[a-z]*", re.IGNORECASE)
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_NAMED = re.compile(r"arxiv[:.]\s*((?:[a-z-]+/)?[\d.]+(?:v\d+)?)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([%_#&~{}$^])")

logging.getLogger("bibtexparser").addHandler(logging.NullHandler())  # what it would print is in our own report


@register_source("bibtex")
class BibtexSource:
    """The entries of a BibTeX or BibLaTeX file that have a title.

    An entry's id is its arXiv identifier (from `eprint`, or named in the DOI, the address, the journal or the note),
    else its DOI, else one made of the title. LaTeX becomes text; math stays as it is. An entry that cannot be read is
    reported with its line and passed over; two entries with one key are two papers.

    Parameters
    ----------
    path
        The file, UTF-8, or Windows-1252 where it is not UTF-8.

    Raises
    ------
    InputError
        If the file cannot be read, is larger than 32 MiB, or has no entries.
    """

    name = "bibtex"

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        try:
            size = self._path.stat().st_size
            if size > LARGEST_FILE:
                raise InputError(f"{path} has {size} bytes, a BibTeX file may have {LARGEST_FILE}")
            self._content = self._path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return the file's SHA-256: the same references again are the same harvest."""
        return {"sha256": hashlib.sha256(self._content).hexdigest()}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield the papers in batches, from the block of the file that a cursor names."""
        start = int((cursor or {}).get("block", 0))
        blocks = parse_blocks(_decoded(self._content))
        if not blocks:
            raise InputError(f"{self._path} holds no BibTeX entries")
        for first in range(start, len(blocks), BATCH):
            papers: list[Paper] = []
            skipped: list[str] = []
            for line, fields in blocks[first : first + BATCH]:
                try:
                    papers.append(paper_from_entry(fields))
                except InputError as error:
                    skipped.append(f"line {line}: {error}")
            done = {"block": min(first + BATCH, len(blocks))}
            yield Batch(tuple(papers), done, skipped=tuple(skipped), total=len(blocks))


def parse_blocks(text: str) -> list[tuple[int, dict[str, str]]]:
    """Return the entries of a file: the line each begins at, and its fields with macros filled in.

    Field names are lower-case, values are still LaTeX. One that the parser could not read has the single field
    `error`.
    """
    blocks: list[tuple[int, dict[str, str]]] = []
    macros = {month.lower(): month for month in MONTHS}
    for block in parse_string(text, parse_stack=[]).blocks:
        line = (block.start_line or 0) + 1
        if isinstance(block, String):
            macros[block.key.lower()] = resolve(block.value, macros)
        elif (entry := _entry(block)) is not None:
            blocks.append((line, {field.key.lower(): resolve(field.value, macros) for field in reversed(entry.fields)}))
        elif isinstance(block, ParsingFailedBlock):
            why = getattr(block.error, "abort_reason", "") or str(block.error)
            blocks.append((line, {"error": f"the entry cannot be read: {squeeze(why)[:200]}"}))
    return blocks


def _entry(block: Block) -> Entry | None:
    if isinstance(block, (DuplicateBlockKeyBlock, DuplicateFieldKeyBlock)):
        block = block.ignore_error_block or block
    return block if isinstance(block, Entry) else None


def resolve(value: str, macros: Mapping[str, str]) -> str:
    """Return a value without the braces or quotes around it, its macros filled in and its pieces joined (`a # "b"`)."""
    pieces: list[str] = []
    at = 0
    while at < len(value) and sum(map(len, pieces)) < LONGEST_VALUE and len(pieces) < 100:
        if value[at] in '{"':
            end = _closing(value, at)
            pieces.append(value[at + 1 : end])
            at = end + 1
        elif found := _PART.match(value, at):
            pieces.append(macros.get(found["part"].lower(), found["part"]))
            at = found.end()
        else:
            at += 1
    return "".join(pieces)[:LONGEST_VALUE]


def _closing(value: str, at: int) -> int:
    """Return where the group or string that begins at a position ends."""
    depth, i = 0, at + 1
    while i < len(value):
        if value[i] == "\\":
            i += 1
        elif depth == 0 and value[i] == ("}" if value[at] == "{" else '"'):
            return i
        else:
            depth += (value[i] == "{") - (value[i] == "}")
        i += 1
    return len(value)


def paper_from_entry(fields: Mapping[str, str]) -> Paper:
    """Return the paper that the fields of an entry describe.

    Raises
    ------
    InputError
        If there is no title, or a field is longer than a paper's may be.
    """
    if "error" in fields:
        raise InputError(fields["error"])
    text = {name: from_latex(fields.get(name, "")) for name in ("title", "abstract", "note", "journal", "booktitle")}
    if not text["title"]:
        raise InputError("the entry has no title")
    doi, url = _doi(fields), _address(fields.get("url", ""))
    arxiv = _arxiv_id(fields, doi, url)
    if doi.lower().startswith("10.48550/"):
        doi = ""
    people, complete = authors(fields.get("author", ""))
    journal = text["journal"] or from_latex(fields.get("journaltitle", "")) or text["booktitle"]
    links = arxiv_links(arxiv.bare, doi) if arxiv else {"doi": f"https://doi.org/{doi}"} if doi else {}
    return Paper(
        id=arxiv.bare if arxiv else _other_id(doi, text["title"]),
        title=text["title"],
        source="bibtex",
        summary=text["abstract"],
        authors=people,
        author_count=len(people) or None if complete else None,
        published=_published(fields),
        version=(arxiv.version if arxiv else None) or 1,
        categories=(primary,) if (primary := from_latex(fields.get("primaryclass", ""))) else (),
        tags=_tags(fields.get("keywords", "")),
        links={**links, **({"abs": url} if url and not arxiv else {})},
        note=text["note"],
        doi=doi,
        journal="" if journal.lower().startswith("arxiv") or journal == "CoRR" else journal,
    )


def authors(value: str) -> tuple[tuple[str, ...], bool]:
    """Return the names of an author field, first names first, and whether it names everybody (no `and others`)."""
    names = _names(value)
    complete = names[-1].strip().lower() != "others"
    read = [_name(name) for name in (names if complete else names[:-1])]
    return tuple(name for name in read if name), complete


def _names(value: str) -> list[str]:
    """Split at each `and` that stands outside of braces (the parser's own splitter loses escapes behind one)."""
    value = squeeze(value)
    names, depth, begin = [], 0, 0
    for found in re.finditer(r"\\.|[{}]| and(?= )", value, re.IGNORECASE | re.DOTALL):
        if found[0] in ("{", "}"):
            depth += 1 if found[0] == "{" else -1
        elif depth == 0 and not found[0].startswith("\\"):
            names.append(value[begin : found.start()])
            begin = found.end()
    return [*names, value[begin:]]


def _name(name: str) -> str:
    parts = parse_single_name_into_parts(name, strict=False)
    return from_latex(" ".join([*parts.first, *parts.von, *parts.last, *parts.jr]))


def _arxiv_id(fields: Mapping[str, str], doi: str, url: str) -> ArxivId | None:
    archive = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").strip().lower()
    eprint = _ESCAPED.sub(r"\1", fields.get("eprint", "")).strip()
    candidates = [doi, url]
    if archive == "arxiv":
        candidates[:0] = [eprint, f"{fields.get('primaryclass', '').split('.')[0]}/{eprint}"]
    candidates.append(fields.get("volume", "").removeprefix("abs/"))  # as DBLP writes it
    for name in ("journal", "journaltitle", "note", "howpublished", "number"):
        candidates += [found[1] for found in _NAMED.finditer(fields.get(name, "")[:1000])]
    return next((found for one in candidates if (found := parse_arxiv_id(one))), None)


def _doi(fields: Mapping[str, str]) -> str:
    found = _DOI.fullmatch(_ESCAPED.sub(r"\1", fields.get("doi", "")).strip())
    return found[1] if found and len(found[1]) <= 300 else ""


def _other_id(doi: str, title: str) -> str:
    return f"doi:{doi.lower()}" if doi and len(doi) < 190 else title_id(title)


def _address(value: str) -> str:
    address = _ESCAPED.sub(r"\1", value.strip().removeprefix("\\url{").removesuffix("}"))
    return address if re.fullmatch(r"https?://[^\s\"<>\\]{1,2000}", address) else ""


def _published(fields: Mapping[str, str]) -> PaperDate | None:
    """Return the date as far as an entry knows it: BibLaTeX's `date`, or `year`, `month` and `day`."""
    dated = _DATE.match(fields.get("date", "").strip())
    if dated:
        year, month, day = (int(part) if part else None for part in dated.groups())
    else:
        months = fields.get("month", "")  # `jan # "~12"` is a month and a day
        years, month = re.search(r"\d{4}", fields.get("year", "")), _month(months)
        days = re.search(r"\b\d{1,2}\b", fields.get("day") or ("" if months.strip().isdigit() else months))
        year, day = int(years[0]) if years else None, int(days[0]) if days and month else None
    for parts in ((year, month, day), (year, month, None), (year, None, None)):
        try:
            return PaperDate(*parts)
        except InputError:
            continue
    return None


def _month(value: str) -> int | None:
    named = _MONTH.search(value)
    if named:
        return MONTHS.index(named[1].capitalize()) + 1
    return int(value) if value.strip().isdecimal() and 1 <= int(value[:9]) <= 12 else None


def _tags(value: str) -> tuple[str, ...]:
    words = (re.sub(r"[^\w.+]+", "-", from_latex(word).lower()).strip("-") for word in re.split(r"[,;]", value))
    return tuple(dict.fromkeys(word for word in words if 0 < len(word) <= 60))[:KEYWORDS]


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
