"""The example of the search engine's page runs as it stands."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "search-engine.md"


def test_the_example_gives_what_the_page_says():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert tried >= 15
    assert failed == 0
