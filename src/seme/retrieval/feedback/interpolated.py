"""Interpolation of a sparse and a dense retriever around feedback (Li et al. 2022): before it, after it, or both."""

from __future__ import annotations

from typing import Literal, get_args

from seme.errors import InputError
from seme.retrieval.interpolation import Scale
from seme.retrieval.pipelines import Step, Sum

Place = Literal["none", "pre", "post", "both"]
PLACES: tuple[Place, ...] = get_args(Place)


def interpolated_feedback(
    sparse: Step, dense: Step, feedback: Step, *, where: Place = "both", alpha: float = 0.5, scale: Scale = "min-max"
) -> Step:
    """Return first round, feedback and second round as one step.

    Parameters
    ----------
    sparse, dense
        The retrievers. The sparse one searches by the query as it was asked, unless the feedback changes its terms.
    feedback
        Between the rounds, e.g. `Rocchio(dense)`.
    where
        Where `alpha · sparse + (1 - alpha) · dense` stands for the dense retriever alone: nowhere (`none`, feedback
        only), before the feedback (`pre`: other feedback documents), after it (`post`: another list), or at both.
    alpha
        Weight of the sparse scores, 0 to 1.
    scale
        What is done to the scores before (`interpolation.interpolate`).

    Raises
    ------
    InputError
        If `alpha` is not from 0 to 1, or `where` is unknown.
    """
    if not 0 <= alpha <= 1:
        raise InputError(f"alpha is {alpha}, it must be from 0 to 1")
    if where not in PLACES:
        raise InputError(f"where is {where!r}, it must be one of {', '.join(PLACES)}")
    hybrid = Sum([(alpha, sparse), (1 - alpha, dense)], scale=scale)
    first: Step = hybrid if where in ("pre", "both") else dense
    second: Step = hybrid if where in ("post", "both") else dense
    return first >> feedback >> second
