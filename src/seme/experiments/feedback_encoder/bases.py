"""Base retrievers, whose query encoders and indexes stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from torch import nn

from seme.embeddings.caching import encode_cached
from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.collecting import Corpus
from seme.retrieval import DenseIndex, Hits
from seme.retrieval.pipelines import Dense, Query

if TYPE_CHECKING:
    from seme.experiments.p16_feedback_encoder import FeedbackEncoderSettings

DEPTH = 1000
"""Length of the rankings."""
_TOKENS = 64
"""Most tokens of a document or of a query alone."""


@dataclass(frozen=True)
class Base:
    """A query encoder, what it makes of the collection, and its first round.

    `rows` is the number of each document; `queries` and `hits` are of both splits, by the ids of the queries.
    """

    name: str
    encoder: TextEncoder
    dense: Dense
    documents: npt.NDArray[np.float32]
    rows: dict[str, int]
    queries: dict[str, Query]
    hits: dict[str, Hits]


def make_base(
    name: str, corpus: Corpus, settings: FeedbackEncoderSettings, context: Context, *, layers: int | None = None
) -> Base:
    """Load an encoder, of its lowest blocks alone if so asked, and search by it."""
    encoder = TextEncoder.load(settings.encoder, longest=_TOKENS).eval().requires_grad_(requires_grad=False)
    if layers is not None:
        inside: Any = encoder.model.encoder
        inside.layer = nn.ModuleList(list(inside.layer)[:layers])
    label = f"{settings.encoder}-{encoder.depth}-blocks-{_TOKENS}"

    def encode(texts: list[str]) -> npt.NDArray[np.float32]:
        kept = encode_cached(encoder.encode, texts, name=label, folder=context.cache, progress=context.progress)
        return np.array(kept)

    ids = list(corpus.documents)
    documents = encode(list(corpus.documents.values()))
    index = DenseIndex(encoder.dim, encoder=label)
    index.add(ids, documents)
    asked = {one: text for part in corpus.parts.values() for one, text in part.queries.items()}
    vectors = encode(list(asked.values()))
    queries = {
        one: Query(text).with_vector(label, vector) for (one, text), vector in zip(asked.items(), vectors, strict=True)
    }
    dense = Dense(index, encoder.encode, k=min(DEPTH, len(ids)))
    hits = dict(zip(queries, dense.search(list(queries.values()), dense.k), strict=True))
    return Base(name, encoder, dense, documents, {one: row for row, one in enumerate(ids)}, queries, hits)
