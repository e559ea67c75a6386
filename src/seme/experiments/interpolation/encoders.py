"""Encoders by name, and the retrievers that search by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets import WORD_VECTORS, load_word_vectors
from seme.assets.minilm import minilm_files
from seme.embeddings.caching import encode_cached
from seme.embeddings.onnx import OnnxEncoder
from seme.embeddings.splade import SpladeEncoder
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.collecting import Corpus
from seme.retrieval import BM25Index, DenseIndex
from seme.retrieval.impacts import ImpactIndex
from seme.retrieval.pipelines import Dense, Impacts, Lexical, Query, Step

if TYPE_CHECKING:
    from seme.experiments.p28_interpolation import InterpolationSettings

Vectors = npt.NDArray[np.float32]
_WORD = re.compile(r"[a-z0-9]+")
_TERMS = 128
"""Heaviest terms that are kept of a text."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """From texts to vectors, under a name that says all that decides them."""

    name: str
    encode: Callable[[Sequence[str]], Vectors]


def load_encoder(name: str, settings: InterpolationSettings) -> Encoder:
    """Load a dense encoder.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name == "minilm":
        onnx = OnnxEncoder(minilm_files(), threads=1, max_tokens=settings.longest)
        return Encoder(f"{onnx.name}-{settings.longest}", onnx.encode)
    if name in WORD_VECTORS:
        return Encoder(f"{name}-mean", _mean_of_words(name))
    raise InputError(f"--dense has {name!r}, expected minilm, {', '.join(WORD_VECTORS)}")


def dense_retriever(corpus: Corpus, encoder: Encoder, settings: InterpolationSettings, context: Context) -> Dense:
    """Index a collection's vectors, and remember those of its queries."""
    texts = list(corpus.documents.values())
    asked = [text for part in corpus.parts.values() for text in part.queries.values()]
    made = {
        kind: encode_cached(encoder.encode, given, name=encoder.name, folder=context.cache, progress=context.progress)
        for kind, given in (("documents", texts), ("queries", asked))
    }
    index = DenseIndex(made["documents"].shape[1], encoder=encoder.name)
    index.add(list(corpus.documents), made["documents"])
    known = dict(zip(asked, made["queries"], strict=True))
    return Dense(index, lambda given: np.stack([known[text] for text in given]), k=settings.depth)


def sparse_retriever(name: str, corpus: Corpus, settings: InterpolationSettings, context: Context) -> Step:
    """Index a collection's words, or its learned weights of terms.

    Raises
    ------
    InputError
        If there is no sparse retriever of that name.
    """
    if name not in ("bm25", "splade-tiny"):
        raise InputError(f"--sparse has {name!r}, expected bm25 or splade-tiny")
    if name == "bm25":
        words = BM25Index()
        words.add(list(corpus.documents), list(corpus.documents.values()))
        return Lexical(words, k=settings.depth)
    asked = [text for part in corpus.parts.values() for text in part.queries.values()]
    documents = _weighed(list(corpus.documents.values()), settings, context)
    queries = dict(zip(asked, _weighed(asked, settings, context), strict=True))
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in documents])])
    terms = np.array([term for one in documents for term in one], dtype=np.int64)
    weights = np.array([weight for one in documents for weight in one.values()], dtype=np.float32)
    index = ImpactIndex(list(corpus.documents), offsets, terms, weights, bits=8)
    return Impacts(index, lambda given: [queries[text] for text in given], k=settings.depth)


def with_vectors(queries: Mapping[str, str], dense: Dense) -> dict[str, Query]:
    """Return queries that need not be encoded again."""
    return dict(zip(queries, dense.encoded([Query(text) for text in queries.values()]), strict=True))


def _weighed(texts: list[str], settings: InterpolationSettings, context: Context) -> list[dict[int, float]]:
    """Return the terms' weights of texts; kept as rows of terms and weights side by side."""
    loaded: list[SpladeEncoder] = []

    def encode(given: Sequence[str]) -> Vectors:
        if not loaded:
            loaded.append(SpladeEncoder.load(longest=settings.longest))
        rows = np.zeros((len(given), 2, _TERMS), dtype=np.float32)
        for row, one in zip(rows, loaded[0].encode(given, most=_TERMS), strict=True):
            row[0, : len(one)], row[1, : len(one)] = list(one), list(one.values())
        return rows.reshape(len(given), -1)

    name = f"splade-tiny-{settings.longest}-{_TERMS}"
    packed = encode_cached(encode, texts, name=name, folder=context.cache, progress=context.progress)
    return [
        {int(term): weight for term, weight in zip(row[0].tolist(), row[1].tolist(), strict=True) if weight > 0}
        for row in packed.reshape(len(texts), 2, _TERMS)
    ]


def _mean_of_words(name: str) -> Callable[[Sequence[str]], Vectors]:
    vectors, prefix = load_word_vectors(name), "▁" if name.startswith("wordllama") else ""

    def encode(texts: Sequence[str]) -> Vectors:
        made = np.zeros((len(texts), vectors.vectors.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            known = [vectors.index.get(prefix + word) for word in _WORD.findall(text.lower())]
            rows = [one for one in known if one is not None]
            if rows:
                made[row] = vectors.vectors[rows].mean(axis=0)
        unit: Vectors = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
        return unit

    return encode
