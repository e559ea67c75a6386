"""The trending order of columns is that of the formula, paper by paper."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seme.papers.ranking import Standings, most_trending, trending_score
from seme.settings import Settings

NOW = dt.datetime(2026, 3, 5, 17, 40, tzinfo=dt.UTC)
ROWS = st.lists(
    st.tuples(st.dates(dt.date(2025, 1, 1), dt.date(2026, 3, 9)), st.integers(0, 400), st.integers(0, 90)), max_size=30
)


@dataclass(frozen=True)
class One:
    listed_on: dt.date
    votes: int
    comments: int


@given(rows=ROWS, offset=st.integers(0, 5))
def test_the_order_is_that_of_the_formula_with_ties_by_id(rows, offset) -> None:
    settings = Settings()
    named = [(f"p{(7 * i) % 31:02d}", *row) for i, row in enumerate(rows)]
    scores = {name: trending_score(One(*rest), settings, NOW) for name, *rest in named}
    found = most_trending(Standings.of(named), settings, NOW, limit=10, offset=offset)
    wanted = sorted(scores, key=lambda name: (-scores[name], name))[offset : offset + 10]
    assert np.allclose([scores[name] for name in found], [scores[name] for name in wanted], rtol=1e-12)
    assert len(set(found)) == len(found) == len(wanted)
