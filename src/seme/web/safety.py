"""What stands between the service and a hostile request: limits, headers, and tokens against forged posts."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from contextlib import suppress
from threading import Lock

from fastapi import Request
from h11 import LocalProtocolError
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seme.errors import InputError
from seme.settings import Settings

MOST_BODY = 1 << 20
MOST_QUERY = 4096
_MOST_ADDRESSES = 10_000
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
CSRF_COOKIE = "seme_csrf"


class SecurityHeaders:
    """Adds the headers that tell a browser to run and embed nothing but what the service itself sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            # A client that broke its own request off gets no answer; the server closes the connection.
            with suppress(LocalProtocolError):
                await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class Limits:
    """Refuses long bodies and queries, and addresses that ask too often (a token bucket for each)."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._rates = {True: settings.writes_per_minute, False: settings.rate_per_minute}
        self._buckets: OrderedDict[tuple[str, bool], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MOST_BODY:
                raise InputError(f"the request's body is larger than {MOST_BODY} bytes")
            return message

        await self._app(scope, counted, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if len(scope.get("query_string", b"")) > MOST_QUERY:
            return PlainTextResponse("The address is too long.", 414)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY:
            return PlainTextResponse("The request is too large.", 413)
        wait = self._wait((scope.get("client") or ("unknown", 0))[0], scope["method"] not in ("GET", "HEAD"))
        if wait > 0:
            return PlainTextResponse("Too many requests.", 429, headers={"Retry-After": str(int(wait) + 1)})
        return None

    def _wait(self, address: str, writes: bool) -> float:
        rate = self._rates[writes] / 60
        now = time.monotonic()
        with self._lock:
            left, last = self._buckets.pop((address, writes), (rate * 60, now))
            left = min(rate * 60, left + (now - last) * rate) - 1
            self._buckets[address, writes] = (max(left, -1.0), now)
            if len(self._buckets) > _MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return -left / rate if left < 0 else 0.0


class Csrf:
    """Tokens that prove that a form was sent by a page of this service: a signed cookie and the same in the form."""

    def __init__(self, secret: bytes) -> None:
        self._signer = URLSafeSerializer(secret, salt="csrf")

    def token(self, request: Request) -> str:
        """Return the browser's token, or a new one to be set as its cookie."""
        known = request.cookies.get(CSRF_COOKIE, "")
        return known if self._valid(known) else str(self._signer.dumps(secrets.token_hex(16)))

    def check(self, request: Request, sent: str) -> None:
        """Let a request through if its token is the cookie's.

        Raises
        ------
        InputError
            If it is not, or the cookie was not made here.
        """
        known = request.cookies.get(CSRF_COOKIE, "")
        if not self._valid(known) or not secrets.compare_digest(known.encode(), sent.encode()):
            raise InputError(
                "this form is too old or was not sent from a page of this service", hint="Reload and try again"
            )

    def _valid(self, token: str) -> bool:
        try:
            self._signer.loads(token)
        except BadSignature:
            return False
        return True
