"""What stands between the service and a client that behaves badly."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from h11 import LocalProtocolError
from starlette.responses import PlainTextResponse
from starlette.types import Message

from seme.web.safety import SecurityHeaders


def test_a_client_that_broke_its_request_off_causes_no_stack_trace() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        raise LocalProtocolError("Can't send data when our state is ERROR")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    app = SecurityHeaders(PlainTextResponse("late"))
    with ThreadPoolExecutor(1) as apart:  # the browser tests keep a loop running in this thread
        apart.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    assert any(name == b"content-security-policy" for name, _ in sent[0]["headers"])
