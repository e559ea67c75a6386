"""What a source of papers is, and the registry that names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Protocol, runtime_checkable

from seme.errors import InputError
from seme.papers.paper import Paper


@dataclass(frozen=True, slots=True)
class Batch:
    """Papers that are stored together, and the point from which the next run goes on after them.

    The library stores the papers and `cursor` in one transaction: a harvest killed between two batches resumes at the
    second one. What stands in the last cursor under `next` is the cursor that the next run of the same scope begins
    with; without it, that run begins anew. `removed` are ids that the source has deleted.
    """

    papers: tuple[Paper, ...]
    cursor: Mapping[str, Any] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """One line for each record that could not be read: its position or id, and why."""
    total: int | None = None
    """How many papers the source says there are in all, for the progress bar."""


@runtime_checkable
class Source(Protocol):
    """Where papers come from.

    `name` is stored with each paper; `scope` is what distinguishes two harvests of one source (categories, days, a
    file's path), JSON-serialisable, so that a resumed run finds its cursor.
    """

    name: str

    @property
    def scope(self) -> Mapping[str, Any]:
        """Return what this harvest covers."""
        ...

    def batches(self, cursor: Mapping[str, Any] | None = None) -> Iterator[Batch]:
        """Yield the papers in order, from the start or from a cursor that an earlier batch carried."""
        ...


_SOURCES: dict[str, Callable[..., Source]] = {}


def register_source(name: str) -> Callable[[Callable[..., Source]], Callable[..., Source]]:
    """Make a source known by the name that commands use."""

    def add(make: Callable[..., Source]) -> Callable[..., Source]:
        if name in _SOURCES:
            raise InputError(f"source {name!r} is registered twice")
        _SOURCES[name] = make
        return make

    return add


def source_names() -> list[str]:
    """List the registered sources."""
    return sorted(_SOURCES)


def source_options(name: str) -> list[str]:
    """List the options that the source of that name takes.

    Raises
    ------
    InputError
        If no source has that name.
    """
    return list(signature(_source(name)).parameters)


def open_source(name: str, **options: Any) -> Source:
    """Make the source of that name.

    Raises
    ------
    InputError
        If no source has that name.
    """
    return _source(name)(**options)


def _source(name: str) -> Callable[..., Source]:
    if name not in _SOURCES:
        raise InputError(f"source is {name!r}, it must be one of {', '.join(source_names())}")
    return _SOURCES[name]
