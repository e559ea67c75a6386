"""The assistants' side: a real client of the official SDK, over the standard streams of a real process."""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

mcp = pytest.importorskip("mcp")


async def _talk(environment: dict[str, str]) -> dict[str, Any]:
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "seme.cli", "mcp"], env=environment)
    async with mcp.stdio_client(server) as (read, write), mcp.ClientSession(read, write) as session:
        await session.initialize()
        tools = await session.list_tools()
        found = await session.call_tool("search", {"query": "smallest units of meaning inside a language model"})
        rows = found.structured_content["result"]
        near = await session.call_tool("similar", {"id": rows[0]["id"], "limit": 2})
        paper = await session.call_tool("get", {"id": rows[0]["id"]})
        day = await session.call_tool("daily", {"limit": 5})
        missing = await session.call_tool("get", {"id": "nope"})
        return {
            "tools": sorted(tool.name for tool in tools.tools),
            "rows": rows,
            "near": near.structured_content["result"],
            "paper": json.loads(paper.content[0].text),
            "day": day.structured_content["result"],
            "missing": missing,
        }


def test_an_assistant_searches_reads_and_is_told_what_went_wrong(environment: dict[str, str]):
    with ThreadPoolExecutor(1) as apart:  # in a thread, for a browser's event loop may be running in this one
        said = apart.submit(lambda: asyncio.run(asyncio.wait_for(_talk(environment), timeout=90))).result()
    assert said["tools"] == ["daily", "get", "search", "similar"]
    assert said["rows"][0]["title"].startswith("Towards Atoms")
    assert said["paper"]["id"] == said["rows"][0]["id"]
    assert len(said["paper"]["summary"]) > 200
    assert len(said["near"]) == 2
    assert len(said["day"]) == 5
    assert said["missing"].is_error
    assert "nope" in said["missing"].content[0].text
