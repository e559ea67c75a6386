"""One statement of a paper and what was measured about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ModelWrapValidatorHandler, computed_field, model_validator

from seme.errors import CorruptionError, InputError
from seme.report.relation import NOT_TESTED, Verdict, verdict_of


def _pair(value: object) -> object:
    return tuple(float(one) for one in value) if isinstance(value, Sequence) and not isinstance(value, str) else value


Spread = Annotated[float | tuple[float, float] | None, BeforeValidator(_pair)]


class Claim(BaseModel):
    """A statement of a paper, the relation that would show it, and the measurement.

    Make one with a constructor below. Each takes, besides its own arguments:

    `paper_value`
        The paper's figure as text, e.g. `"99.74 % on Gemma2-2B"`; empty where the paper has none.
    `spread`
        Of the measurement over seeds: a standard deviation, or the lowest and highest value. Shown, not judged.
    `note`
        What a reader must know: under which conditions it was measured, why it fails.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    statement: str
    paper_value: str = ""
    relation: str
    measured: float | dict[str, float] | None
    spread: Spread = None
    note: str = ""

    @model_validator(mode="wrap")
    @classmethod
    def _check_stored_verdict(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping) or "verdict" not in data:
            return handler(data)
        claim = handler({key: value for key, value in data.items() if key != "verdict"})
        if data["verdict"] != claim.verdict:
            raise CorruptionError(
                f"the claim {claim.statement!r} says {data['verdict']!r}, but its figures say {claim.verdict!r}"
            )
        return claim

    @model_validator(mode="after")
    def _check_figures(self) -> Self:
        if not self.statement.strip():
            raise InputError("statement is empty, expected the paper's claim in a sentence")
        verdict_of(self.relation, self.measured)
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict:
        """Whether the claim `holds`, `fails`, or is `not tested`: computed from the relation and the measurement."""
        return verdict_of(self.relation, self.measured)

    @classmethod
    def at_least(
        cls,
        statement: str,
        *,
        measured: float,
        floor: float,
        paper_value: str = "",
        spread: Spread = None,
        note: str = "",
    ) -> Self:
        """State that a figure is `floor` or more."""
        return cls._of(statement, f">= {_number('floor', floor)}", measured, paper_value, spread, note)

    @classmethod
    def at_most(
        cls,
        statement: str,
        *,
        measured: float,
        ceiling: float,
        paper_value: str = "",
        spread: Spread = None,
        note: str = "",
    ) -> Self:
        """State that a figure is `ceiling` or less."""
        return cls._of(statement, f"<= {_number('ceiling', ceiling)}", measured, paper_value, spread, note)

    @classmethod
    def equal(
        cls,
        statement: str,
        *,
        measured: float,
        value: float,
        tolerance: float,
        paper_value: str = "",
        spread: Spread = None,
        note: str = "",
    ) -> Self:
        """State that a figure is within `tolerance` of `value`."""
        if not tolerance >= 0:
            raise InputError(f"tolerance is {tolerance!r}, expected a number >= 0")
        relation = f"= {_number('value', value)} ± {_number('tolerance', tolerance)}"
        return cls._of(statement, relation, measured, paper_value, spread, note)

    @classmethod
    def ratio_at_least(
        cls,
        statement: str,
        *,
        measured: float,
        baseline: float,
        factor: float,
        paper_value: str = "",
        spread: Spread = None,
        note: str = "",
    ) -> Self:
        """State that a figure is at least `factor` times the baseline's; what is kept as measured is the ratio.

        For a speed-up, `measured` is the slow time and `baseline` the fast one.
        """
        if not baseline > 0 or not math.isfinite(measured):
            raise InputError(f"baseline is {baseline!r} and measured {measured!r}: their ratio is not a number")
        parts = f"{measured:.6g} against {baseline:.6g}"
        note = f"{parts}. {note}" if note else f"{parts}."
        relation = f">= {_number('factor', factor)} times"
        return cls._of(statement, relation, measured / baseline, paper_value, spread, note)

    @classmethod
    def ordered(
        cls,
        statement: str,
        measured: Mapping[str, float],
        *,
        strict: bool = True,
        paper_value: str = "",
        spread: Spread = None,
        note: str = "",
    ) -> Self:
        """State that figures rise in the order in which they are given; equal ones count unless `strict`."""
        if len(measured) < 2:
            raise InputError(f"measured names {list(measured)}, expected at least two figures to order")
        figures = {name: float(_number(name, value)) for name, value in measured.items()}
        relation = (" < " if strict else " <= ").join(figures)
        return cls._of(statement, relation, figures, paper_value, spread, note)

    @classmethod
    def not_tested(cls, statement: str, why: str, paper_value: str = "") -> Self:
        """State a claim that cannot be tested at this scale, and why."""
        if not why.strip():
            raise InputError("why is empty, expected the reason that the claim was not tested")
        return cls(statement=statement, relation=NOT_TESTED, measured=None, paper_value=paper_value, note=why)

    @classmethod
    def _of(
        cls,
        statement: str,
        relation: str,
        measured: float | dict[str, float],
        paper_value: str,
        spread: Spread,
        note: str,
    ) -> Self:
        kept = measured if isinstance(measured, dict) else float(_number("measured", measured))
        around = None if spread is None else _checked_spread(spread)
        return cls(
            statement=statement, relation=relation, measured=kept, paper_value=paper_value, spread=around, note=note
        )


def _checked_spread(spread: float | Sequence[float]) -> float | tuple[float, float]:
    if not isinstance(spread, Sequence):
        return float(_number("spread", spread))
    if len(spread) != 2:
        raise InputError(f"spread is {spread!r}, expected a standard deviation, or the lowest and highest value")
    return float(_number("spread", spread[0])), float(_number("spread", spread[1]))


def _number(name: str, value: float) -> str:
    number = float(value)
    if not math.isfinite(number):
        raise InputError(
            f"{name} is {value!r}, expected a finite number",
            hint="Use Claim.not_tested(statement, why) where there is nothing to compare",
        )
    return repr(number)
