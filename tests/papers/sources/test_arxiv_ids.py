"""arXiv's identifiers and subject classes."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seme.errors import InputError
from seme.papers.sources.arxiv_categories import category_set
from seme.papers.sources.arxiv_ids import month_of, parse_arxiv_id


@pytest.mark.parametrize(
    ("text", "bare", "version"),
    [
        ("2107.05580", "2107.05580", None),
        (" arXiv:0704.0001v2 ", "0704.0001", 2),
        ("http://arxiv.org/abs/2107.05580v12", "2107.05580", 12),
        ("https://www.arxiv.org/pdf/2107.05580v1.pdf", "2107.05580", 1),
        ("https://export.arxiv.org/html/2107.05580", "2107.05580", None),
        ("oai:arXiv.org:cond-mat/0102536", "cond-mat/0102536", None),
        ("math.GT/0309136v1", "math/0309136", 1),
        ("10.48550/arXiv.2107.05580", "2107.05580", None),
        ("doi:10.48550/ARXIV.2107.05580", "2107.05580", None),
    ],
)
def test_every_form_of_an_identifier(text: str, bare: str, version: int | None) -> None:
    assert parse_arxiv_id(text) == (bare, version)


@pytest.mark.parametrize(
    "text",
    ["", "2107.055", "2107.05580v0", "https://arxiv.org.evil.example/abs/2107.05580", "x2107.05580", "1" * 10**6],
)
def test_what_is_none(text: str) -> None:
    assert parse_arxiv_id(text) is None


@given(st.dates(dt.date(1991, 8, 1), dt.date(2090, 12, 31)), st.integers(1, 99_999))
def test_the_month_of_an_identifier_is_that_of_its_day(day: dt.date, number: int) -> None:
    bare = f"hep-th/{day:%y%m}{number % 1000:03d}" if day.year < 2007 else f"{day:%y%m}.{number:05d}"
    assert month_of(bare) == day.replace(day=1)


def test_a_month_that_does_not_exist_is_january() -> None:
    assert month_of("2113.00001") == month_of("2100.00001") == dt.date(2021, 1, 1)


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.CL", "cs:cs:CL"),
        ("math.CO", "math:math:CO"),
        ("cond-mat.dis-nn", "physics:cond-mat:dis-nn"),
        ("hep-th", "physics:hep-th"),
        ("quant-ph", "physics:quant-ph"),
        ("physics.optics", "physics:physics:optics"),
        ("physics", "physics:physics"),
        ("cs", "cs"),
        ("stat.ML", "stat:stat:ML"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
    ],
)
def test_the_set_of_a_subject_class(category: str, spec: str) -> None:
    assert category_set(category) == spec


@pytest.mark.parametrize("category", ["", "CL", "cs.", "cs.CL.x", "cs CL", "cs.CL&x=1", "cs.CL\n"])
def test_what_is_no_subject_class_is_refused(category: str) -> None:
    with pytest.raises(InputError, match="category"):
        category_set(category)
