"""The server: threads, faults, and which of arXiv's interfaces a path belongs to."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from arxiv_server import feeds, oai, query
from arxiv_server.records import LAST_DAY, Record

_COMMON = (
    "rate-text",
    "429",
    "429-after",
    "503-date",
    "hang",
    "drip",
    "truncated",
    "entity-bomb",
    "external-entity",
    "not-xml",
    "closed",
)
TRAPS = (*_COMMON, "error-entry", "empty-page")
OAI_TRAPS = (*_COMMON, "empty-page", "expired-token")
FEED_TRAPS = _COMMON
_XML = '<?xml version="1.0"?>'
_BODIES = {
    "rate-text": "Rate exceeded.",
    "entity-bomb": f'{_XML}<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;">]><feed>&c;</feed>',
    "external-entity": f'{_XML}<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><feed>&a;</feed>',
    "not-xml": "<html><p>Sorry</html>",
    "error-entry": query.error_entry("busy"),
}


@dataclass
class Seen:
    """What the server noted of one request: when, who, how many were open with it, what for."""

    at: float
    agent: str
    open: int
    path: str


@dataclass
class ArxivServer:
    """Serves `papers` synthetic papers; each trap is played once, on one request after another."""

    papers: int = 40
    traps: Sequence[str] = ()
    port: int = 0
    hang: float = 30.0
    last_day: dt.date = LAST_DAY
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting = [name for one in self.traps for name in (TRAPS if one == "all" else (one,))]
        self.records = sorted(
            (Record(n, self.last_day) for n in range(1, self.papers + 1)), key=lambda r: (r.day, r.number)
        )
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

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment in which `seme` harvests from here, and does not wait long when a fault is played."""
        values = {
            "API": f"{self.address}/api/query",
            "FEED": f"{self.address}/atom",
            "OAI": f"{self.address}/oai",
            "INTERVAL": "0.05",
            "READ_TIMEOUT": "0.4",
            "TOTAL_TIMEOUT": "0.8",
            "ATTEMPTS": "20",
            "BACKOFF": "0.001",
        }
        return {f"SEME_ARXIV_{name}": value for name, value in values.items()}

    def next_trap(self, asked: dict[str, str]) -> str:
        """Take the next fault; an expired token waits for a request that has a token."""
        with self.lock:
            playable = [one for one in self.waiting if one != "expired-token" or "resumptionToken" in asked]
            if playable:
                self.waiting.remove(playable[0])
            return playable[0] if playable else ""

    def answer(self, path: str, asked: dict[str, str], trap: str) -> tuple[int, str]:
        """Return status and body; of the faults, those that only one interface can play."""
        kind, _, rest = path.strip("/").partition("/")
        if kind == "oai":
            return 200, oai.answer(self.records, asked, self.last_day, trap=trap)
        if kind in ("atom", "rss"):
            return feeds.answer(self.records, kind, unquote(rest), self.last_day)
        return 200, query.answer(self.records, asked, empty=trap == "empty-page")


class _Handler(BaseHTTPRequestHandler):
    server_state: ArxivServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        state = self.server_state
        with state.lock:
            state.open += 1
            state.seen.append(Seen(time.monotonic(), self.headers.get("User-Agent", ""), state.open, self.path))
        try:
            self._respond(state)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with state.lock:
                state.open -= 1

    def _respond(self, state: ArxivServer) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        trap = state.next_trap(asked)
        status, good = state.answer(address.path, asked, trap)
        after = {"429-after": "0", "503-date": format_datetime(dt.datetime.now(dt.UTC), usegmt=True)}.get(trap)
        headers = {"Retry-After": after} if after else {}
        if trap in ("429", "429-after", "503-date"):
            self._send("Rate exceeded.", int(trap[:3]), headers)
        elif trap == "hang":
            state.stopping.wait(state.hang)
            self.close_connection = True
        elif trap in ("drip", "closed"):
            self._partly(good, trap)
        elif trap == "truncated":
            self._send(good[: len(good) // 2], 200, headers)
        else:
            self._send(_BODIES.get(trap, good), 200 if trap in _BODIES else status, headers)

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
