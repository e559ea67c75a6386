"""What a task of a model is measured by, and where its paths come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.interp.consistency import Balanced, InternalConsistency, Paths

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DEDUCTION = "deduction"
Parts = tuple[str, str, str, str]
"""Of a path: what is shown before, the question, the rationale, and the cue."""


@dataclass(frozen=True)
class Source:
    """The model behind a task, loaded when it is needed; the parts of each sampled path; and the labels."""

    load: Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]]
    parts: list[Parts]
    labels: tuple[str, str]
    key: object
    """What the model follows from."""


@dataclass(frozen=True)
class Bench:
    """A task of a model: paths, the greedy path and the direct answer of each question, the right label (0 is true).

    Thresholds are fitted on the sampled paths themselves, as in the paper; greedy paths take the same.
    """

    name: str
    paths: Paths
    greedy: Paths
    direct: Paths
    truth: npt.NDArray[np.int64]
    source: Source
    dropped: int = 0

    @cached_property
    def balanced(self) -> Balanced:
        """Thresholds of the sampled paths."""
        return Balanced().fit(self.paths)

    @cached_property
    def said(self) -> npt.NDArray[np.int64]:
        """What each layer says on each sampled path (paths, layers)."""
        return self.balanced.predict(self.paths)

    @cached_property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each sampled path's answer is right."""
        return np.asarray(self.said[:, -1] == self.truth[self.paths.questions])

    @cached_property
    def consistency(self) -> npt.NDArray[np.float64]:
        """Internal consistency of each sampled path."""
        return InternalConsistency(self.balanced)(self.paths)

    @property
    def family(self) -> str:
        """The task, without the seed of the model."""
        return self.name.partition(",")[0]
