"""Collections out of Python code: what a docstring says first, and what it stands for."""

from __future__ import annotations

import ast
import doctest
import re
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from seme.assets.collections.collection import Collection, collect
from seme.assets.corpora import source_trees
from seme.errors import AssetError

_LIBRARIES = ("numpy", "scipy", "sklearn")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_SHORTEST, _LONGEST = 4, 60
"""Words of a query."""
_REST = 12
"""Fewest words of what is left of a docstring, or tokens of a function."""
_CHARACTERS = 4_000


def functions() -> Collection:
    """Return first sentences of docstrings, and the functions without their docstring and with their name hidden."""
    return collect("python-functions", _functions(Path(sysconfig.get_path("stdlib"))))


def function_pairs(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the pairs of `python-functions` that a module gives; its tree is changed on the way."""
    for node in ast.walk(tree):
        if not isinstance(node, _Function) or not (said := ast.get_docstring(node)):
            continue
        query, body = _query(said), node.body[1:]
        if query is None or not body or _named(node, query):
            continue
        node.body, node.name, node.decorator_list = body, "f", []
        text = ast.unparse(node)[:_CHARACTERS]
        if len(text.split()) >= _REST:
            yield query, text


def documentation() -> Collection:
    """Return first sentences of docstrings of the scientific libraries, and the rest of them."""
    return collect("library-docs", (pair for root in _libraries("library-docs") for pair in _docstrings(root)))


def examples() -> Collection:
    """Return first sentences of those docstrings, and the code of their examples, with the name hidden."""
    return collect("library-examples", (pair for root in _libraries("library-examples") for pair in _examples(root)))


def _libraries(collection: str) -> list[Path]:
    found = [spec for name in _LIBRARIES if (spec := find_spec(name)) and spec.submodule_search_locations]
    if not found:
        raise AssetError(f"{collection} needs the scientific libraries", hint="Run: make methods")
    return [Path((spec.submodule_search_locations or [""])[0]) for spec in found]


def _functions(root: Path) -> Iterator[tuple[str, str]]:
    for _, tree in source_trees(root):
        yield from function_pairs(tree)


def _docstrings(root: Path) -> Iterator[tuple[str, str]]:
    for _, tree in source_trees(root):
        for node in ast.walk(tree):
            said = (ast.get_docstring(node) or "") if isinstance(node, _Definition) else ""
            query, rest = _query(said), said[len(_opening(said)) :].strip()
            if query is not None and len(rest.split()) >= _REST:
                yield query, rest[:_CHARACTERS]


def _examples(root: Path) -> Iterator[tuple[str, str]]:
    parser = doctest.DocTestParser()
    for _, tree in source_trees(root):
        for node in ast.walk(tree):
            if not isinstance(node, _Definition) or ">>>" not in (said := ast.get_docstring(node) or ""):
                continue
            query = _query(said)
            if query is None or _named(node, query):
                continue
            try:
                code = "".join(one.source for one in parser.get_examples(said))
            except ValueError:  # not a doctest, though it looks like one
                continue
            if len(code.split()) >= _REST:
                yield query, _name_of(node).sub("f", code)[:_CHARACTERS]


def _named(node: _Definition, text: str) -> bool:
    return _name_of(node).search(text) is not None


def _name_of(node: _Definition) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(node.name)}\b")


def _opening(docstring: str) -> str:
    return _SENTENCE.split(docstring.partition("\n\n")[0], maxsplit=1)[0]


def _query(docstring: str) -> str | None:
    words = _opening(docstring).split()
    return " ".join(words) if _SHORTEST <= len(words) <= _LONGEST else None
