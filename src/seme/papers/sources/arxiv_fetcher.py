"""The client that all of arXiv's sources use, so that they pass through one gate."""

from __future__ import annotations

from seme.papers.sources.fetch import Fetcher
from seme.papers.sources.gate import RequestGate
from seme.settings import settings


def arxiv_fetcher() -> Fetcher:
    """Make a client as patient as the settings say, behind the machine-wide gate in the data folder."""
    chosen = settings()
    return Fetcher(
        RequestGate(chosen.home / "arxiv.gate", chosen.arxiv_interval),
        contact=chosen.contact,
        connect=chosen.arxiv_connect_timeout,
        read=chosen.arxiv_read_timeout,
        total=chosen.arxiv_total_timeout,
        attempts=chosen.arxiv_attempts,
        base=chosen.arxiv_backoff,
        budget=chosen.arxiv_budget,
    )
