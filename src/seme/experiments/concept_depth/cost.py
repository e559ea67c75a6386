"""What one recording for all layers and probes costs beside a plain forward pass."""

from __future__ import annotations

from typing import Any

from seme.experiments.concept_depth.curves import Curve
from seme.experiments.concept_depth.recording import Cost, Recorder
from seme.experiments.concept_depth.tasks import Task
from seme.report import Claim, Report

_MOST = 1.3
_COLUMNS = [
    "task",
    "texts",
    "tokens",
    "seconds, plain pass",
    "seconds, recording",
    "slower by (time)",
    "seconds, fits",
    "fits",
    "MiB kept (last tokens)",
    "MiB, were all tokens kept",
    "MiB of the process at most",
]


def add(report: Report, tasks: list[Task], recorder: Recorder, found: dict[str, Curve]) -> None:
    """Claim that recording is nearly free, and show the seconds and MiB of each task."""
    costs = [recorder.costs[task.name] for task in tasks]
    recording, plain = (sum(getattr(one, kind) for one in costs) for kind in ("recording", "plain"))
    fits = sum(curve.seconds for curve in found.values())
    layers = next(iter(found.values())).states.layers
    report.claim(
        Claim.at_most(
            f"One pass serves all probes: processor time of recording {layers} layers, over that of a plain "
            "forward pass",
            measured=recording / plain,
            ceiling=_MOST,
            note=f"{sum(one.texts for one in costs)} texts of {sum(one.tokens for one in costs)} tokens; "
            f"every batch was run both ways, by turns. With the fits ({fits:.0f} s) on both sides the "
            f"ratio is {(recording + fits) / (plain + fits):.2f}. The plain pass leaves the "
            "vocabulary's head out too.",
        )
    )
    report.table("Processor time and memory of one recording", _COLUMNS, _rows(tasks, costs, found))


def _rows(tasks: list[Task], costs: list[Cost], found: dict[str, Curve]) -> list[list[Any]]:
    """Return a row for each task, and one for all of them."""
    rows: list[list[Any]] = []
    for task, cost in zip(tasks, costs, strict=True):
        curve = found[task.name]
        rows.append(
            [
                task.name,
                cost.texts,
                cost.tokens,
                cost.plain,
                cost.recording,
                cost.recording / cost.plain,
                curve.seconds,
                curve.scores.accuracy.size,
                cost.kept,
                cost.every_token,
                cost.peak,
            ]
        )
    texts, tokens, plain, recording = (sum(row[number] for row in rows) for number in (1, 2, 3, 4))
    rows.append(
        [
            "all",
            texts,
            tokens,
            plain,
            recording,
            recording / plain,
            sum(row[6] for row in rows),
            sum(row[7] for row in rows),
            sum(one.kept for one in costs),
            sum(one.every_token for one in costs),
            max(one.peak for one in costs),
        ]
    )
    return rows
