"""Tasks out of collections: vectors of training, validation and test that share no right document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.assets.collections import COLLECTIONS, SPLITS, Split
from seme.assets.minilm import minilm_files
from seme.embeddings.adapters import Pairs
from seme.embeddings.averaged import AveragedWords
from seme.embeddings.caching import encode_cached
from seme.embeddings.onnx import OnnxEncoder
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.collecting import gather

if TYPE_CHECKING:
    from seme.experiments.p50_adapters import AdaptersSettings

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Task:
    """A collection under an encoder; the documents of `train` lack those that are right in the other two."""

    name: str
    heterogeneous: bool
    train: Pairs
    validation: Pairs
    test: Pairs


def encoder_of(name: str) -> tuple[str, Encode]:
    """Return an encoder's full name and what it does: `minilm`, or the mean of word vectors by their name."""
    if name == "minilm":
        encoder = OnnxEncoder(minilm_files(), threads=1)
        return encoder.name, encoder.encode
    averaged = AveragedWords.load(name)
    return averaged.name, averaged.encode


def make(name: str, encoder: tuple[str, Encode], settings: AdaptersSettings, context: Context) -> Task:
    """Encode a collection, or take its vectors from the cache."""
    limits: dict[Split, int] = {"train": settings.pairs, "validation": settings.queries, "test": settings.queries}
    corpus = gather(name, documents=settings.documents, queries=limits)
    for split, part in corpus.parts.items():
        if not part.queries:
            raise InputError(f"{name} has no {split} queries")
    places = {one: row for row, one in enumerate(corpus.documents)}
    texts = [*corpus.documents.values(), *(text for part in corpus.parts.values() for text in part.queries.values())]
    vectors = encode_cached(
        encoder[1], texts, name=encoder[0], folder=context.cache / "adapters", progress=context.progress
    )
    held = {one for split in SPLITS[1:] for right in corpus.parts[split].judgements.values() for one in right}
    kept = np.array([row for one, row in places.items() if one not in held])
    documents, start, made = vectors[: len(places)], len(places), []
    for split in SPLITS:
        part = corpus.parts[split]
        queries = vectors[start : start + len(part.queries)]
        start += len(part.queries)
        rows = kept if split == "train" else np.arange(len(places))
        where = {int(row): place for place, row in enumerate(rows)}
        right = [[where[places[one]] for one in part.judgements[query]] for query in part.queries]
        made.append(Pairs(queries, documents[rows], right))
    return Task(name, COLLECTIONS[name].kind == "heterogeneous", *made)
