"""Figures of a benchmark as JSON and Markdown in `benchmarks/results`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import THREADS
from benchmarks.server import machine

_RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a benchmark: rows by column, and what a reader must know of them."""

    title: str
    rows: Sequence[Mapping[str, Any]]
    remarks: Sequence[str] = ()


def start() -> dict[str, Any]:
    """Set the threads, and return what is known of the machine before the run."""
    torch.set_num_threads(THREADS)
    return {**machine("torch", "transformers", "numpy"), "threads": THREADS, "load_before": os.getloadavg()[0]}


def write(name: str, title: str, command: str, surroundings: dict[str, Any], sections: Sequence[Section]) -> str:
    """Write both files, unless the name is empty, and return the Markdown."""
    surroundings = {**surroundings, "load_after": os.getloadavg()[0]}
    lines = [
        f"# {title}",
        "",
        f"Made by `{command}`.",
        "",
        *(f"- {key}: {value}" for key, value in surroundings.items()),
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", *_table(section.rows)]
        lines += ["", *(f"- {remark}" for remark in section.remarks)] if section.remarks else []
    text = "\n".join([*lines, ""])
    if name:
        _RESULTS.mkdir(exist_ok=True)
        told = [{"title": one.title, "rows": list(one.rows), "remarks": list(one.remarks)} for one in sections]
        body = json.dumps({"machine": surroundings, "sections": told}, indent=1)
        (_RESULTS / f"{name}.json").write_text(body + "\n")
        (_RESULTS / f"{name}.md").write_text(text)
    return text


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    columns = list(rows[0])
    numbers = [isinstance(rows[0][column], int | float) for column in columns]
    return [
        f"| {' | '.join(columns)} |",
        f"|{'|'.join('---:' if number else '---' for number in numbers)}|",
        *(f"| {' | '.join(_cell(row[column]) for column in columns)} |" for row in rows),
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
