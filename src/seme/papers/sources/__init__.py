"""Where papers come from: one file each, known by name through `open_source`."""

from seme.papers.sources.arxiv_feed import ArxivFeedSource
from seme.papers.sources.arxiv_oai import ArxivOaiSource
from seme.papers.sources.arxiv_query import ArxivQuerySource
from seme.papers.sources.base import Batch, Source, open_source, source_names, source_options
from seme.papers.sources.bibtex import BibtexSource
from seme.papers.sources.catalogue import CatalogueSource
from seme.papers.sources.jsonl import BeirSource, JsonlSource
from seme.papers.sources.saved_page import SavedPageSource

__all__ = [
    "ArxivFeedSource",
    "ArxivOaiSource",
    "ArxivQuerySource",
    "Batch",
    "BeirSource",
    "BibtexSource",
    "CatalogueSource",
    "JsonlSource",
    "SavedPageSource",
    "Source",
    "open_source",
    "source_names",
    "source_options",
]
