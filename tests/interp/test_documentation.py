"""The examples of the methods' pages run as they stand."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

_METHODS = Path(__file__).parents[2] / "docs" / "methods"
# The code of the page on one's own model needs a model: test_my_own_model.py runs it.
PAGES = sorted(page for page in _METHODS.glob("*.md") if page.stem != "my-own-model")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_example_gives_what_the_page_says(page: Path) -> None:
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert tried >= 5
    assert failed == 0
