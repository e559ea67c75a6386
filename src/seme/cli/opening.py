"""What commands begin with: the settings, the library, and an index that is up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from seme.cli.output import note, progress_bar
from seme.errors import InputError, SemeError
from seme.papers.indexing import Refreshed, index_state, refresh_index
from seme.papers.library import Library
from seme.papers.seeding import seed_catalogue
from seme.settings import Settings, settings

FEW = 500
"""Papers that are indexed without being asked to: some seconds on two cores."""


def open_settings() -> Settings:
    """Return the settings.

    Raises
    ------
    InputError
        If an environment variable or a line of `seme.toml` cannot be used; it names the first of them.
    """
    try:
        return settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "SEME_" + "__".join(str(part) for part in first["loc"]).upper()
        raise InputError(f"the setting {name} is {first['input']!r}: {first['msg']}") from error


@contextmanager
def opened_library(*, seed: bool = True) -> Iterator[tuple[Library, Settings]]:
    """Open the library of the settings; a new one begins with the catalogue unless `seed` is false."""
    chosen = open_settings()
    chosen.home.mkdir(parents=True, exist_ok=True)
    with Library(chosen.database_url) as library:
        if seed and not library.papers.revision():
            seed_catalogue(library)
        yield library, chosen


def refreshed(library: Library, chosen: Settings, *, rebuild: bool = False) -> Refreshed:
    """Bring the index up to date and show how far it is."""
    with progress_bar("Indexing") as advance:
        return refresh_index(library, chosen, rebuild=rebuild, progress=advance)


def ready_to_search(library: Library, chosen: Settings) -> None:
    """Index the few papers that are missing; where there are many, say how.

    Raises
    ------
    SemeError
        If there is no index and too many papers to make one in passing.
    """
    state = index_state(library, chosen)
    if state.present and not state.behind:
        return
    if state.behind <= FEW:
        refreshed(library, chosen)
    elif state.present:
        note(f"The index is {state.behind} papers behind the library; these are not searched yet. Run: seme index")
    else:
        raise SemeError(f"the library's {state.behind} papers are not indexed yet", hint="Run: seme index")
