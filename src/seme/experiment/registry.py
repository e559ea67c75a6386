"""The registry: which experiments there are, found by the names of their modules."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints

from pydantic import BaseModel

from seme.errors import NotFoundError
from seme.experiment.context import Context
from seme.experiment.needs import missing
from seme.experiment.settings import check_settings
from seme.report import Report

PACKAGE = "seme.experiments"
ROOMS = frozenset({"interp", "retrieval", "embeddings", "language", "vision", "theory"})
_MODULE = re.compile(r"p(?P<paper>\d\d)_(?P<slug>[a-z0-9_]+)")
_REGISTRY: dict[str, Experiment] = {}


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment: the paper's number, its name, where its method lives, what it needs, and its function."""

    paper: int
    slug: str
    room: str
    needs: tuple[str, ...]
    settings: type[Any]
    run: Callable[[Any, Context], Report]

    @property
    def summary(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]

    @property
    def missing(self) -> tuple[str, ...]:
        """Packages that it needs and that are not installed."""
        return missing(self.needs)


def experiment(
    *, paper: int, slug: str, room: str, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[Any, Context], Report]], Callable[[Any, Context], Report]]:
    """Register `run(settings: SomeSettings, context: Context) -> Report` as an experiment.

    Parameters
    ----------
    paper
        Number in the catalogue, 1 to 57.
    slug
        Its name for `seme run`: lower-case words joined by hyphens; the module is `pNN_` and the same with underscores.
    room
        The package under `seme` that holds the method.
    needs
        Extras of Seme (`"methods"`) and assets (`"smollm2-135m"`) without which it cannot run.

    Raises
    ------
    TypeError
        If the function or its settings do not have this form.
    """
    if not 1 <= paper <= 57 or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or room not in ROOMS:
        raise TypeError(f"not an experiment: paper={paper!r}, slug={slug!r}, room={room!r}")

    def register(run: Callable[[Any, Context], Report]) -> Callable[[Any, Context], Report]:
        settings = get_type_hints(run).get("settings")
        if not (isinstance(settings, type) and issubclass(settings, BaseModel)):
            raise TypeError(f"{run.__qualname__}: `settings` must be annotated with a pydantic model")
        check_settings(settings)
        _REGISTRY[slug] = Experiment(paper, slug, room, tuple(needs), settings, run)
        return run

    return register


def experiments() -> list[Experiment]:
    """Return all experiments by the number of their paper. None of them loads PyTorch for this."""
    for name, _, _ in _modules():
        import_module(f"{PACKAGE}.{name}")
    return sorted(_REGISTRY.values(), key=lambda one: (one.paper, one.slug))


def find_experiment(name: str) -> Experiment:
    """Return an experiment by its name or the number of its paper; only its module is imported.

    Raises
    ------
    NotFoundError
        If there is none, or a paper has several; the hint lists those there are.
    """
    wanted = int(name) if name.isdigit() else name.strip().lower()
    known = list(_modules())
    found = [(module, slug) for module, paper, slug in known if wanted in (paper, slug, module)]
    if len(found) > 1:
        raise NotFoundError(
            f"paper {wanted} has {len(found)} experiments", hint="Name one: " + ", ".join(slug for _, slug in found)
        )
    if not found:
        raise NotFoundError(
            f"there is no experiment {name!r}", hint="There are: " + ", ".join(slug for _, _, slug in known)
        )
    import_module(f"{PACKAGE}.{found[0][0]}")
    return _REGISTRY[found[0][1]]


def experiment_names() -> list[str]:
    """Return the names of all experiments without importing any."""
    return [slug for _, _, slug in _modules()]


def _modules() -> Iterator[tuple[str, int, str]]:
    for module in iter_modules(import_module(PACKAGE).__path__):
        if found := _MODULE.fullmatch(module.name):
            yield module.name, int(found["paper"]), found["slug"].replace("_", "-")
