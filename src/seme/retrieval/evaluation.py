"""How good a ranking is against judgements, and the TREC files that both are exchanged in.

A run is `{query: {document: score}}`, judgements are `{query: {document: grade}}`. Documents are ranked by score, and
equals by id, whatever order or rank column a file has. Queries that are judged but missing from a run count as 0;
queries without any relevant document are left out of the mean.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seme.errors import InputError

Run = Mapping[str, Mapping[str, float]]
Judgements = Mapping[str, Mapping[str, int]]
Measure = Callable[[Sequence[int], Sequence[int]], float]
"""From the grades of the ranked documents, and all positive grades (descending), to a value from 0 to 1."""


def ndcg(k: int) -> Measure:
    """Return nDCG@k with linear gain (Järvelin and Kekäläinen 2002): `sum grade / log2(rank + 1)` over the ideal."""
    _positive(k)
    return lambda ranked, ideal: _gain(ranked[:k]) / _gain(ideal[:k])


def reciprocal_rank_at(k: int) -> Measure:
    """Return the measure 1 / rank of the first relevant document among the k best, 0 if there is none."""
    _positive(k)
    return lambda ranked, _: next((1 / rank for rank, grade in enumerate(ranked[:k], 1) if grade > 0), 0.0)


def recall(k: int) -> Measure:
    """Return the measure that is the share of the relevant documents among the k best."""
    _positive(k)
    return lambda ranked, ideal: sum(grade > 0 for grade in ranked[:k]) / len(ideal)


def average_precision(ranked: Sequence[int], ideal: Sequence[int]) -> float:
    """Return the mean, over all relevant documents, of the precision at their ranks."""
    found, total = 0, 0.0
    for rank, grade in enumerate(ranked, 1):
        if grade > 0:
            found += 1
            total += found / rank
    return total / len(ideal)


def evaluate(judgements: Judgements, run: Run, measure: Measure) -> float:
    """Return the mean of a measure over the judged queries.

    Raises
    ------
    InputError
        If no query has a relevant document.
    """
    values = per_query(judgements, run, measure)
    if not values:
        raise InputError("judgements name no relevant document for any query")
    return sum(values.values()) / len(values)


def per_query(judgements: Judgements, run: Run, measure: Measure) -> dict[str, float]:
    """Return the value of a measure for each judged query."""
    values = {}
    for query, grades in judgements.items():
        ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
        if ideal:
            values[query] = measure([grades.get(document, 0) for document in _ranked(run.get(query, {}))], ideal)
    return values


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """Read TREC judgements, one `query 0 document grade` a line.

    Raises
    ------
    InputError
        Naming the first line that is not of that form.
    """
    judgements: dict[str, dict[str, int]] = {}
    for number, (query, _, document, grade) in _rows(path, 4):
        try:
            judgements.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: grade is {grade!r}, it must be a whole number") from error
    return judgements


def read_run(path: Path) -> dict[str, dict[str, float]]:
    """Read a TREC run, one `query Q0 document rank score tag` a line.

    Raises
    ------
    InputError
        Naming the first line that is not of that form.
    """
    run: dict[str, dict[str, float]] = {}
    for number, (query, _, document, _, text, _) in _rows(path, 6):
        try:
            score = float(text)
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise InputError(f"{path}, line {number}: score is {text!r}, it must be a finite number")
        run.setdefault(query, {})[document] = score
    return run


def write_judgements(path: Path, judgements: Judgements) -> None:
    """Write TREC judgements; the file is replaced in one step.

    Raises
    ------
    InputError
        If an id is empty or has white space, which the format cannot hold.
    """
    rows = ((q, "0", d, str(grade)) for q, grades in judgements.items() for d, grade in grades.items())
    _write(path, [_line(row) for row in rows])


def write_run(path: Path, run: Run, *, tag: str = "seme") -> None:
    """Write a TREC run, the best first; the file is replaced in one step.

    Raises
    ------
    InputError
        If an id or the tag is empty or has white space, which the format cannot hold.
    """
    lines = []
    for query, scores in run.items():
        for rank, document in enumerate(_ranked(scores), 1):
            lines.append(_line((query, "Q0", document, str(rank), repr(float(scores[document])), tag)))
    _write(path, lines)


def _positive(k: int) -> None:
    if k < 1:
        raise InputError(f"k is {k}, it must be at least 1")


def _gain(grades: Sequence[int]) -> float:
    return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def _ranked(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=lambda document: (-scores[document], document))


def _rows(path: Path, columns: int) -> list[tuple[int, list[str]]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if fields and len(fields) != columns:
            raise InputError(f"{path}, line {number} has {len(fields)} columns, it must have {columns}")
        if fields:
            rows.append((number, fields))
    return rows


def _line(fields: Sequence[str]) -> str:
    for field in fields:
        if field.split() != [field]:
            raise InputError(f"{field!r} is empty or has white space, which a TREC file cannot hold")
    return " ".join(fields)


def _write(path: Path, lines: Sequence[str]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
