"""What the fuzzer starts from: good input of each kind, and the words of each format."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.hostile.archives import archive_seeds, whole_archive

_ROOT = Path(__file__).parent.parent.parent
_FIXTURES = _ROOT / "tests" / "fixtures" / "sources"
HOSTILE_VALUES: tuple[object, ...] = (
    None, True, 0, -1, 2**31, 2**63, 10**400, 0.5, 1e308, "", "\x00", "\ud800", "x" * 5000, "\u202e<b>&\"'", [], {},
    [[]], [1], ["\ud800"], {"a": "\x00"}, {"name": []}, "0001-01-01", "9999-12-31", "2024-W53", "--02-30", "²", "٣",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2024-01-01T00:00:00", "javascript:x", "http://[", "NaN",
)  # fmt: skip


def _page() -> list[bytes]:
    texts = [path.read_bytes() for path in sorted(_FIXTURES.glob("page*"))]
    html = b"<html><body><article><h3>One &amp; two</h3><p>About both.</p><ul><li>3 authors</li><li>Sep 25</li></ul>"
    return [*texts, html, b"<p>A</p><script>1</script><p>B<br>c</p><!-- x --><![CDATA[y]]><ul><li>\xc2\xb7<li>1 author"]


def _bibtex() -> list[bytes]:
    entries = (whole_archive() / "papers.bib").read_bytes().split(b"\n\n")
    classic = (
        b'@string{acl = "ACL"}\n@InProceedings{a:1, title = {The {B}ook \\"o $x_1$}, author = "Doe, J. and others",'
        b" year = 2024, month = jan # {~3}, booktitle = acl, doi = {10.1000/x}, url = {http://a.example/b\\_c}}\n"
        b'@comment{x}\n@preamble{"y"}\n@misc{b, title={T}, eprint={2107.05580v2}, archivePrefix={arXiv}}'
    )
    return [*(entry for entry in entries if entry.strip()), classic]


def _jsonl() -> list[bytes]:
    line = (whole_archive() / "papers.jsonl").read_bytes()
    ours = {"id": "2107.05580", "title": "T", "authors": ["A", {"name": "B"}], "links": {"abs": "https://a.example"},
            "published": "2024-10", "listed": "2024-10-23", "updated": "2024-10-23T00:00:00Z", "votes": 3}  # fmt: skip
    daily = {"paper": {"id": "2107.05581", "title": "U", "upvotes": 2, "summary": "s"}, "publishedAt": "2024-10-23"}
    return [
        line,
        json.dumps(ours).encode(),
        json.dumps(daily).encode(),
        b'{"title": "x"}\n\n{"title": "y", "tags": []}',
    ]


def _atom() -> list[bytes]:
    sys.path.insert(0, str(_ROOT / "tests"))
    from arxiv_server import LAST_DAY, query
    from arxiv_server.records import Record

    records = [Record(number, LAST_DAY) for number in (1, 5, 16)]
    full = query.answer(records, {"search_query": "all:x", "max_results": "3"}, empty=False)
    return [full.encode(), query.error_entry("busy").encode()]


def _query() -> list[bytes]:
    texts = (
        "atoms&2024-01-01&2024-02-01&cs.CL&Ada&arxiv&votes", "2024-W43", "2020-W53", "2024-10", "2024-02-29",
        "Oct 23, 2024", "--02-29", "arXiv:2107.05580v2", "math.GT/0309136", "Wed, 21 Oct 2015 07:28:00 GMT", "120",
        '{"text": "x", "since": "2024-01-01", "sort": "votes"}',
    )  # fmt: skip
    return [text.encode() for text in texts]


_SEEDS: Mapping[str, Callable[[], Sequence[bytes]]] = {
    "saved-page": _page,
    "bibtex": _bibtex,
    "jsonl": _jsonl,
    "beir": lambda: [b'{"_id": "1", "title": "T", "text": "About it."}', b'{"_id": 2, "text": "No title"}'],
    "any": lambda: [*_page(), *_bibtex(), *_jsonl(), b"[1]", b"\xef\xbb\xbf{}"],
    "atom": _atom,
    "latex": lambda: [
        b"\\\"{o} {\\ss} $x^2$ \\textbf{b} \\begin{a}c\\end{a} \\% ``q'' --- \\url{http://a}",
        b"a~b%c&d",
    ],
    "query": _query,
    "mail": lambda: [b"ada@example.org\nAtoms", "zoë@exämple.org\n\u202eX".encode(), b"a.b+c@d.e\nBcc: x@y.z"],
    "archive": archive_seeds,
}

_WORDS: Mapping[str, Sequence[str]] = {
    "saved-page": ["• 3 authors", "·", "Sep 25", "Oct 23, 2024 12", "Feb 30", "<article>", "<h3>", "</p>", "<br>", "<li>",
                   "<script>", "</script>", "<!--", "-->", "<![CDATA[", "&#xD800;", "&#0;", "&notin;", "<svg/>", "\n\n"],
    "bibtex": ["@article{", "@string{", "@comment{", "@preamble{", "title = {", "author = ", " and ", "others", "month = ",
               "jan", " # ", "\\\"", "{\\'e}", "}}", "\\url{", "eprint=", "archivePrefix={arXiv}", "10.48550/arXiv."],
    "atom": ["<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>", "<!DOCTYPE", "<!ENTITY", "&#xD800;",
             "&#1;", "<![CDATA[", "]]>", "<?xml version='1.0' encoding='utf-7'?>", "encoding='undefined'", "xmlns:a='b'"],
    "latex": ["\\begin{", "\\end{", "\\left", "\\right", "$$", "\\[", "\\(", "\\verb|", "\\item", "\\char", "\\href{",
              "\\newcommand", "\\frac{", "\\footnote{", "\\includegraphics{", "\\input{/etc/passwd}", "\\cite[", "%\n"],
    "mail": ["=?utf-8?q?", "?=", "\"", "@", "<", ">", ",", "..", "\\", "\u3002", "xn--", "[127.0.0.1]", "(c)", "Bcc:"],
    "query": ["W53", "0001-01-01", "9999-12-31", "٢٠٢٤", "&", "2999-12", "\u202e", "%00", "\xff"],
}  # fmt: skip


def seeds_of(target: str) -> Sequence[bytes]:
    """Return good inputs of a target."""
    return _SEEDS[target]()


def words_of(target: str) -> Sequence[str]:
    """Return words that are worth putting into a target's input."""
    if target == "any":
        return [*_WORDS["saved-page"], *_WORDS["bibtex"]]
    return _WORDS.get(target, ())
