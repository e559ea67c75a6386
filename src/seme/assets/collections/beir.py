"""Folders in the form of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/SPLIT.tsv`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seme.assets.collections.collection import Collection
from seme.errors import AssetError, InputError

_HEADER = "query-id"


def read_beir(folder: Path, *, split: str | None = None) -> Collection:
    """Read a folder; judgements of `qrels/SPLIT.tsv`, or of all its files if no split is named.

    Raises
    ------
    AssetError
        If a file is missing.
    InputError
        If a line cannot be used, or judgements name a text that is not there; file and line are named.
    """
    documents = dict(_texts(folder / "corpus.jsonl"))
    queries = dict(_texts(folder / "queries.jsonl"))
    files = [folder / "qrels" / f"{split}.tsv"] if split else sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        raise AssetError(f"there are no judgements in {folder / 'qrels'}", hint="BEIR keeps them as qrels/test.tsv")
    judgements: dict[str, dict[str, int]] = {}
    for file in files:
        for query, document, grade, where in _grades(file):
            for kind, known, one in (("query", queries, query), ("document", documents, document)):
                if one not in known:
                    raise InputError(f"{where} judges the {kind} {one!r}, which is not there")
            if grade > 0:
                judgements.setdefault(query, {})[document] = grade
    return Collection(folder.name, documents, {one: queries[one] for one in judgements}, judgements)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in _lines(path):
        try:
            row: dict[str, Any] = json.loads(line)
            parts = [str(row.get("title") or "").strip(), str(row["text"]).strip()]
            yield str(row["_id"]), "\n".join(part for part in parts if part)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"line {number} of {path} is not a JSON object with '_id' and 'text'") from error


def _grades(path: Path) -> Iterator[tuple[str, str, int, str]]:
    for number, line in _lines(path):
        fields, where = line.split("\t"), f"line {number} of {path}"
        if number == 1 and fields[0] == _HEADER:
            continue
        try:
            query, document, grade = fields
            yield query, document, int(grade), where
        except ValueError as error:
            raise InputError(f"{where} is not a query, a document and a whole number, divided by tabs") from error


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if not path.is_file():
        raise AssetError(f"there is no {path}", hint="BEIR's form: corpus.jsonl, queries.jsonl, qrels/")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, line.rstrip("\n")
