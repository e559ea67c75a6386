"""Retrievers by name, as `seme eval` measures them on collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from seme.assets.minilm import minilm_files
from seme.embeddings.caching import encode_cached
from seme.embeddings.onnx import OnnxEncoder
from seme.errors import NotFoundError
from seme.retrieval import BM25Index, DenseIndex
from seme.retrieval.feedback import RM3, Rocchio
from seme.retrieval.pipelines import Dense, Lexical, Rerank, Step

Bar = Callable[[Iterable[int], str], Iterable[int]]
_DEPTH = 100
"""Hits that are scored again."""


@dataclass(frozen=True)
class Indexed:
    """Documents, and their indexes as they are asked for.

    Parameters
    ----------
    documents
        Texts by id.
    home
        Of Seme: vectors are kept in its `cache`, the encoder is looked for in its `models`.
    progress
        Shows how far the encoding is.
    """

    documents: Mapping[str, str]
    home: Path
    progress: Bar | None = None

    @cached_property
    def words(self) -> Lexical:
        """Search by words."""
        index = BM25Index()
        index.add(list(self.documents), list(self.documents.values()))
        return Lexical(index)

    @cached_property
    def meaning(self) -> Dense:
        """Search by the vectors of the encoder that the service uses."""
        encoder = OnnxEncoder(minilm_files(cache=self.home / "models"), threads=1)

        def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
            return encode_cached(
                encoder.encode, texts, name=encoder.name, folder=self.home / "cache" / "vectors", progress=self.progress
            )

        index = DenseIndex(encoder.dim, encoder=encoder.name, precision="int8")
        index.add(list(self.documents), encode(list(self.documents.values())))
        return Dense(index, encode)


@dataclass(frozen=True, slots=True)
class Retriever:
    """A retriever's summary, and how it is made over a collection."""

    summary: str
    make: Callable[[Indexed], Step]


RETRIEVERS: Mapping[str, Retriever] = MappingProxyType(
    {
        "bm25": Retriever("Words (BM25)", lambda of: of.words),
        "bm25-rm3": Retriever(
            "Words, then again with those that the first hits have in common (RM3)",
            lambda of: of.words >> RM3(of.documents) >> of.words,
        ),
        "minilm": Retriever("Meaning (all-MiniLM-L6-v2, exact inner products)", lambda of: of.meaning),
        "minilm-rocchio": Retriever(
            "Meaning, then again with the query moved towards the first hits (Rocchio)",
            lambda of: of.meaning >> Rocchio(of.meaning) >> of.meaning,
        ),
        "bm25-minilm": Retriever(
            f"Words, whose {_DEPTH} best are put in the order of meaning",
            lambda of: of.words.cut(_DEPTH) >> Rerank(of.meaning.score),
        ),
        "hybrid": Retriever(
            "Words and meaning, scores scaled and averaged", lambda of: 0.5 * of.words + 0.5 * of.meaning
        ),
        "hybrid-rocchio": Retriever(
            "Words and meaning, after feedback to the latter",
            lambda of: 0.5 * of.words + 0.5 * (of.meaning >> Rocchio(of.meaning) >> of.meaning),
        ),
        "service": Retriever(
            "What `seme search` does: words and meaning, then again with the query moved a little towards the first "
            "hit",
            lambda of: _both(of) >> Rocchio(of.meaning, k=1, alpha=0.8, beta=0.2) >> _both(of),
        ),
    }
)
"""Retrievers by name."""


def _both(of: Indexed) -> Step:
    return 0.4 * of.words + 0.6 * of.meaning


def find_retriever(name: str) -> Retriever:
    """Return a retriever by its name.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if name not in RETRIEVERS:
        raise NotFoundError(f"there is no retriever {name!r}", hint=f"There are: {', '.join(RETRIEVERS)}")
    return RETRIEVERS[name]
