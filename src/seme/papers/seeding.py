"""What a fresh library begins with."""

from __future__ import annotations

from seme.papers.library import Library, Stored
from seme.papers.sources.catalogue import CatalogueSource


def seed_catalogue(library: Library) -> Stored:
    """Store the catalogue that ships with the package; a second time changes nothing."""
    done = Stored()
    for batch in CatalogueSource().batches():
        done += library.papers.store(batch.papers)
    return done
