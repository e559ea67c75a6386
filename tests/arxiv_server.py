"""A stand-in for arXiv on 127.0.0.1 that speaks its real formats and plays its real faults.

Run `python tests/arxiv_server.py --papers 300 --traps all` to get one that prints its address.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

LAST_DAY = dt.date(2026, 11, 20)
CATEGORIES = ("cs.CL", "cs.LG", "math.CO", "cond-mat.dis-nn")
TRAPS = (
    "error-entry", "rate-text", "429", "429-after", "503-date", "empty-page", "hang", "drip", "truncated",
    "entity-bomb", "not-xml", "closed",
)  # fmt: skip
_BOMB = '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;">]><feed>&c;</feed>'


@dataclass(frozen=True)
class Record:
    number: int

    @property
    def bare(self) -> str:
        return f"solv-int/97{self.number:05d}" if self.number % 7 == 3 else f"2611.{self.number:05d}"

    @property
    def version(self) -> int:
        return 1 + self.number % 3

    @property
    def day(self) -> dt.date:
        return LAST_DAY - dt.timedelta(days=self.number % 3)

    @property
    def categories(self) -> tuple[str, ...]:
        first = CATEGORIES[self.number % 2]
        return (first, CATEGORIES[2 + self.number % 2])

    @property
    def title(self) -> str:
        return f"Résumé no. {self.number}: on\n  wrapped titles & <angle> brackets"

    @property
    def summary(self) -> str:
        return (
            "This paper has been withdrawn." if self.number % 11 == 5 else f"  We study case {self.number}\n  of many."
        )

    def entry(self) -> str:
        scheme = "http" if self.number % 2 else "https"
        terms = "".join(f'<category term="{term}"/>' for term in self.categories)
        return (
            f"<entry><id>{scheme}://arxiv.org/abs/{self.bare}v{self.version}</id>"
            f"<published>{self.day}T10:00:00Z</published><updated>{LAST_DAY}T12:00:00Z</updated>"
            f"<title>{escape(self.title)}</title><summary>{escape(self.summary)}</summary>"
            f"<author><name>Ada Nr{self.number}</name></author><author><name>Émile Zed</name></author>"
            f'<arxiv:primary_category term="{self.categories[0]}"/>{terms}'
            f"<arxiv:comment>{self.number} pages</arxiv:comment></entry>"
        )


@dataclass
class Seen:
    """What the server noted of one request: seconds since boot, and how many requests were open with it."""

    at: float
    agent: str
    open: int


@dataclass
class ArxivServer:
    """Serves `papers` synthetic papers; each trap is played once, on one request after another."""

    papers: int = 40
    traps: Sequence[str] = ()
    port: int = 0
    hang: float = 30.0
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting = [name for one in self.traps for name in (TRAPS if one == "all" else (one,))]
        self.records = sorted((Record(n) for n in range(1, self.papers + 1)), key=lambda r: (r.day, r.number))
        self.lock, self.open = threading.Lock(), 0
        self.stopping = threading.Event()
        owner = self

        class Handler(_Handler):
            server_state = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> ArxivServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def next_trap(self) -> str:
        with self.lock:
            return self.waiting.pop(0) if self.waiting else ""

    def answer(self, query: dict[str, str], *, empty: bool = False) -> str:
        chosen = self._chosen(query)
        start, most = int(query.get("start", 0)), int(query.get("max_results", 10))
        entries = "" if empty else "".join(record.entry() for record in chosen[start : start + most])
        return _feed(entries, len(chosen), start)

    def _chosen(self, query: dict[str, str]) -> list[Record]:
        if "id_list" in query:
            wanted = set(query["id_list"].split(","))
            return [record for record in self.records if record.bare in wanted]
        search = query.get("search_query", "")
        terms = set(re.findall(r"cat:([\w.-]+)", search))
        days = re.search(r"submittedDate:\[(\d{8})\d{4} TO (\d{8})\d{4}\]", search)
        first, last = days.groups() if days else ("0", "9")
        return [r for r in self.records if terms & set(r.categories) and first <= f"{r.day:%Y%m%d}" <= last]


def _feed(entries: str, total: int, start: int) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        "<id>http://arxiv.org/api/feed</id><title>ArXiv Query</title><link href='http://arxiv.org/api'/>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    )


class _Handler(BaseHTTPRequestHandler):
    server_state: ArxivServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        state = self.server_state
        with state.lock:
            state.open += 1
            state.seen.append(Seen(time.monotonic(), self.headers.get("User-Agent", ""), state.open))
        try:
            self._respond(state, {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with state.lock:
                state.open -= 1

    def _respond(self, state: ArxivServer, query: dict[str, str]) -> None:
        trap, good = state.next_trap(), state.answer(query)
        after = {"429-after": "0", "503-date": format_datetime(dt.datetime.now(dt.UTC), usegmt=True)}.get(trap)
        headers = {"Retry-After": after} if after else {}
        if trap in ("429", "429-after", "503-date"):
            self._send("Rate exceeded.", int(trap[:3]), headers)
        elif trap == "hang":
            state.stopping.wait(state.hang)
            self.close_connection = True
        elif trap in ("drip", "closed"):
            self._partly(good, trap)
        else:
            entry = "<entry><id>http://arxiv.org/api/errors#1</id><title>Error</title><summary>busy</summary></entry>"
            played = {
                "error-entry": _feed(entry, 1, 0), "rate-text": "Rate exceeded.", "entity-bomb": _BOMB,
                "empty-page": state.answer(query, empty=True), "truncated": good[: len(good) // 2],
                "not-xml": "<html><p>Sorry</html>",
            }  # fmt: skip
            self._send(played.get(trap, good), 200, headers)

    def _partly(self, good: str, trap: str) -> None:
        body = good.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if trap == "closed":
            self.wfile.write(body[: len(body) // 2])
        until = time.monotonic() + self.server_state.hang
        for byte in body if trap == "drip" else b"":
            if self.server_state.stopping.wait(0.02) or time.monotonic() > until:
                break
            self.wfile.write(bytes([byte]))
        self.close_connection = True

    def _send(self, body: str, status: int, headers: dict[str, str]) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: object) -> None:
        """Keep the terminal for the address alone."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--papers", type=int, default=300)
    parser.add_argument("--traps", nargs="*", default=[], choices=[*TRAPS, "all"])
    given = parser.parse_args()
    with ArxivServer(given.papers, given.traps, given.port) as server:
        sys.stdout.write(f"{server.address}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
