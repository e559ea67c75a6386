"""Relations that a claim states, as text that a person reads and from which the verdict is computed.

`>= 0.99`, `<= 0.1`, `= 1.0 ± 1e-06`, `>= 100.0 times`, `neurons < features < atoms`, `not tested`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

from seme.errors import InputError

Verdict = Literal["holds", "fails", "not tested"]
NOT_TESTED: Literal["not tested"] = "not tested"

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BOUND = re.compile(rf"(?P<sign>>=|<=) (?P<bound>{_NUMBER})(?: times)?")
_EQUAL = re.compile(rf"= (?P<value>{_NUMBER}) ± (?P<tolerance>{_NUMBER})")
_ORDER = re.compile(r"[^<>=]+(?: (?P<sign><=|<) [^<>=]+)+")


def verdict_of(relation: str, measured: float | Mapping[str, float] | None) -> Verdict:
    """Return whether a measurement stands in a relation.

    Parameters
    ----------
    relation
        One of the forms above.
    measured
        A figure; figures by name for an order; `None` where nothing was measured.

    Raises
    ------
    InputError
        If the relation is none of the forms, or the measurement does not fit it.
    """
    if relation == NOT_TESTED:
        if measured is not None:
            raise InputError(f"measured is {measured!r}, but the relation is 'not tested'")
        return NOT_TESTED
    if isinstance(measured, Mapping):
        return "holds" if _in_order(relation, measured) else "fails"
    if measured is None or not math.isfinite(measured):
        raise InputError(
            f"measured is {measured!r}, expected a finite number for the relation {relation!r}",
            hint="Use Claim.not_tested(statement, why) where there is nothing to compare",
        )
    if found := _BOUND.fullmatch(relation):
        bound = float(found["bound"])
        return "holds" if (measured >= bound if found["sign"] == ">=" else measured <= bound) else "fails"
    if found := _EQUAL.fullmatch(relation):
        return "holds" if abs(measured - float(found["value"])) <= float(found["tolerance"]) else "fails"
    raise InputError(f"relation is {relation!r}, expected e.g. '>= 0.99', '<= 0.1', '= 1.0 ± 1e-06', 'a < b < c'")


def _in_order(relation: str, measured: Mapping[str, float]) -> bool:
    if not _ORDER.fullmatch(relation):
        raise InputError(f"relation is {relation!r}, expected an order such as 'a < b < c' for several figures")
    parts = re.split(r" (<=|<) ", relation)
    names, signs = parts[::2], parts[1::2]
    if sorted(names) != sorted(measured):
        raise InputError(f"relation names {names}, but the measured figures are {sorted(measured)}")
    pairs = pairwise(measured[name] for name in names)
    return all(a < b if sign == "<" else a <= b for sign, (a, b) in zip(signs, pairs, strict=True))
