"""Fetching from a public server as a good guest: slow, named, bounded, and soon gone when it is busy."""

from __future__ import annotations

import datetime as dt
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from seme import __version__
from seme.errors import SourceError
from seme.papers.sources.gate import RequestGate

Answer = TypeVar("Answer")
KEPT = "What was read is kept. Run the same harvest again later; it goes on from there."
_BUSY = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class BadAnswerError(SourceError):
    """An answer that cannot be used, such as truncated XML; asking again may give a better one."""


class _BusyError(SourceError):
    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message, hint=KEPT)
        self.after = after


class Fetcher:
    """A client for one server.

    Parameters
    ----------
    gate
        Through which every attempt passes.
    contact
        Address or page that the User-Agent names.
    connect, read, total
        Seconds to connect, to wait for the next bytes, and for the whole answer.
    largest
        Bytes that an answer may have after decompression.
    attempts
        Tries of one request.
    budget
        Seconds that all back-offs of this object together may take; a server that asks for more ends the run.
    generator, monotonic
        Jitter and clock.
    """

    def __init__(
        self,
        gate: RequestGate,
        *,
        contact: str = "unset",
        connect: float = 10.0,
        read: float = 30.0,
        total: float = 120.0,
        largest: int = 64 << 20,
        attempts: int = 6,
        base: float = 3.0,
        budget: float = 900.0,
        generator: random.Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate, self._total, self._largest = gate, total, largest
        self._attempts, self._base, self._budget = attempts, base, budget
        self._generator = generator or random.SystemRandom()
        self._monotonic = monotonic
        self._timeout = httpx.Timeout(read, connect=connect)
        self._headers = {"User-Agent": f"Seme/{__version__} (+{contact})", "Accept-Encoding": "gzip"}

    def get(self, url: str, params: Mapping[str, str], read: Callable[[bytes], Answer]) -> Answer:
        """Fetch an address and return what `read` makes of the answer.

        Parameters
        ----------
        url, params
            What to ask for.
        read
            Turns the body into a value; a `BadAnswerError` from it counts as a failed attempt.

        Raises
        ------
        SourceError
            If the server refuses, or is still busy when the attempts or the budget are used up.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._pause,
            retry=retry_if_exception_type((_BusyError, BadAnswerError)),
            sleep=self._gate.defer,  # the next turn waits, and so does every other process
            reraise=True,
        )
        address = str(httpx.URL(url, params=dict(params)))
        return retrying(lambda: read(self._answer(address)))

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        limit = self._base * 2 ** (state.attempt_number - 1)
        pause = self._generator.uniform(limit / 2, limit)
        after = getattr(error, "after", None)
        if after is not None:
            pause = after + self._generator.uniform(0, self._base / 2)
        self._budget -= pause
        if self._budget < 0:
            self._gate.defer(min(pause, 900.0))
            raise SourceError(f"{error}; waiting {pause:.0f} s more would go over this run's budget", hint=KEPT)
        return float(pause)

    def _answer(self, address: str) -> bytes:
        origin = httpx.URL(address)
        for _ in range(4):
            with self._gate.turn():
                status, headers, body = self._once(address)
            if status not in _REDIRECTS:
                return self._checked(address, status, headers, body)
            target = httpx.URL(address).join(headers.get("location", ""))
            if target.host != origin.host or target.scheme not in ("http", "https"):
                raise SourceError(f"{origin.host} redirects to {target.host}, which is not followed")
            address = str(target)
        raise SourceError(f"{origin.host} redirects in circles")

    def _once(self, address: str) -> tuple[int, httpx.Headers, bytes]:
        """Make one request on a connection of its own: a kept one would be a second beside another process's."""
        deadline = _Deadline(self._total)
        try:
            with deadline, httpx.Client(timeout=self._timeout, headers=self._headers) as client:
                extensions = {"trace": deadline.watch}
                with client.stream("GET", address, extensions=extensions) as response:
                    body = bytearray()
                    for chunk in response.iter_bytes():
                        body += chunk
                        if len(body) > self._largest:
                            raise SourceError(f"the answer of {response.url.host} is over {self._largest} bytes")
                    return response.status_code, response.headers, bytes(body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            late = " within its time" if deadline.passed else ""
            raise _BusyError(
                f"{httpx.URL(address).host} did not answer{late}: {error or type(error).__name__}"
            ) from error

    def _checked(self, address: str, status: int, headers: httpx.Headers, body: bytes) -> bytes:
        host = httpx.URL(address).host
        if status in _BUSY or body[:40].strip().startswith(b"Rate exceeded"):
            raise _BusyError(f"{host} is busy (HTTP {status})", retry_after(headers.get("retry-after", "")))
        if status not in (200, 400):  # arXiv explains a bad query in the body of a 400
            raise SourceError(f"{host} answered HTTP {status} to {address}")
        return body


class _Deadline:
    """Shuts a connection down when its time is over, however slowly bytes still drip in."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.passed = False

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")

    def _end(self) -> None:
        self.passed = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:  # it was closed in the same moment
                return

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def retry_after(value: str, now: dt.datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3), or `None` if it says nothing."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):  # the last: a year or an hour of twenty digits
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - (now or dt.datetime.now(dt.UTC))).total_seconds())
