"""What a run of a harvest leaves: papers and the cursor behind them go together, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seme.papers.library import Library, harvests
from seme.papers.paper import Paper
from seme.papers.sources.base import Batch
from seme.papers.sources.catalogue import CatalogueSource


def test_a_batch_that_fails_half_way_leaves_neither_papers_nor_a_cursor(library: Library, monkeypatch) -> None:
    harvest = library.harvests.begin(CatalogueSource())
    first = Batch((Paper(id="title:1", title="One", source="jsonl"),), {"at": 1})
    library.harvests.advance(harvest, first)

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(harvests, "mark_removed", broken)
    second = replace(
        first, papers=(Paper(id="title:2", title="Two", source="jsonl"),), cursor={"at": 2}, removed=("x",)
    )
    with pytest.raises(OSError, match="disk is full"):
        library.harvests.advance(harvest, second)
    assert [stored.paper.id for stored in library.papers.all()] == ["title:1"]
    assert library.harvests.begin(CatalogueSource()).cursor == {"at": 1}
