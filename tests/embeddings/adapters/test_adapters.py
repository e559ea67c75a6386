"""Adapters: nothing at first, a planted map found again, losses by hand, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.adapters import (
    AdapterSettings,
    CosineEmbeddingLoss,
    LowRankAdapter,
    Pairs,
    RetrievalAdapter,
    SoftmaxLoss,
    TripletLoss,
    best_rows,
    hard_negatives,
    ndcg_values,
    quality,
    recall_values,
    select_adapter,
)
from seme.errors import InputError
from seme.retrieval.evaluation import evaluate, ndcg, recall

DIM = 12


def planted(seed: int, count: int = 150, noise: float = 0.02) -> Pairs:
    """Documents, and queries that are the documents with two of their axes exchanged: a map of rank two."""
    documents = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    documents[:, :2] *= 4
    queries = documents[:, [1, 0, *range(2, DIM)]]
    queries = queries + noise * np.random.default_rng(seed + 1).normal(size=queries.shape).astype(np.float32)
    return Pairs(queries, documents, [[row] for row in range(count)])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_measures_are_those_of_the_search_engine(seed, k):
    rng = np.random.default_rng(seed)
    positives = [sorted(rng.choice(9, rng.integers(1, 4), replace=False).tolist()) for _ in range(5)]
    pairs = Pairs(rng.normal(size=(5, 4)), rng.normal(size=(9, 4)), positives)
    scores = pairs.queries @ pairs.documents.T
    run = {str(i): {str(j): float(score) for j, score in enumerate(row)} for i, row in enumerate(scores)}
    right = {str(i): {str(j): 1 for j in one} for i, one in enumerate(positives)}
    found = best_rows(pairs.queries, pairs.documents, k)
    assert found.tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()
    assert ndcg_values(pairs, found, k).mean() == pytest.approx(evaluate(right, run, ndcg(k)))
    assert recall_values(pairs, found, k).mean() == pytest.approx(evaluate(right, run, recall(k)))


@pytest.mark.parametrize("activation", ["identity", "softmax", "relu"])
@pytest.mark.parametrize("rank", [3, None])
def test_nothing_is_changed_at_first(activation, rank):
    vectors = torch.nn.functional.normalize(torch.randn(20, DIM), dim=1)
    torch.testing.assert_close(LowRankAdapter(DIM, rank, activation)(vectors), vectors, rtol=0, atol=1e-6)


@pytest.mark.parametrize("mode", ["query", "document", "both", "shared"])
@pytest.mark.parametrize("loss", ["softmax", "triplet", "cosine-embedding"])
def test_a_planted_map_is_found(mode, loss):
    train, validation, test = (planted(seed) for seed in (0, 10, 20))
    rate = 0.03 if loss == "softmax" else 0.01
    chosen = AdapterSettings(rank=4, mode=mode, loss=loss, rate=rate, epochs=30, batch=50, drawn=20)
    adapter = RetrievalAdapter(chosen).fit(train, validation=validation)
    before = quality(test, test.queries, test.documents)
    after = quality(test, adapter.transform(test.queries, "query"), adapter.transform(test.documents, "document"))
    assert after > before + 0.05
    assert (adapter.transform(test.queries, "query") != test.queries).any() == (mode != "document")
    assert (adapter.transform(test.documents, "document") != test.documents).any() == (mode != "query")


def test_the_same_seed_gives_the_same_adapter():
    pairs = planted(0, 40)
    first, second, other = (
        RetrievalAdapter(AdapterSettings(rank=2, epochs=2), seed=seed).fit(pairs).transform(pairs.queries, "query")
        for seed in (0, 0, 1)
    )
    assert (first == second).all()
    assert (first != other).any()


def test_the_identity_is_kept_where_nothing_is_better():
    rng = np.random.default_rng(0)
    right = planted(0, 60)
    same = Pairs(right.documents, right.documents, right.positives)
    noise = Pairs(rng.normal(size=(60, DIM)), rng.normal(size=(60, DIM)), [[row] for row in range(60)])
    found = select_adapter([AdapterSettings(rank=2, epochs=4), AdapterSettings(rank=3, epochs=4)], noise, same)
    assert found.adapter.epoch_ == 0
    assert found.values == (1.0, 1.0)
    assert found.identity == 1.0
    worse = RetrievalAdapter(AdapterSettings(rank=2, epochs=4, never_worse=False)).fit(noise, validation=same)
    assert worse.epoch_ > 0


def test_losses_are_those_by_hand():
    scores = torch.tensor([[0.9, 0.5, 0.8, -torch.inf], [0.2, 0.1, 0.3, 0.0]])
    right = torch.tensor([[True, False, False, False], [False, True, True, False]])
    low, high = math.exp(9) / (math.exp(9) + math.exp(5) + math.exp(8)), math.exp(1) + math.exp(3)
    expected = -(math.log(low) + math.log(high / (high + math.exp(2) + 1))) / 2
    assert SoftmaxLoss(0.1)(scores, right).item() == pytest.approx(expected, rel=1e-5)
    first, second = 0.1, (0.2 - 0.1 + 0.2) + (0.2 - 0.1) + (0.2 - 0.3 + 0.2)
    assert TripletLoss(0.2)(scores, right).item() == pytest.approx((first + second) / 2, rel=1e-5)
    near = ((0.5 - 0.1) + (0.8 - 0.1) + (0.2 - 0.1) + 0) / 4
    assert CosineEmbeddingLoss(0.1)(scores, right).item() == pytest.approx((0.1 + 0.9 + 0.7) / 3 + near, rel=1e-5)


def test_cosine_embedding_loss_is_pytorchs():
    queries, documents = torch.randn(6, 5), torch.randn(6, 5)
    scores = torch.nn.functional.cosine_similarity(queries[:, None], documents[None], dim=2)
    eye = torch.eye(6, dtype=torch.bool)
    loss = torch.nn.CosineEmbeddingLoss(margin=0.2)
    right = loss(queries, documents, torch.ones(6))
    rows, columns = (~eye).nonzero(as_tuple=True)
    wrong = loss(queries[rows], documents[columns], -torch.ones(len(rows)))
    torch.testing.assert_close(CosineEmbeddingLoss(0.2)(scores, eye), right + wrong)


def test_hard_negatives_are_near_and_wrong_and_never_the_same_as_a_right_one():
    documents = np.array([[1, 0], [1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]], dtype=np.float32)
    pairs = Pairs(np.array([[1.0, 0.0]]), documents, [[0]])
    assert hard_negatives(pairs, pairs.queries, pairs.documents, count=2).tolist() == [[2, 3]]


def test_what_cannot_be_trained_is_refused():
    good = np.eye(3)
    with pytest.raises(InputError, match="query 1 has no right document"):
        Pairs(good, good, [[0], [], [2]])
    with pytest.raises(InputError, match=r"query 0 names the documents \[3\]"):
        Pairs(good, good, [[3], [1], [2]])
    with pytest.raises(InputError, match="vector 2 is zero"):
        Pairs(good, np.diag([1.0, 1.0, 0.0]), [[0], [1], [1]])
    with pytest.raises(InputError, match="not finite"):
        Pairs(good * np.nan, good, [[0], [1], [1]])
    with pytest.raises(InputError, match="queries have 3 dimensions and documents 2"):
        Pairs(good, good[:, :2] + 1, [[0], [1], [1]])
    with pytest.raises(InputError, match="rank is 0"):
        AdapterSettings(rank=0)
    with pytest.raises(InputError, match="mode is 'all'"):
        AdapterSettings(mode="all")
    with pytest.raises(InputError, match="was not fitted"):
        RetrievalAdapter().transform(good, "query")
    pairs = Pairs(good, good, [[0], [1], [2]])
    with pytest.warns(UserWarning, match="3 queries for 8 keys are few"), pytest.warns(UserWarning, match="not low"):
        RetrievalAdapter(AdapterSettings(rank=8, epochs=1)).fit(pairs)
