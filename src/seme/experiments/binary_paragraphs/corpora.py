"""Glosses of WordNet with the lexicographers' files as classes, and docstrings with their libraries."""

from __future__ import annotations

import ast
import hashlib
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seme.assets.corpora import source_trees
from seme.assets.wordnet import synsets
from seme.embeddings.binary_paragraphs import ParagraphSettings, Terms
from seme.errors import InputError

if TYPE_CHECKING:
    from seme.experiments.p19_binary_paragraphs import BinaryParagraphsSettings

_LIBRARIES = ("numpy", "scipy", "sklearn", "matplotlib", "torch", "transformers")
_LONGEST = 600
"""Characters of a docstring that are read."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts, and the class of each."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def cut(self, start: int, stop: int | None) -> Labelled:
        """Return a part of them."""
        return Labelled(self.texts[start:stop], self.labels[start:stop])


@dataclass(frozen=True, slots=True)
class Material:
    """What is learned from and searched, what is searched for, and the texts of another domain."""

    documents: Labelled
    queries: Labelled
    other: Labelled
    terms: Terms


def make(settings: BinaryParagraphsSettings) -> Material:
    """Draw glosses and docstrings that have some known terms each."""
    wanted = settings.documents + settings.queries
    glosses = sorted(
        ((f"{', '.join(one.words)}: {one.gloss}", one.file) for one in synsets()),
        key=lambda pair: hashlib.sha256(pair[0].encode()).digest(),
    )
    drawn = glosses[: 3 * wanted]
    # Which glosses are long enough is a matter of the terms, which are learned from those that are searched: a first
    # list decides, and the models learn their own from the chosen ones.
    first = Terms.learn([text for text, _ in drawn], least=ParagraphSettings().least)
    kept = _readable(drawn, first, settings.shortest)
    if len(kept) < wanted:
        raise InputError(
            f"{len(kept)} glosses have {settings.shortest} known terms, and {wanted} are wanted",
            hint="Lower documents, queries or shortest",
        )
    documents = kept.cut(0, settings.documents)
    terms = Terms.learn(documents.texts)
    queries = _readable(_pairs(kept.cut(settings.documents, wanted)), terms, 1)
    documents = _readable(_pairs(documents), terms, 1)
    other = _readable(list(_docstrings(settings.transferred)), terms, settings.shortest)
    known = set(documents.labels)
    return Material(documents, _of(queries, known), other, terms)


def _docstrings(count: int) -> Iterator[tuple[str, str]]:
    roots = {name: (spec.submodule_search_locations or [""])[0] for name in _LIBRARIES if (spec := find_spec(name))}
    for name, root in {"python": sysconfig.get_path("stdlib"), **roots}.items():
        found = (
            ast.get_docstring(node) or ""
            for _, tree in source_trees(Path(root))
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef)
        )
        for text in islice((one for one in found if len(one) >= 200), count):
            yield text[:_LONGEST], name


def _readable(pairs: Iterable[tuple[str, str]], terms: Terms, least: int) -> Labelled:
    given = list(pairs)
    lengths = terms.encode([text for text, _ in given]).lengths
    kept = [pair for pair, length in zip(given, lengths, strict=True) if length >= least]
    return Labelled(tuple(text for text, _ in kept), tuple(label for _, label in kept))


def _pairs(labelled: Labelled) -> list[tuple[str, str]]:
    return list(zip(labelled.texts, labelled.labels, strict=True))


def _of(labelled: Labelled, known: set[str]) -> Labelled:
    kept = [pair for pair in _pairs(labelled) if pair[1] in known]
    return Labelled(tuple(text for text, _ in kept), tuple(label for _, label in kept))


def chance(documents: Labelled, queries: Labelled) -> float:
    """Return the mean share of documents that are of a query's class: the MAP of a random order, nearly."""
    names, counts = np.unique(documents.labels, return_counts=True)
    share = dict(zip(names.tolist(), (counts / len(documents)).tolist(), strict=True))
    return float(np.mean([share[label] for label in queries.labels]))
