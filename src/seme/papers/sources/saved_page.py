"""A saved Daily Papers page: the text that a browser copies, or the page's HTML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from seme.errors import InputError
from seme.papers.paper import LONGEST_SUMMARY, LONGEST_TITLE, Paper, PaperDate, squeeze, title_id
from seme.papers.sources.base import Batch, register_source

LARGEST_PAGE = 64 << 20
_AUTHORS = re.compile(r"[•·*]?\s*(\d{1,5}) authors?")
_DATE = re.compile(r"((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}(?:, \d{4})?)(?:\s+(\d{1,6}))?")
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "div",
        "dd",
        "dl",
        "dt",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "li",
        "main",
        "nav",
        "p",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
        "ol",
    ]
)
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head"})


@register_source("saved-page")
class SavedPageSource:
    """The papers of a saved page, in its order.

    The page says of a paper its title, its abstract and, mostly, a byline with the number of authors, the date (often
    without a year) and the number of comments. Titles are all that tells papers apart, so ids are `title_id`.

    Parameters
    ----------
    path
        The saved file, `.txt` or `.html`, UTF-8.

    Raises
    ------
    InputError
        If the file cannot be read, is too large or holds no papers.
    """

    name = "saved-page"

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        try:
            size = self._path.stat().st_size
            if size > LARGEST_PAGE:
                raise InputError(f"{path} has {size} bytes, a saved page may have {LARGEST_PAGE}")
            self._content = self._path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return the page's SHA-256: the same page again is the same harvest."""
        return {"sha256": hashlib.sha256(self._content).hexdigest()}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield all papers at once, or nothing where a cursor says that they were."""
        if cursor and cursor.get("done"):
            return
        papers, skipped = parse_page(self._content.decode("utf-8", errors="replace"))
        if not papers:
            raise InputError(f"{self._path} holds no papers", hint="Save the page as text, or as HTML only")
        yield Batch(tuple(papers), {"done": True}, skipped=tuple(skipped), total=len(papers))


def parse_page(content: str) -> tuple[list[Paper], list[str]]:
    """Return the papers of a page, as text or HTML, and a line for each card that could not be read."""
    if re.search(r"<(?:html|body|article|h[1-6]|p|div)\b", content[:100_000], re.IGNORECASE):
        content = html_to_text(content)
    blocks = _blocks(content)
    papers: list[Paper] = []
    skipped: list[str] = []
    waiting: list[list[str]] = []
    for block in blocks[_first_card(blocks) :]:
        if _is_byline(block):
            _add_cards(waiting, block, papers, skipped)
            waiting = []
        else:
            waiting.append(block)
    _add_cards(waiting, [], papers, skipped)
    return papers, skipped


def html_to_text(content: str) -> str:
    """Return the text of a page with an empty line between block elements."""
    parser = _TextOfBlocks()
    parser.feed(content)
    parser.close()
    return "".join(parser.parts)


class _TextOfBlocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def parse_marked_section(self, i: int, report: bool = True) -> int:  # noqa: ARG002
        """Read `<![…>` as browsers do, as a comment; the standard library asserts that it knows the keyword."""
        return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _SILENT:
            self._silent += 1
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            # the byline is a list: its items are lines of one block, not blocks
            self.parts.append("\n" if tag in ("li", "ul") else "\n\n")
        elif tag == "br":
            self.parts.append("\n")


def _blocks(text: str) -> list[list[str]]:
    """Split a text at empty lines; a block is its lines, white space collapsed."""
    blocks: list[list[str]] = [[]]
    for line in map(squeeze, text.splitlines()):
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return _joined_bylines([block for block in blocks if block])


def _joined_bylines(blocks: list[list[str]]) -> list[list[str]]:
    """Join the parts of a byline that stand in blocks of their own."""
    joined: list[list[str]] = []
    for block in blocks:
        part = all(line == "·" or _AUTHORS.fullmatch(line) or _DATE.fullmatch(line) for line in block)
        if part and joined and _is_byline(joined[-1]):
            joined[-1] = joined[-1] + block
        else:
            joined.append(block)
    return joined


def _is_byline(block: Sequence[str]) -> bool:
    return bool(_AUTHORS.fullmatch(block[0]))


def _first_card(blocks: Sequence[Sequence[str]]) -> int:
    """Return where the cards begin: behind the day's headline, a date that stands alone; else at the start."""
    return next((i + 1 for i, block in enumerate(blocks[:40]) if len(block) == 1 and _DATE.fullmatch(block[0])), 0)


def _add_cards(blocks: Sequence[Sequence[str]], byline: Sequence[str], papers: list[Paper], skipped: list[str]) -> None:
    """Read the cards between two bylines: pairs of title and abstract, of which the last has the byline.

    A block that is left over is another paragraph of the last abstract.
    """
    texts = [" ".join(block) for block in blocks]
    if not texts:
        return
    pairs = [texts[i : i + 2] for i in range(0, len(texts) - len(texts) % 2, 2)] or [texts]
    if len(texts) % 2 and len(texts) > 1:
        pairs[-1] = [pairs[-1][0], f"{pairs[-1][1]}\n\n{texts[-1]}"]
    for i, pair in enumerate(pairs):
        try:
            papers.append(_paper(pair, byline if i == len(pairs) - 1 else ()))
        except InputError as error:
            skipped.append(f"card {len(papers) + len(skipped) + 1}: {error}")


def _paper(pair: Sequence[str], byline: Sequence[str]) -> Paper:
    title, summary = pair[0], pair[1] if len(pair) > 1 else ""
    if len(title) > LONGEST_TITLE:
        raise InputError(f"a title of {len(title)} characters")
    count = date = comments = None
    for line in byline:
        if authors := _AUTHORS.fullmatch(line):
            count = int(authors[1])
        elif dated := _DATE.fullmatch(line):
            date, comments = PaperDate.parse(dated[1]), int(dated[2]) if dated[2] else None
    return Paper(
        id=title_id(title),
        title=title,
        source="saved-page",
        summary=summary[:LONGEST_SUMMARY],
        author_count=count,
        published=date,
        comments=comments,
    )
