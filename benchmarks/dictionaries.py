"""`python -m benchmarks.dictionaries`: training of TopK and JumpReLU beside sae-lens, dictionary_learning and sparsify.

Each trainer makes whole runs of a quarter, a half and all of the steps. The figure to reach is the fraction of variance
unexplained, on held-out rows, that the peer of the most rows a second has after all steps; a trainer's time to it lies
between those of its own runs, on a straight line in the logarithms of both, and is missing where it does not get there.
Times are of the processor, of one thread; those of the wall stand beside them. Short runs are repeated in turns, so
that a disturbance meets all. Peers that are not installed are left out and named. They want other versions than Seme's
environment has, so they get one beside it:

    python -m venv peers && peers/bin/pip install --no-deps sae-lens eai-sparsify dictionary-learning ...
    (a .pth file in its site-packages names those of Seme's environment) && peers/bin/python -m benchmarks.dictionaries
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from benchmarks.dictionary_systems import BATCH, SEED, Fitted, Task, Train, installed
from benchmarks.recorded import kept_store
from benchmarks.timing import cpu_and_wall
from benchmarks.writing import Section, start, write
from seme.interp.activations import Store

HELD_OUT = 2048
TOLERANCE = 0.02
"""An FVU counts as reached within so much of it."""
FARTHEST = 6.0
"""Rows longer than so many medians are left out: a handful would carry most of the variance."""


@dataclass(slots=True)
class Runs:
    """What one trainer did: seconds (processor, wall) by steps, and FVU and L0 by steps."""

    seconds: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    reached: dict[int, tuple[float, float]] = field(default_factory=dict)

    def median(self, steps: int, clock: int) -> float:
        """Return the median seconds of runs of so many steps, of the processor (0) or the wall (1)."""
        return statistics.median(taken[clock] for taken in self.seconds[steps])

    def seconds_to(self, target: float) -> float | None:
        """Return the processor's seconds until an FVU is reached; those of the shortest run if that reaches it."""
        longest_first = sorted(self.reached, reverse=True)
        if self.reached[longest_first[0]][0] > target * (1 + TOLERANCE):
            return None
        fvu = np.log([self.reached[steps][0] for steps in longest_first])
        taken = np.log([self.median(steps, 0) for steps in longest_first])
        return float(np.exp(np.interp(np.log(target), fvu, taken)))


def load_rows(store: Store) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows to learn from and held-out ones, of a mean length of the root of the width."""
    rows = torch.from_numpy(store.rows(np.random.default_rng(SEED).permutation(len(store))))
    lengths = rows.norm(dim=1)
    rows = rows[lengths < FARTHEST * lengths.median()]
    rows *= rows.shape[1] ** 0.5 / rows.norm(dim=1).mean()
    return rows[HELD_OUT:], rows[:HELD_OUT]


@torch.no_grad()
def judged(fitted: Fitted, rows: torch.Tensor) -> tuple[float, float]:
    """Return the fraction of variance unexplained, and the mean number of active units."""
    error = (fitted.reconstruct(rows) - rows).square().sum()
    return float(error / (rows - rows.mean(dim=0)).square().sum()), float((fitted.encode(rows) != 0).sum() / len(rows))


def compare(systems: Mapping[str, Train], task: Task, held_out: torch.Tensor, repeats: int) -> dict[str, Runs]:
    """Train with every system in turns: short runs `repeats` times, longer ones once."""
    runs = {name: Runs() for name in systems}
    short = max(1, task.steps // 4)
    for train in systems.values():
        train(Task(task.rows, task.units, task.k, 3))  # warms up
    for steps in [short] * repeats + [max(2, task.steps // 2), task.steps]:
        for name, train in systems.items():
            torch.manual_seed(SEED)
            made: list[Fitted] = []
            job = Task(task.rows, task.units, task.k, steps)
            taken = cpu_and_wall(lambda train=train, job=job, made=made: made.append(train(job)))
            runs[name].seconds.setdefault(steps, []).append(taken)
            runs[name].reached[steps] = judged(made[0], held_out)
    return runs


def section(method: str, task: Task, runs: Mapping[str, Runs], missing: list[str]) -> Section:
    """Return the table of one method and size, and the ratios to the fastest peer."""
    short = min(next(iter(runs.values())).reached)
    others = {name: one for name, one in runs.items() if name != "seme"} or runs
    target = min(others.values(), key=lambda one: one.median(short, 0)).reached[task.steps][0]
    rows: list[dict[str, Any]] = []
    for name, one in runs.items():
        fvu, l0 = one.reached[task.steps]
        rows.append(
            {
                "trainer": name,
                "rows/s": short * BATCH / one.median(short, 0),
                "rows/s, wall": short * BATCH / one.median(short, 1),
                "FVU after all steps": fvu,
                "L0": l0,
                f"s to FVU {target:.4f}": one.seconds_to(target),
            }
        )
    remarks = [f"{task.steps} steps of {BATCH} rows" + (f", k = {task.k}." if method == "TopK" else ".")]
    if missing:
        remarks.append(f"Not installed and left out: {', '.join(missing)}.")
    for column, best in (("rows/s", max), (f"s to FVU {target:.4f}", min)):
        peers = [row for row in rows if row["trainer"] != "seme" and row[column] is not None]
        if peers and rows[0][column] is not None:
            peer = best(peers, key=lambda row, column=column: row[column])
            ratio = rows[0][column] / peer[column]
            remarks.append(f"{column}: {ratio if best is max else 1 / ratio:.2f} times as fast as {peer['trainer']}.")
    return Section(f"{method}, {task.rows.shape[1]} x {task.units}", rows, remarks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="folder of a recorded site; otherwise resid.12 of SmolLM2 is recorded")
    parser.add_argument("--tokens", type=int, default=40_000)
    parser.add_argument("--methods", nargs="+", choices=("TopK", "JumpReLU"), default=["TopK", "JumpReLU"])
    parser.add_argument("--multiples", type=int, nargs="+", default=[4, 32], help="units per dimension")
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--steps", type=int, default=160, help="of 4 units per dimension; 32 get half of them")
    parser.add_argument("--repeats", type=int, default=3, help="of the short runs")
    parser.add_argument("--name", default="dictionaries", help="of the files in benchmarks/results; empty writes none")
    parser.add_argument("--quick", action="store_true", help="4 units per dimension, 16 steps: shows that it runs")
    given = parser.parse_args()
    if given.quick:
        given.tokens, given.multiples, given.steps, given.repeats, given.name = 4000, [4], 16, 1, ""
    surroundings = start()
    rows, held_out = load_rows(Store.open(given.store) if given.store else kept_store(given.tokens, "resid.12"))
    sections = []
    for method in given.methods:
        systems, missing = installed(method)
        for multiple in given.multiples:
            steps = given.steps if multiple < 16 else given.steps // 2
            task = Task(rows, multiple * rows.shape[1], given.k, max(4, steps))
            sections.append(section(method, task, compare(systems, task, held_out, given.repeats), missing))
            name = given.name if len(systems) > 1 else ""  # figures without peers do not replace those with them
            text = write(
                name, "Dictionaries beside other trainers", "python -m benchmarks.dictionaries", surroundings, sections
            )
    print(text)


if __name__ == "__main__":
    main()
