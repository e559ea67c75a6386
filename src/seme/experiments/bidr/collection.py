"""What is searched, as the frozen encoder gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.embeddings.bidr import Pool
from seme.embeddings.caching import encode_cached
from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.collecting import gather

if TYPE_CHECKING:
    from seme.experiments.p11_bidr import BidrSettings

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Given:
    """Documents by the order of `ids`, queries to train on, and queries of the test with what is right for them."""

    ids: list[str]
    pool: Pool
    test: Float32
    judgements: Mapping[str, Mapping[str, int]]

    @property
    def label(self) -> str:
        """Name of the vectors, for the index."""
        return "bidr"


def make(settings: BidrSettings, context: Context) -> Given:
    """Take documents and queries, and encode them; what was encoded once is kept."""
    corpus = gather(
        settings.collection, documents=settings.documents, queries={"train": settings.train, "test": settings.queries}
    )
    encoder = TextEncoder.load(settings.encoder, longest=settings.longest).eval().requires_grad_(requires_grad=False)

    def encode(texts: list[str]) -> Float32:
        name = f"{settings.encoder}-{settings.longest}"
        found = encode_cached(encoder.encode, texts, name=name, folder=context.cache, progress=context.progress)
        return np.array(found)

    ids = list(corpus.documents)
    row = {one: number for number, one in enumerate(ids)}
    train, test = corpus.parts["train"], corpus.parts["test"]
    positives = [np.array([row[one] for one in grades], dtype=np.int64) for grades in train.judgements.values()]
    documents = encode(list(corpus.documents.values()))
    pool = Pool(encode(list(train.queries.values())), documents, positives)
    return Given(ids, pool, encode(list(test.queries.values())), test.judgements)
