"""Training an encoder of queries with their first hits; the states below the trained blocks are computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.caching import encode_cached
from seme.embeddings.feedback import FeedbackBatches, FeedbackEncoder, FeedbackObjective, hard_negatives
from seme.experiment import Context
from seme.experiments.collecting import Asked, Corpus
from seme.experiments.feedback_encoder.bases import Base
from seme.training import Budget, Trainer

if TYPE_CHECKING:
    from seme.experiments.p16_feedback_encoder import FeedbackEncoderSettings

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Variant:
    """What is varied: passages, learning rate, depth of the negatives, seed."""

    passages: int
    rate: float
    depth: int
    seed: int


@dataclass(frozen=True, slots=True)
class States:
    """Of queries with their passages: states below the trained blocks (n, length, d), and the mask (n, length)."""

    states: npt.NDArray[np.float32]
    mask: torch.Tensor


def new_encoder(base: Base, passages: int, settings: FeedbackEncoderSettings) -> FeedbackEncoder:
    """Return an encoder that is still the base's query encoder."""
    trained = min(settings.trained, base.encoder.depth)
    return FeedbackEncoder(base.encoder, passages=passages, trained=trained, longest=settings.longest)


def lower_states(
    base: Base, corpus: Corpus, asked: Asked, passages: int, settings: FeedbackEncoderSettings, context: Context
) -> States:
    """Return the states of a split's queries with the first hits of the base."""
    encoder = new_encoder(base, passages, settings)
    pairs = [
        (text, [corpus.documents[hit] for hit in base.hits[one].ids[:passages]]) for one, text in asked.queries.items()
    ]
    by_text = {"\x1f".join((query, *hits)): (query, hits) for query, hits in pairs}

    def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        kept = np.zeros((len(texts), settings.longest, base.encoder.dim), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = encoder.tokenise([by_text[text] for text in texts[start : start + _BATCH]])
            found = encoder.lower(batch).numpy()
            kept[start : start + len(found), : found.shape[1]] = found
        return kept.reshape(len(texts), -1)

    name = f"{base.dense.index.encoder}-states-{encoder.first}-{settings.longest}"
    flat = encode_cached(encode, list(by_text), name=name, folder=context.cache, progress=context.progress)
    states = flat.reshape(len(pairs), settings.longest, base.encoder.dim)
    return States(states, encoder.tokenise(pairs, pad_to=settings.longest)["attention_mask"])


def train(
    base: Base, corpus: Corpus, kept: States, variant: Variant, settings: FeedbackEncoderSettings, context: Context
) -> FeedbackEncoder:
    """Train an encoder, or take it from where a broken run left it."""
    asked = corpus.parts["train"]
    relevant = [np.array([base.rows[one] for one in grades]) for grades in asked.judgements.values()]
    rng = np.random.default_rng([variant.seed, variant.depth])
    negatives = [
        hard_negatives([base.rows[hit] for hit in base.hits[one].ids], right, depth=variant.depth, rng=rng)
        for one, right in zip(asked.queries, relevant, strict=True)
    ]
    usable = [i for i, one in enumerate(negatives) if len(one)]
    data = FeedbackBatches(
        kept.states[usable],
        kept.mask[usable],
        base.documents,
        [relevant[i] for i in usable],
        [negatives[i] for i in usable],
        size=settings.batch,
        hard=settings.hard,
        seed=variant.seed,
    )
    encoder = new_encoder(base, variant.passages, settings)
    key = repr(
        (base.dense.index.encoder, variant, settings.model_dump(exclude={"seeds", "rates", "depths", "numbers"}))
    )
    Trainer(
        encoder,
        FeedbackObjective(temperature=settings.temperature),
        data,
        Budget(steps=settings.steps),
        folder=context.cache / f"training-{hashlib.sha256(key.encode()).hexdigest()[:16]}",
        seed=variant.seed,
        optimizer=torch.optim.AdamW(encoder.parameters(), lr=variant.rate, fused=True),
        device="cpu",
        settings={"variant": key},
    ).run()
    return encoder.eval()


@torch.no_grad()
def vectors(encoder: FeedbackEncoder, kept: States) -> npt.NDArray[np.float32]:
    """Return the queries' vectors (n, d) from their states."""
    parts = []
    for start in range(0, len(kept.states), _BATCH):
        mask = kept.mask[start : start + _BATCH]
        width = int(mask.sum(1).max())
        states = torch.from_numpy(np.array(kept.states[start : start + _BATCH, :width]))
        parts.append(encoder({"states": states, "attention_mask": mask[:, :width]}).numpy())
    return np.concatenate(parts)
