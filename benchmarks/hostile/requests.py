"""Requests that no browser would send: mutations of good ones, as bytes on a socket."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote, urlencode

import httpx

from benchmarks.hostile.specification import TIMEOUT, Answers

_TEXTS = (
    "atoms", "", "\x00", "\ud800", "x" * 3000, "\u202e<script>alert(1)</script>", "' OR 1=1 --", "%", "_", "../../etc/passwd",
    "..%2f..%2fetc", "{{7*7}}", "${jndi:ldap://a}", "-1", "0", "9" * 40, "1e999", "NaN", "2024-02-30", "0000-00-00",
    "9999-12-31", "2024-W54", "--02-30", "٢٠٢٤-١٠", "cs.CL", "a\r\nX-Smuggled: 1", "http://169.254.169.254/", "file:///etc/passwd",
    "🧬" * 200, "a AND NOT (b", '"', "\\", "*", "NEAR(a b)", "title:1", "votes", "relevance", "true", "[]", "null",
)  # fmt: skip
_NAMES = ("q", "since", "until", "tag", "author", "source", "sort", "min_votes", "page", "date", "week", "month", "limit", "k",
          "token", "kind", "name", "email", "note", "collections", "csrf", "up", "keep", "next", "List-Unsubscribe")  # fmt: skip
_PATHS = (
    "/", "/papers/date/{}", "/papers/week/{}", "/papers/month/{}", "/trending", "/search", "/saved", "/about", "/papers/{}",
    "/papers/{}/similar", "/papers/{}.md", "/subscribe", "/subscriptions", "/subscriptions/confirm", "/subscriptions/stop",
    "/sign-in", "/api/daily_papers", "/api/trending", "/api/papers/search", "/api/papers/{}", "/api/papers/{}/similar",
    "/feeds/{}", "/feeds/latest.atom", "/feeds/day/{}.json", "/feeds/tag/{}.atom", "/feeds/search.atom", "/static/{}",
    "/healthz", "/openapi.json", "/{}", "/methods", "/methods/{}",
)  # fmt: skip
_POSTS = (
    "/papers/{}/vote", "/papers/{}/save", "/papers/{}/comment", "/subscribe", "/subscriptions/confirm", "/subscriptions/stop",
    "/subscriptions/{}/stop", "/sign-in", "/sign-out",
)  # fmt: skip
_HEADERS = ("If-None-Match", "If-Modified-Since", "Accept", "Accept-Encoding", "Cookie", "X-CSRF-Token", "X-Forwarded-For",
            "X-Forwarded-Proto", "Host", "Range", "Referer", "Origin", "Content-Type", "Accept-Language")  # fmt: skip
_METHODS = ("GET", "GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "BREW")


class Attacker:
    """Draws requests; half of the forms carry a good token, so that they get as far as a person's would.

    Parameters
    ----------
    base
        Address of the service.
    papers
        Ids that exist.
    seed
        Of the random numbers.
    """

    def __init__(self, base: str, papers: Sequence[str], seed: int) -> None:
        self._rng = random.Random(seed)
        self._texts = (*_TEXTS, *papers)
        with httpx.Client(base_url=base) as client:
            page = client.get("/")
            found = re.search(r'name="csrf" value="([^"]+)"', page.text)
            assert found
            self._token = found[1]
            self._cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())

    def draw(self) -> tuple[bytes, bool]:
        """Return the bytes of a request, and whether they were broken."""
        data = self._post() if self._rng.random() < 0.25 else self._get()
        broken = self._rng.random() < 0.15
        return self._broken(data) if broken else data, broken

    def _text(self) -> str:
        text = self._rng.choice(self._texts)
        if self._rng.random() < 0.2:
            at = self._rng.randrange(len(text) + 1)
            text = (
                text[:at] + chr(self._rng.choice((0, 7, 38, 47, 63, 127, 0x3B1, 0x202E, 0xFFFD, 0x1F9EC))) + text[at:]
            )
        return text

    def _quoted(self, text: str) -> str:
        if self._rng.random() < 0.1:
            return re.sub(r"[\s\x00]", "+", text)
        return quote(text, safe=self._rng.choice(("", "/")), errors="surrogatepass")

    def _target(self, paths: Sequence[str]) -> str:
        path = self._rng.choice(paths).replace("{}", self._quoted(self._text()))
        names = self._rng.choices(_NAMES, k=self._rng.choice((0, 1, 1, 2, 3, 40)))
        query = "&".join(f"{name}={self._quoted(self._text())}" for name in names)
        return f"{path}?{query}" if query else path

    def _headers(self) -> str:
        names = self._rng.choices(_HEADERS, k=self._rng.choice((0, 0, 1, 3)))
        values = [" ".join(self._text().splitlines()) for _ in names]
        return "".join(f"{name}: {value}\r\n" for name, value in zip(names, values, strict=True))

    def _get(self) -> bytes:
        method = self._rng.choice(_METHODS)
        start = f"{method} {self._target(_PATHS)} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self._cookie}\r\n"
        return self._encoded(f"{start}{self._headers()}Connection: close\r\n\r\n")

    def _post(self) -> bytes:
        fields = [(name, self._text()) for name in self._rng.choices(_NAMES, k=self._rng.choice((0, 2, 4, 300)))]
        if self._rng.random() < 0.5:
            fields = [(name, text) for name, text in fields if name != "csrf"] + [("csrf", self._token)]
        body = urlencode(fields, errors="surrogatepass").encode()
        kind = "application/x-www-form-urlencoded"
        if self._rng.random() < 0.2:
            kind = self._rng.choice(("application/json", "multipart/form-data; boundary=x", "text/plain", "x" * 500))
            body = self._rng.choice(
                (b"[" * 5000, b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n', b"\xff" * 50, body)
            )
        start = f"POST {self._target(_POSTS)} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self._cookie}\r\n"
        sizes = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return self._encoded(start + self._headers() + sizes) + body

    def _broken(self, data: bytes) -> bytes:
        """Damage the bytes themselves, not what they mean."""
        match self._rng.randrange(6):
            case 0:
                return data[: self._rng.randrange(len(data))]
            case 1:
                return data.replace(b"Connection: close", b"Transfer-Encoding: chunked\r\nConnection: close")
            case 2:
                return data.replace(b"Host: 127.0.0.1", b"X-Long: " + b"a" * self._rng.choice((9_000, 70_000)))
            case 3:
                return data.replace(b"HTTP/1.1", self._rng.choice((b"HTTP/1.0", b"HTTP/9.9", b"", b"HTTP/2.0")))
            case 4:
                return bytes(self._rng.randrange(256) for _ in range(200))
            case _:
                changed = bytearray(data)
                for _ in range(5):
                    changed[self._rng.randrange(len(changed))] = self._rng.randrange(256)
                return bytes(changed)

    @staticmethod
    def _encoded(text: str) -> bytes:
        return text.encode("utf-8", errors="surrogatepass")


async def _send(port: int, data: bytes, *, ended: bool = False) -> str:
    """Return the status of the answer; a connection that the server closes without one counts as `closed`.

    `ended` says that no more will come: where a request is not whole, the server would wait for the rest.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
            if ended:
                writer.write_eof()
        answer = await reader.read()
    except ConnectionError:
        return "closed"
    finally:
        writer.close()
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return found[1].decode() if found else "closed"


async def _attack(base: str, attacker: Attacker, count: int, at_once: int) -> Answers:
    answers, left = Answers(), iter(range(count))
    port = int(base.rpartition(":")[2])

    async def work() -> None:
        for number in left:
            data, broken = attacker.draw()
            try:
                status = await asyncio.wait_for(_send(port, data, ended=broken), TIMEOUT)
            except TimeoutError:
                status = "no answer"
            # To close the connection is an answer to bytes that are no request, and to no others.
            answers.note("000" if status == "closed" and broken else status, ascii(data[:400]))
            if number % 1000 == 999 and (healthy := await _send(port, b"GET /healthz HTTP/1.0\r\n\r\n")) != "200":
                answers.note(f"unhealthy {healthy}", f"after {number} requests")

    await asyncio.gather(*(work() for _ in range(at_once)))
    return answers


def attack(base: str, papers: Sequence[str], count: int, *, seed: int, at_once: int = 16) -> Answers:
    """Send `count` hostile requests to a running service."""
    return asyncio.run(_attack(base, Attacker(base, papers, seed), count, at_once))
