"""Searching a collection with one model and one reduction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.crisp import Clusters, MultiVectorEncoder, Reduction, Side, padded, unpadded, within_share
from seme.embeddings.crisp.training import States
from seme.experiments.crisp.corpus import Corpus
from seme.retrieval.evaluation import ndcg, per_query
from seme.retrieval.multivector import MultiVectorIndex, pack

_BATCH = 64
_K = 10


@dataclass(frozen=True, slots=True)
class Material:
    """A corpus, and the states of its texts below the trained blocks."""

    corpus: Corpus
    train_queries: list[States]
    train_documents: list[States]
    groups: list[str]
    """What tells training documents apart."""
    hard: list[npt.NDArray[np.int64]]
    """Rows of the training documents that are near each training query and wrong for it."""
    documents: list[States]
    queries: list[States]
    noisy: list[States]


@dataclass(frozen=True, slots=True)
class Result:
    """What one system finds: nDCG@10 of each query by collection, and what it stores.

    `vectors` and `tokens` are means over documents; `within` has, for a clustering, the share of the tokens' spread
    that is left within its clusters.
    """

    values: dict[str, dict[str, float]]
    noisy: dict[str, dict[str, float]]
    vectors: float
    tokens: float
    within: dict[str, float]

    def ndcg(self, *, noisy: bool = False) -> float:
        """Return the mean over collections."""
        return float(np.mean([np.mean(list(one.values())) for one in (self.noisy if noisy else self.values).values()]))

    @property
    def drop(self) -> float:
        """What unrelated sentences behind the queries take away."""
        return self.ndcg() - self.ndcg(noisy=True)

    @property
    def share(self) -> float:
        """Vectors of a document over its tokens."""
        return self.vectors / self.tokens


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token vectors (length, d) of each text of a corpus."""

    documents: list[States]
    queries: list[States]
    noisy: list[States]


@torch.no_grad()
def tokens(encoder: MultiVectorEncoder, material: Material, layer: int) -> Tokens:
    """Run the trained blocks over a corpus."""
    encoder.eval()
    device = next(encoder.parameters()).device

    def run(texts: Sequence[States]) -> list[States]:
        made: list[States] = []
        for part in _parts(texts):
            states, mask = (one.to(device) for one in padded(part))
            vectors = encoder.tokens(encoder.base.resume(states, mask, layer=layer)).cpu().numpy()
            made += [one[: len(text)] for one, text in zip(vectors, part, strict=True)]
        return made

    return Tokens(run(material.documents), run(material.queries), run(material.noisy))


@torch.no_grad()
def search(
    way: Reduction, found: Sequence[Tokens], material: Sequence[Material], spreads: Mapping[str, Clusters]
) -> Result:
    """Reduce queries and documents, search exactly, and measure."""
    values, noisy, counts, lengths = {}, {}, [], []
    for one, texts in zip(found, material, strict=True):
        name, ids = texts.corpus.name, list(texts.corpus.documents)
        documents = _reduced(way, one.documents, "document")
        index = MultiVectorIndex(documents[0].shape[1], encoder="this run's")
        index.add(ids, *pack(documents))
        values[name] = _values(index, texts.corpus, _reduced(way, one.queries, "query"))
        noisy[name] = _values(index, texts.corpus, _reduced(way, one.noisy, "query"))
        counts += [len(vectors) for vectors in documents]
        lengths += [len(vectors) for vectors in one.documents]
    together = [text for one in found for text in one.documents]
    within = {name: _within(clusters, together) for name, clusters in spreads.items()}
    return Result(values, noisy, float(np.mean(counts)), float(np.mean(lengths)), within)


def _values(index: MultiVectorIndex, corpus: Corpus, queries: Sequence[States]) -> dict[str, float]:
    hits = index.search(*pack(queries), min(_K, len(index)))
    run = {query: dict(one) for query, one in zip(corpus.queries, hits, strict=True)}
    return per_query(corpus.judgements, run, ndcg(_K))


def _reduced(way: Reduction, texts: Sequence[States], side: Side) -> list[States]:
    return [one for part in _parts(texts) for one in unpadded(way(*padded(part), side))]


def _within(clusters: Clusters, texts: Sequence[States]) -> float:
    shares = []
    for part in _parts(texts):
        vectors, mask = padded(part)
        shares += within_share(vectors, mask, clusters.labels(vectors, mask.bool(), "document")).tolist()
    return float(np.mean(shares))


def _parts(texts: Sequence[States]) -> Iterator[Sequence[States]]:
    for start in range(0, len(texts), _BATCH):
        yield texts[start : start + _BATCH]
