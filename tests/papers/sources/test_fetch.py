"""What a Retry-After header asks for."""

from __future__ import annotations

import datetime as dt

import pytest

from seme.papers.sources.fetch import retry_after

NOW = dt.datetime(2015, 10, 21, 7, 28, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Wed, 21 Oct 2015 07:30:00 GMT", 120.0),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 20154444444444444444 07:00:00 GMT", None),
        ("Wed, 21 Oct 2015 072222222222222222222:28:00 GMT", None),
    ],
)
def test_seconds_and_dates_are_read_and_nonsense_says_nothing(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
