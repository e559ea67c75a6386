"""What the tests of arXiv's sources share: an impatient client whose pauses can be told in advance."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from seme.papers.sources.fetch import Fetcher
from seme.papers.sources.gate import RequestGate

INTERVAL = 0.02


@pytest.fixture
def fetcher(tmp_path: Path) -> Callable[..., Fetcher]:
    """Return a function that makes a client; all of them share one gate."""

    def make(
        *, attempts: int = 20, budget: float = 100.0, read: float = 1.0, total: float = 1.5, interval: float = INTERVAL
    ) -> Fetcher:
        gate = RequestGate(tmp_path / "gate", interval)
        return Fetcher(
            gate,
            contact="tests",
            read=read,
            total=total,
            attempts=attempts,
            base=0.001,
            budget=budget,
            generator=random.Random(1),
        )

    return make
