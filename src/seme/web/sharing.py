"""Sharing out readers among several workers."""

from __future__ import annotations

from itertools import count

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ShortConnections:
    """Ends a connection after some of its answers, so that the next one goes to the worker that has time.

    Browsers keep a connection for as long as they may, and the worker that once took it gets all its requests: of 50
    readers one of two workers may have 36, and be late while the other waits. A new connection is taken by whichever
    worker is free first.

    Parameters
    ----------
    app
        The application.
    every
        One in so many answers of this process is the last one of its connection.
    """

    def __init__(self, app: ASGIApp, *, every: int = 8) -> None:
        self._app, self._every, self._answers = app, every, count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def perhaps_last(message: Message) -> None:
            if message["type"] == "http.response.start" and next(self._answers) % self._every == 0:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receive, perhaps_last if scope["type"] == "http" else send)
