"""A stand-in for arXiv on 127.0.0.1 that speaks its real formats and plays its real faults.

Run `PYTHONPATH=tests python -m arxiv_server --papers 300 --traps all` to get one that prints its address. Its query
API is at `/api/query`, OAI-PMH at `/oai`, the daily feeds at `/atom/<classes>` and `/rss/<classes>`.
"""

from arxiv_server.records import CATEGORIES, LAST_DAY, Record
from arxiv_server.server import FEED_TRAPS, OAI_TRAPS, TRAPS, ArxivServer

__all__ = ["CATEGORIES", "FEED_TRAPS", "LAST_DAY", "OAI_TRAPS", "TRAPS", "ArxivServer", "Record"]
