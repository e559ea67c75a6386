"""`seme mcp`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from seme.cli.opening import opened_library, ready_to_search
from seme.cli.output import AsJson, emit
from seme.errors import SemeError


def run(as_json: AsJson = False) -> None:
    """Offer search to assistants over the Model Context Protocol; --json only lists the tools."""
    if find_spec("mcp") is None:
        raise SemeError("the library of the Model Context Protocol is missing", hint="pip install 'seme[mcp]'")
    service = import_module("seme.mcp")  # not imported above: it needs an optional dependency
    with opened_library() as (library, settings):
        if as_json:
            emit(service.tool_list(library, settings))
            return
        ready_to_search(library, settings)
        service.serve_stdio(library, settings)
