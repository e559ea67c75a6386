"""Running a source to its end, in steps that can be gone on with after any interruption."""

from __future__ import annotations

from collections.abc import Callable

from seme.errors import SemeError
from seme.papers.library import Harvest, Library
from seme.papers.sources.base import Batch, Source


def run_harvest(
    library: Library, source: Source, *, progress: Callable[[Harvest, Batch], None] | None = None
) -> Harvest:
    """Fetch what a source has; go on where an unfinished run of the same source and scope stopped.

    Raises
    ------
    SemeError
        As the source raised it, after it was noted in the harvest log; what was stored stays stored.
    """
    harvest = library.harvests.begin(source)
    try:
        for batch in source.batches(harvest.cursor):
            library.harvests.advance(harvest, batch)
            if progress:
                progress(harvest, batch)
    except SemeError as error:
        library.harvests.finish(harvest, error=str(error))
        raise
    return library.harvests.finish(harvest)
