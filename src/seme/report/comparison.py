"""Two reports side by side: what they claim, what they measured, and under which conditions they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from seme.report.claim import Claim
from seme.report.report import Report
from seme.report.values import Cell, plain, shown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """What both reports have under a name; `None` where one has nothing."""

    name: str
    a: T | None
    b: T | None

    @property
    def same(self) -> bool:
        """Whether both are equal."""
        return self.a == self.b


@dataclass(frozen=True, slots=True)
class Comparison:
    """Claims by their statements, figures of baselines and tables by their names, and the conditions that differ."""

    a: Report
    b: Report
    claims: list[Pair[Claim]]
    figures: list[Pair[Any]]
    conditions: list[Pair[Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "a": _described(self.a),
            "b": _described(self.b),
            "claims": [
                {"statement": one.name, "same_verdict": _verdict(one.a) == _verdict(one.b)}
                | {"a": _claim(one.a), "b": _claim(one.b), "change": _change(one)}
                for one in self.claims
            ],
            "figures": [{"name": one.name, "a": plain(one.a), "b": plain(one.b)} for one in self.figures],
            "conditions": [{"name": one.name, "a": plain(one.a), "b": plain(one.b)} for one in self.conditions],
        }


def compare(a: Report, b: Report) -> Comparison:
    """Set two reports side by side, in the order of the first."""
    claims = _pairs({one.statement: one for one in a.claims}, {one.statement: one for one in b.claims})
    conditions = _pairs(_conditions(a), _conditions(b))
    return Comparison(a, b, claims, _pairs(_figures(a), _figures(b)), [one for one in conditions if not one.same])


def _pairs(a: Mapping[str, T], b: Mapping[str, T]) -> list[Pair[T]]:
    names: Iterable[str] = dict.fromkeys([*a, *b])
    return [Pair(name, a.get(name), b.get(name)) for name in names]


def _figures(report: Report) -> dict[str, Any]:
    """Return each number of the baselines and tables by `name: row: column`."""
    found: dict[str, Any] = {
        f"{one.name}: {metric}": value for one in report.baselines for metric, value in one.metrics.items()
    }
    for table in report.tables:
        for row in table.rows:
            for column, cell in zip(table.columns[1:], row[1:], strict=True):
                if isinstance(cell, int | float) and not isinstance(cell, bool):
                    found.setdefault(f"{table.name}: {_row_name(row)}: {column}", cell)
    return found


def _row_name(row: list[Cell]) -> str:
    """Name a row by its first cell and by those that are text, e.g. `6 atoms` of the layer 6 and the method."""
    return " ".join(shown(cell) for number, cell in enumerate(row) if number == 0 or isinstance(cell, str))


def _conditions(report: Report) -> dict[str, Any]:
    kept = {key: value for key, value in report.environment.items() if key not in {"defaults", "versions", "date"}}
    versions = {f"version of {name}": value for name, value in report.environment.get("versions", {}).items()}
    return {"scale": report.scale, **report.settings, **kept, **versions}


def _described(report: Report) -> dict[str, Any]:
    return {"paper": report.paper, "slug": report.slug, "title": report.title, "date": report.environment.get("date")}


def _claim(claim: Claim | None) -> dict[str, Any] | None:
    return None if claim is None else claim.model_dump(mode="json", exclude={"statement"})


def _verdict(claim: Claim | None) -> str | None:
    return None if claim is None else claim.verdict


def _change(pair: Pair[Claim]) -> float | None:
    """Return by how much the second measurement exceeds the first, if both are single figures."""
    if pair.a is None or pair.b is None:
        return None
    before, after = pair.a.measured, pair.b.measured
    return after - before if isinstance(before, float) and isinstance(after, float) else None
