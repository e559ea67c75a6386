"""Fine-tuning a student on the training queries of all collections together."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seme.embeddings.contriever import FineTuneBatches, InBatchContrast, mine_negatives
from seme.embeddings.contriever.cropping import Tokens
from seme.embeddings.encoder import TextEncoder
from seme.experiments.contriever.students import optimise

if TYPE_CHECKING:
    from seme.experiments.contriever.material import Material
    from seme.experiments.p23_contriever import ContrieverSettings


def tune(
    student: TextEncoder,
    material: Material,
    settings: ContrieverSettings,
    seed: int,
    *,
    miner: TextEncoder | None = None,
) -> TextEncoder:
    """Return a copy that is trained with in-batch and random negatives, and hard ones if there is a model to mine."""
    queries, documents, relevant = material.labelled
    hard = None
    if miner is not None:
        vectors = [miner.encode(texts, batch_size=64) for texts in (queries, documents)]
        hard = mine_negatives(vectors[0], vectors[1], relevant)
    data = FineTuneBatches(
        _tokens(queries, material.tokenizer),
        _tokens(documents, material.tokenizer),
        relevant,
        material.tokenizer,
        hard=hard,
        size=settings.batch,
        longest=settings.longest - 2,
        seed=seed,
    )
    objective = InBatchContrast(temperature=settings.temperature)
    return optimise(copy.deepcopy(student), objective, data, settings.tuned, settings.rate_tuned, seed)


def _tokens(texts: Sequence[str], tokenizer: Any) -> list[Tokens]:
    found = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    return [np.asarray(row, dtype=np.int64) for row in found]
