from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seme.errors import CorruptionError, InputError
from seme.report import Claim
from seme.report.relation import verdict_of

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite)
def test_bounds_are_those_of_the_numbers_themselves(measured, bound):
    """The relation is kept as text: no digit may be lost on the way through it."""
    assert (Claim.at_least("a", measured=measured, floor=bound).verdict == "holds") is (measured >= bound)
    assert (Claim.at_most("a", measured=measured, ceiling=bound).verdict == "holds") is (measured <= bound)


@given(finite, finite, st.floats(0, 1e9))
def test_equality_is_within_the_tolerance(measured, value, tolerance):
    claim = Claim.equal("a", measured=measured, value=value, tolerance=tolerance)
    assert (claim.verdict == "holds") is (abs(measured - value) <= tolerance)


@given(
    st.dictionaries(st.sampled_from(["neurons", "features", "atoms", "q*(atoms)"]), finite, min_size=2), st.booleans()
)
def test_an_order_holds_if_the_figures_are_sorted_as_named(figures, strict):
    values = list(figures.values())
    expected = values == sorted(values) and (not strict or len(set(values)) == len(values))
    assert (Claim.ordered("a", figures, strict=strict).verdict == "holds") is expected


@given(st.floats(0, 1e6), st.floats(1e-3, 1e6), st.floats(0.1, 100))
def test_a_ratio_is_measured_against_its_baseline_and_both_are_shown(measured, baseline, factor):
    claim = Claim.ratio_at_least("a", measured=measured, baseline=baseline, factor=factor, note="one run")
    assert (claim.verdict == "holds") is (measured / baseline >= factor)
    assert f"{baseline:.6g}" in claim.note
    assert claim.note.endswith("one run")


def test_what_was_not_tested_is_neither_and_says_why():
    claim = Claim.not_tested("scales to 10^9", "needs a cluster", paper_value="10^9")
    assert (claim.verdict, claim.measured, claim.note) == ("not tested", None, "needs a cluster")
    with pytest.raises(InputError, match="why is empty"):
        Claim.not_tested("a", " ")


@given(st.data())
def test_claims_survive_json_with_their_verdict(data):
    spread = data.draw(st.none() | finite | st.tuples(finite, finite))
    claim = Claim.at_least(
        "é < b", measured=data.draw(finite), floor=data.draw(finite), spread=spread, paper_value="1 %"
    )
    again = Claim.model_validate_json(claim.model_dump_json())
    assert again == claim
    assert again.verdict == claim.verdict


def test_a_verdict_that_the_figures_do_not_give_is_refused():
    told = json.loads(Claim.at_least("recovers all", measured=0.5, floor=0.99).model_dump_json())
    assert told["verdict"] == "fails"
    told["verdict"] = "holds"
    with pytest.raises(CorruptionError, match=r"recovers all.*'holds'.*'fails'"):
        Claim.model_validate(told)
    with pytest.raises(CorruptionError):
        Claim.model_validate_json(json.dumps(told))
    with pytest.raises((AttributeError, ValidationError)):
        setattr(Claim.at_least("a", measured=1, floor=0), "verdict", "fails")  # noqa: B010


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Claim.at_least("a", measured=math.nan, floor=0), "measured is nan"),
        (lambda: Claim.at_least("a", measured=1, floor=math.inf), "floor is inf"),
        (lambda: Claim.at_least("a", measured=1, floor=0, spread=math.nan), "spread is nan"),
        (lambda: Claim.at_least("a", measured=1, floor=0, spread=(0.0, 1.0, 2.0)), "spread is"),
        (lambda: Claim.at_least(" ", measured=1, floor=0), "statement is empty"),
        (lambda: Claim.equal("a", measured=1, value=1, tolerance=-1), "tolerance is -1"),
        (lambda: Claim.ratio_at_least("a", measured=1, baseline=0, factor=2), "baseline is 0"),
        (lambda: Claim.ordered("a", {"one": 1}), r"measured names \['one'\]"),
        (lambda: Claim.ordered("a", {"one": 1, "two": math.nan}), "two is nan"),
        (lambda: Claim.ordered("a", {"a < b": 1, "c": 2}), "relation"),
        (lambda: verdict_of("> 3", 4.0), "relation is '> 3'"),
        (lambda: verdict_of("a < b", {"a": 1.0, "c": 2.0}), "names"),
        (lambda: verdict_of(">= 1.0", None), "measured is None"),
        (lambda: verdict_of("not tested", 1.0), "not tested"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(make, named):
    with pytest.raises(InputError, match=named):
        make()


def test_numbers_of_numpy_and_pytorch_are_taken():
    torch = pytest.importorskip("torch")
    claim = Claim.at_least("a", measured=np.float32(0.5), floor=np.int64(0), spread=(np.float32(0.25), 1))
    assert (claim.measured, claim.spread) == (0.5, (0.25, 1.0))
    assert Claim.at_most("a", measured=torch.tensor(0.5), ceiling=torch.tensor(1.0)).verdict == "holds"
