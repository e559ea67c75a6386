"""What encoders, BM25 and averaged word vectors find for test queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets.word_vectors import load_word_vectors
from seme.embeddings.encoder import TextEncoder
from seme.experiments.collecting import Corpus
from seme.retrieval import BM25Index
from seme.retrieval.evaluation import Measure, Run, ndcg, per_query, recall
from seme.retrieval.pipelines import Lexical, run

if TYPE_CHECKING:
    from seme.experiments.contriever.material import Material

MEASURES: Mapping[str, Measure] = {"Recall@100": recall(100), "nDCG@10": ndcg(10)}
"""By their names."""
DEPTH = 100
Vectors = npt.NDArray[np.float32]
Values = dict[str, dict[str, dict[str, float]]]
"""Collection -> measure -> query -> value."""
_WORD = re.compile(r"[a-z]+|[0-9]+")


def judged(corpus: Corpus, found: Run) -> dict[str, dict[str, float]]:
    """Return the values of each measure for a collection's test queries."""
    judgements = corpus.parts["test"].judgements
    return {name: per_query(judgements, found, measure) for name, measure in MEASURES.items()}


def dense(material: Material, encode: Callable[[Sequence[str]], Vectors]) -> Values:
    """Judge inner products of vectors."""
    values = {}
    for name, corpus in material.corpora.items():
        asked = corpus.parts["test"].queries
        found = ranked(encode(list(asked.values())), encode(list(corpus.documents.values())))
        ids = list(corpus.documents)
        hits = {one: {ids[row]: score for row, score in best} for one, best in zip(asked, found, strict=True)}
        values[name] = judged(corpus, hits)
    return values


def ranked(queries: Vectors, documents: Vectors) -> list[list[tuple[int, float]]]:
    """Return the rows and scores of the best documents of each query."""
    scores = queries @ documents.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return [[(int(row), float(scores[i, row])) for row in rows] for i, rows in enumerate(best)]


def student_values(material: Material, student: TextEncoder) -> Values:
    """Judge an encoder."""
    return dense(material, lambda texts: student.encode(texts, batch_size=64))


def lexical(material: Material) -> Values:
    """Judge BM25."""
    values = {}
    for name, corpus in material.corpora.items():
        index = BM25Index()
        index.add(list(corpus.documents), list(corpus.documents.values()))
        values[name] = judged(corpus, run(Lexical(index), corpus.parts["test"].queries, k=DEPTH))
    return values


def glove(material: Material) -> Values:
    """Judge cosines of averaged GloVe vectors."""
    known = load_word_vectors("glove-6b-50d")

    def encode(texts: Sequence[str]) -> Vectors:
        made = np.zeros((len(texts), known.vectors.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            places = [known.index[word] for word in _WORD.findall(text.casefold()) if word in known.index]
            if places:
                mean = known.vectors[places].mean(0)
                made[row] = mean / np.linalg.norm(mean)
        return made

    return dense(material, encode)


def chance(material: Material) -> dict[str, float]:
    """Return the expected Recall@100 of a random ranking of each collection."""
    return {name: min(1.0, DEPTH / len(corpus.documents)) for name, corpus in material.corpora.items()}


def mean(values: Values, measure: str, collection: str | None = None) -> float:
    """Return the mean over queries of a collection, or the mean of those means over all collections."""
    names = list(values) if collection is None else [collection]
    return float(np.mean([np.mean(list(values[name][measure].values())) for name in names]))
