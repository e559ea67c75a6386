"""Which samples are the examples of a task, and how precisely scores find the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.experiment import Context
from seme.experiments.selection.pooling import Pool
from seme.interp.selection import budget_count, copies_of_targets

if TYPE_CHECKING:
    from seme.experiments.p17_selection import SelectionSettings

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Scorer = Callable[[Indices], Floats]
"""Returns the score of each sample of the pool for a task with these examples."""


@dataclass(frozen=True, slots=True)
class Task:
    """A topic and the samples that stand for it.

    Attributes
    ----------
    label
        The topic's number.
    examples
        Numbers of the samples.
    excluded
        Numbers of samples that may not be selected: the examples, and copies of them.
    """

    label: int
    examples: Indices
    excluded: Indices


def draw_task(pool: Pool, label: int, draw: int, settings: SelectionSettings, context: Context) -> Task:
    """Return a task of a topic whose examples are drawn at random."""
    members = np.flatnonzero(pool.labels == label)
    count = min(settings.examples, len(members) - 1)
    examples = np.sort(context.rng("examples", pool.topics[label], draw).choice(members, count, replace=False))
    return Task(label, examples, copies_of_targets(pool.texts, [pool.texts[number] for number in examples]))


def draw_tasks(pool: Pool, settings: SelectionSettings, context: Context) -> Iterator[tuple[int, int, Task]]:
    """Yield topic, number of the draw, and task."""
    for label in range(len(pool.topics)):
        for draw in range(settings.draws):
            yield label, draw, draw_task(pool, label, draw, settings, context)


def best(scores: Floats, task: Task, count: int) -> Indices:
    """Return the samples with the highest scores that may be selected."""
    order = np.argsort(-scores, kind="stable")
    return order[~np.isin(order, task.excluded)][:count]


def precisions(scorer: Scorer, pool: Pool, settings: SelectionSettings, context: Context) -> Floats:
    """Return which share of what is selected is of the task's topic, (topics, draws)."""
    count = budget_count(settings.budget, len(pool.samples))
    found = np.zeros((len(pool.topics), settings.draws))
    for label, draw, task in draw_tasks(pool, settings, context):
        chosen = best(scorer(task.examples), task, count)
        found[label, draw] = float(np.mean(pool.labels[chosen] == label))
    return found
