"""The catalogue that ships with the package, as a source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from seme.papers.catalogue import SOURCE, catalogue_papers, catalogue_text
from seme.papers.sources.base import Batch, register_source


@register_source(SOURCE)
class CatalogueSource:
    """All papers of the catalogue in one batch.

    The cursor is the digest of the catalogue: a harvest that has already stored this edition yields nothing, and the
    edition of a newer package is stored again.
    """

    name = SOURCE

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return an empty mapping: there is one catalogue."""
        return {}

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield the papers, unless `cursor` says that this edition is stored."""
        edition = hashlib.sha256(catalogue_text().encode()).hexdigest()
        if cursor is not None and cursor.get("edition") == edition:
            return
        papers = catalogue_papers()
        yield Batch(papers, cursor={"edition": edition}, total=len(papers))
