"""An encoder that others trained, whose last block is trained on crops; the blocks below run once for both."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from seme.embeddings.contriever import MomentumContrast, ViewBatches, Views
from seme.embeddings.encoder import TextEncoder
from seme.experiments.contriever import judging
from seme.experiments.contriever.judging import Values, Vectors
from seme.experiments.contriever.material import token_corpus
from seme.experiments.contriever.students import optimise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seme.experiments.contriever.material import Material
    from seme.experiments.p23_contriever import ContrieverSettings

_RATE, _BATCH = 2e-5, 32


def measure(material: Material, settings: ContrieverSettings, seed: int) -> dict[str, Values]:
    """Judge the encoder as it comes, and after it was trained."""
    plain = TextEncoder.load(settings.encoder, longest=settings.longest).eval()
    trained = copy.deepcopy(plain)
    for name, one in trained.named_parameters():
        one.requires_grad = f"encoder.layer.{plain.depth - 1}." in name
    objective = MomentumContrast(
        trained, queue=settings.short, momentum=settings.momentum, temperature=settings.temperature, seed=seed
    )
    corpora = [token_corpus(list(one.documents.values()), plain.tokenizer) for one in material.corpora.values()]
    data = ViewBatches(corpora, plain.tokenizer, size=settings.batch, views=Views(chunk=settings.chunk), seed=seed)
    optimise(trained, objective, data, settings.continued, _RATE, seed)
    kept: dict[str, dict[str, Vectors]] = {"plain": {}, "trained": {}}
    texts = list(
        dict.fromkeys(
            text
            for corpus in material.corpora.values()
            for group in (corpus.documents, corpus.parts["test"].queries)
            for text in group.values()
        )
    )
    for row, vectors in zip(texts, zip(*_encode([plain, trained], texts), strict=True), strict=True):
        kept["plain"][row], kept["trained"][row] = vectors
    return {name: judging.dense(material, _Lookup(found)) for name, found in kept.items()}


class _Lookup:
    """Vectors that were made before."""

    def __init__(self, vectors: Mapping[str, Vectors]) -> None:
        self._vectors = vectors

    def __call__(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[one] for one in texts])


@torch.no_grad()
def _encode(encoders: Sequence[TextEncoder], texts: Sequence[str]) -> list[Vectors]:
    """Return the vectors of encoders that differ in the last block alone."""
    first = encoders[0]
    made = [np.empty((len(texts), first.dim), dtype=np.float32) for _ in encoders]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        batch = first.tokenise([texts[row] for row in rows])
        mask = batch["attention_mask"]
        below = first.states(batch, layer=first.depth - 1)
        for encoder, vectors in zip(encoders, made, strict=True):
            vectors[rows] = encoder.pooled(encoder.resume(below, mask, layer=first.depth - 1), mask).numpy()
    return made
