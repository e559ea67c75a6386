"""Steps and how they are put together."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from seme.errors import InputError
from seme.retrieval.fusion import reciprocal_rank
from seme.retrieval.hits import Hits
from seme.retrieval.interpolation import Scale, check_scale, interpolate
from seme.retrieval.pipelines.results import Query, Results


class Step(ABC):
    """A function from results to results.

    `a >> b` is a and then b; `0.3 * a + 0.7 * b` interpolates the scores that both give to the same input, each scaled
    to 0..1 (`Sum`); `a.cut(k)` keeps the k best hits.
    """

    @abstractmethod
    def apply(self, results: Results) -> Results:
        """Return what comes of some results."""

    def search(self, queries: Sequence[str | Query], k: int = 10) -> list[Hits]:
        """Return the k best documents for each query.

        Raises
        ------
        InputError
            If `k` is not positive.
        """
        return list(self.cut(k).apply(Results.of(queries)).hits)

    def cut(self, k: int) -> Step:
        """Return the step that keeps the k best hits of this one.

        Raises
        ------
        InputError
            If `k` is not positive.
        """
        return self >> Cut(k)

    def __rshift__(self, then: Step) -> Step:
        return Chain((*_links(self), *_links(then)))

    def __add__(self, other: Step) -> Sum:
        return Sum((*_parts(self), *_parts(other)))

    def __mul__(self, weight: float) -> Sum:
        return Sum(tuple((weight * own, step) for own, step in _parts(self)))

    __rmul__ = __mul__


class Identity(Step):
    """The step that changes nothing: `Identity() >> a` and `a >> Identity()` are a."""

    def apply(self, results: Results) -> Results:
        """Return the results as they are."""
        return results


class Chain(Step):
    """Steps one after another (`a >> b >> c`)."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)

    def apply(self, results: Results) -> Results:
        """Return what comes of the last step."""
        for step in self.steps:
            results = step.apply(results)
        return results


class Cut(Step):
    """The k best hits of each query."""

    def __init__(self, k: int) -> None:
        if k < 1:
            raise InputError(f"k is {k}, it must be at least 1")
        self.k = k

    def apply(self, results: Results) -> Results:
        """Return the results with fewer hits."""
        return results.with_hits([Hits(hits.ids[: self.k], hits.scores[: self.k]) for hits in results.hits])


class Sum(Step):
    """Several steps on the same input, whose scores are interpolated; the queries go on as they came.

    Parameters
    ----------
    parts
        Weights and steps.
    scale
        What is done to each list of scores before (`interpolation.interpolate`); the operators take `min-max`.

    Raises
    ------
    InputError
        If there is no step, a weight is not finite, or the scale is unknown.
    """

    def __init__(self, parts: Sequence[tuple[float, Step]], *, scale: Scale = "min-max") -> None:
        if not parts:
            raise InputError("parts is empty, expected at least one step")
        for weight, _ in parts:
            if not math.isfinite(weight):
                raise InputError(f"weight is {weight}, expected a finite number")
        check_scale(scale)
        self.parts, self.scale = tuple(parts), scale

    def scaled(self, scale: Scale) -> Sum:
        """Return the same sum of scores that are scaled in another way."""
        return Sum(self.parts, scale=scale)

    def apply(self, results: Results) -> Results:
        """Return the interpolated hits."""
        lists = [step.apply(results).hits for _, step in self.parts]
        weights = [weight for weight, _ in self.parts]
        fused = [interpolate(each, weights, scale=self.scale) for each in zip(*lists, strict=True)]
        return results.with_hits(fused)

    def __mul__(self, weight: float) -> Sum:
        return Sum([(weight * own, step) for own, step in self.parts], scale=self.scale)

    __rmul__ = __mul__


class RankFusion(Step):
    """Several steps on the same input, fused by ranks (Cormack et al. 2009); the queries go on as they came.

    Parameters
    ----------
    steps
        What is fused.
    k, weights
        As in `fusion.reciprocal_rank`.
    """

    def __init__(self, steps: Sequence[Step], *, k: int = 60, weights: Sequence[float] | None = None) -> None:
        if not steps:
            raise InputError("steps is empty, expected at least one")
        if weights is not None and len(weights) != len(steps):
            raise InputError(f"there are {len(weights)} weights for {len(steps)} steps")
        self.steps, self.k, self.weights = tuple(steps), k, weights

    def apply(self, results: Results) -> Results:
        """Return the fused hits."""
        lists = [step.apply(results).hits for step in self.steps]
        fused = [reciprocal_rank(each, k=self.k, weights=self.weights) for each in zip(*lists, strict=True)]
        return results.with_hits(fused)


def _links(step: Step) -> tuple[Step, ...]:
    return step.steps if isinstance(step, Chain) else (step,)


def _parts(step: Step) -> tuple[tuple[float, Step], ...]:
    """Return the parts of a sum of the operators' scale; another sum is one part, whose scores are scaled again."""
    return step.parts if isinstance(step, Sum) and step.scale == "min-max" else ((1.0, step),)
