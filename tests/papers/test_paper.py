"""What is no paper is refused before it is stored."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from seme.errors import InputError
from seme.papers.paper import Paper, PaperDate
from seme.papers.ranking import preference


@pytest.mark.parametrize(
    ("year", "month", "day"), [(0, 1, 1), (2024, 2, 0), (2024, 0, None), (2023, 2, 29), (None, 2, 30)]
)
def test_what_is_no_date_is_refused(year: int | None, month: int | None, day: int | None) -> None:
    with pytest.raises(InputError, match="not a date"):
        PaperDate(year, month, day)


def test_dates_without_a_year_may_be_leap_days() -> None:
    assert str(PaperDate(None, 2, 29)) == "--02-29"
    assert PaperDate(2024, 2, 29).full == dt.date(2024, 2, 29)


@pytest.mark.parametrize("fields", [{"summary": "\ud800"}, {"authors": ("a", "\udfff")}, {"tags": ("\ud83e",)}])
def test_halves_of_characters_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(InputError, match="lone surrogate"):
        Paper(id="1", title="T", source="jsonl", **fields)


def test_where_everything_is_liked_the_preference_is_what_is_common() -> None:
    liked = np.eye(3, dtype=np.float32)[:2]
    found = preference(liked, np.empty((0, 0), dtype=np.float32))
    assert found.shape == (3,)
    assert found[0] == pytest.approx(found[1])
    assert found[0] > found[2] == 0
