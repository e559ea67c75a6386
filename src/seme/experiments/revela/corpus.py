"""The standard library as code to learn from, its other modules as what is searched, and WordNet beside it."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from seme.assets.collections import collect
from seme.assets.collections.of_code import function_pairs
from seme.assets.corpora import source_trees
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.collecting import digest, gather

if TYPE_CHECKING:
    from seme.experiments.p25_revela import RevelaSettings

_SEEN = 4
"""Of five modules, those that are trained on."""
_SHORTEST = 200
"""Characters of a function or class."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A collection: documents and queries by id, and what is right."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Texts:
    """Functions and classes of modules that are trained on and of the others, and collections by name."""

    seen: list[str]
    unseen: list[str]
    collections: dict[str, Asked]


def make(settings: RevelaSettings, context: Context) -> Texts:
    """Divide the modules: four of five are trained on, functions of the others are searched.

    Raises
    ------
    InputError
        If the modules are too few to be searched.
    """
    seen: list[str] = []
    unseen: list[str] = []
    pairs: list[tuple[str, str]] = []
    trees = islice(source_trees(Path(sysconfig.get_path("stdlib"))), settings.modules)
    # Their order mixes packages, so that each fifth module is any.
    for number, (source, tree) in enumerate(context.progress(trees, "Reading modules")):
        tested = number % (_SEEN + 1) == _SEEN
        (unseen if tested else seen).extend(_definitions(source, tree))
        if tested:
            pairs.extend(function_pairs(tree))
    known = set(seen)
    functions = collect("python-functions", pairs)
    kept = sorted(functions.judgements, key=digest)[: settings.queries]
    if len(kept) < 2:
        raise InputError(
            f"modules is {settings.modules}, too few: {len(kept)} queries ask for functions of unseen ones"
        )
    code = Asked(
        functions.documents,
        {one: functions.queries[one] for one in kept},
        {one: functions.judgements[one] for one in kept},
    )
    return Texts(
        seen, [one for one in unseen if one not in known], {"python-functions": code, "wordnet-terms": _terms(settings)}
    )


def _terms(settings: RevelaSettings) -> Asked:
    queries = min(settings.queries or settings.terms, settings.terms) // 2
    found = gather("wordnet-terms", documents=settings.terms, queries={"test": queries})
    return Asked(found.documents, found.parts["test"].queries, found.parts["test"].judgements)


def _definitions(source: str, tree: ast.Module) -> list[str]:
    lines = source.splitlines(keepends=True)
    wanted = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    texts = ("".join(lines[one.lineno - 1 : one.end_lineno]) for one in tree.body if isinstance(one, wanted))
    return [text for text in texts if len(text) >= _SHORTEST]
