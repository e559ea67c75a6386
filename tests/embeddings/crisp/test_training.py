"""Batches that are the same at any time, and training of what is above the frozen blocks alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from transformers import BertConfig, BertModel

from seme.embeddings.crisp import (
    CrispObjective,
    MultiVectorEncoder,
    PairBatches,
    reduction,
    train_above,
)
from seme.embeddings.encoder import TextEncoder
from seme.errors import InputError
from seme.training.budget import Budget
from seme.training.trainer import Trainer

RNG = np.random.default_rng(0)
TEXTS = [RNG.normal(size=(length, 16)).astype(np.float16) for length in (4, 9, 2, 7, 5, 6)]
GROUPS = [0, 1, 2, 0, 4, 5]


def encoder() -> MultiVectorEncoder:
    torch.manual_seed(0)
    config = BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=50)
    return MultiVectorEncoder(TextEncoder(BertModel(config), None), reduction=reduction("C2x3"))


def test_a_batch_is_the_same_in_every_process_and_marks_pairs_of_one_document():
    batches = PairBatches(TEXTS, TEXTS[::-1], GROUPS, size=6, seed=3)
    first = batches.starting_at(0)
    next(first)
    second, again = next(first), next(batches.starting_at(1))
    assert all(torch.equal(second[name], again[name]) for name in second)
    assert int(second["ignored"].sum()) == 6 + 2
    assert sorted(second["query_mask"].sum(1).tolist()) == [2, 4, 5, 6, 7, 9]


def test_a_hard_negative_stands_beside_each_right_document():
    hard = [np.array([(row + 1) % 6]) for row in range(6)]
    batch = next(PairBatches(TEXTS, TEXTS, GROUPS, size=4, hard=hard).starting_at(0))
    lengths = batch["attention_mask"].sum(1).tolist()
    rows = [[len(one) for one in TEXTS].index(length) for length in lengths]
    assert rows[4:] == [(row + 1) % 6 for row in rows[:4]]
    own = np.array(GROUPS)[rows]
    np.testing.assert_array_equal(batch["ignored"].numpy(), own[:4, None] == own[None, :])


def test_a_query_without_hard_negatives_takes_any_document():
    batches = PairBatches(TEXTS, TEXTS, GROUPS, size=6, hard=[np.empty(0, dtype=np.int64)] * 6)
    shown = [next(batches.starting_at(k))["attention_mask"].sum(1)[6:].tolist() for k in range(20)]
    assert {length for one in shown for length in one} == {len(one) for one in TEXTS}


def test_only_what_is_above_the_frozen_blocks_moves_and_the_loss_falls():
    model = encoder()
    trained = train_above(model, 1)
    before = {name: one.detach().clone() for name, one in model.named_parameters()}
    batches = PairBatches(TEXTS, TEXTS, [0, 1, 2, 3, 4, 5], size=6)
    outcome = Trainer(
        model,
        CrispObjective(layer=1, temperature=0.1),
        batches,
        Budget(steps=25),
        optimizer=torch.optim.Adam(trained, lr=3e-3),
        device="cpu",
        log_every=1,
    ).run()
    moved = {name for name, one in model.named_parameters() if not torch.equal(one, before[name])}
    assert moved
    assert all(name.startswith("base.model.encoder.layer.1.") for name in moved)
    assert outcome.metrics[-1]["loss"] < 0.8 * outcome.metrics[0]["loss"]


def test_what_cannot_be_trained_is_named():
    with pytest.raises(InputError, match="no block"):
        train_above(encoder(), 2)
    with pytest.raises(InputError, match="1 groups"):
        PairBatches(TEXTS, TEXTS, [0], size=4)
    with pytest.raises(InputError, match="hard negatives of 2"):
        PairBatches(TEXTS, TEXTS, GROUPS, size=4, hard=[np.array([1])] * 2)
    with pytest.raises(InputError, match="size is 1"):
        PairBatches(TEXTS, TEXTS, GROUPS, size=1)
