"""Straight-through codes against the codewords themselves, gradients, OPQ against faiss, and the objectives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seme.embeddings.bidr import (
    BidrBatches,
    CodesObjective,
    ContrastiveQuantiser,
    DenseObjective,
    Head,
    Pool,
    dead_codewords,
    fit_opq,
    project,
)
from seme.embeddings.bidr.quantiser import random_codebook
from seme.errors import InputError
from seme.training import Budget, Trainer


def clusters(n: int = 400, dim: int = 16, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    drawn = random.normal(size=(30, dim))[random.integers(0, 30, n)] + 0.3 * random.normal(size=(n, dim))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_the_value_is_the_codeword_to_the_last_bit_and_that_of_the_index() -> None:
    vectors = clusters()
    fitted = fit_opq(vectors, parts=4, centroids=16, iterations=3)
    module = ContrastiveQuantiser(fitted.codebook, fitted.rotation)
    found = module(module.rotated(torch.from_numpy(vectors))).detach().numpy()
    codes = fitted.encode(vectors)
    assert np.array_equal(found, np.concatenate([fitted.codebook[p][codes[:, p]] for p in range(4)], axis=1))
    assert module.frozen().digest == fitted.digest


def test_the_gradient_is_that_of_the_hard_choice_and_the_soft_one_together() -> None:
    torch.manual_seed(0)
    module = ContrastiveQuantiser(random_codebook(6, parts=2, centroids=4) * 10).double()
    vectors = torch.randn(5, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 6, dtype=torch.float64)
    (module(vectors) * weight).sum().backward()
    wanted, codebook = vectors.detach().clone().requires_grad_(), module.codebook.detach().clone().requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    for p in range(2):
        part = wanted[:, 3 * p : 3 * p + 3]
        distances = (part[:, None] - codebook[p][None]).square().sum(2)
        soft = (-distances).softmax(1)
        hard = codebook[p][distances.argmin(1)]
        through_soft = (soft - soft.detach()) @ codebook[p].detach()
        total = total + ((hard + through_soft) * weight[:, 3 * p : 3 * p + 3]).sum()
    total.backward()
    assert torch.allclose(vectors.grad, wanted.grad)
    assert torch.allclose(module.codebook.grad, codebook.grad)
    assert vectors.grad.abs().sum() > 0


def test_opq_reconstructs_no_worse_than_quantisation_without_rotation() -> None:
    vectors = clusters(600) @ np.diag(np.linspace(0.1, 2, 16)).astype(np.float32)
    errors = [
        np.square(fitted.decode(fitted.encode(vectors)) - vectors).sum(1).mean()
        for fitted in (fit_opq(vectors, parts=4, centroids=16, rotate=rotate) for rotate in (True, False))
    ]
    assert errors[0] < errors[1]


def test_training_ranks_better_by_codes_than_where_it_began() -> None:
    """Planted truth: queries hold the document in eight of sixteen dimensions, the rest is louder noise."""
    random = np.random.default_rng(1)
    documents = random.normal(size=(300, 16)).astype(np.float32) * np.repeat([1.0, 3.0], 8).astype(np.float32)
    queries = documents * np.repeat([1.0, 0.0], 8) + random.normal(size=(300, 16)) * np.repeat([0.1, 3.0], 8)
    queries = queries.astype(np.float32)
    pool = Pool(queries, documents, [np.array([i]) for i in range(300)])
    torch.manual_seed(0)
    head = Head(16)
    fitted = fit_opq(project(head, documents), parts=4, centroids=16, iterations=5)
    objective = CodesObjective(ContrastiveQuantiser(fitted.codebook, fitted.rotation))

    def recall() -> float:
        frozen = objective.quantiser.frozen()
        decoded = frozen.decode(frozen.encode(project(head, documents)))
        best = np.argsort(-(project(head, queries) @ decoded.T), axis=1)[:, :10]
        return float(np.mean([i in row for i, row in enumerate(best)]))

    before = recall()
    parameters = [*head.parameters(), *objective.parameters()]
    Trainer(
        head,
        objective,
        BidrBatches(pool, size=64),
        Budget(steps=60),
        device="cpu",
        optimizer=torch.optim.Adam(parameters, lr=2e-2),
    ).run()
    assert recall() > before + 0.2


def test_a_false_negative_is_no_negative_and_the_own_document_stays() -> None:
    queries, documents = clusters(2, 4), clusters(3, 4, 1)
    batch = {
        "queries": torch.from_numpy(queries),
        "documents": torch.from_numpy(documents),
        "ignored": torch.tensor([[True, True, False], [False, True, False]]),
    }
    head = Head(4)
    scores = (head(batch["queries"]) @ head(batch["documents"]).T).detach().double()
    first = torch.logsumexp(scores[0, [0, 2]], 0) - scores[0, 0]
    second = torch.logsumexp(scores[1], 0) - scores[1, 1]
    assert torch.allclose(DenseObjective()(head, batch).total.double(), (first + second) / 2, atol=1e-5)


def test_dead_codewords_are_counted() -> None:
    vectors = clusters(64)
    fitted = fit_opq(vectors, parts=4, centroids=16, rotate=False)
    codes = fitted.encode(vectors[:3])
    assert dead_codewords(fitted, codes) == 64 - sum(len(set(codes[:, p].tolist())) for p in range(4))


def test_settings_that_cannot_be_used_are_refused() -> None:
    for settings, message in (
        ({"parts": 5}, "divisor"),
        ({"parts": 4, "centroids": 100}, "power of two"),
        ({"parts": 4, "centroids": 256}, "at most 20"),
    ):
        with pytest.raises(InputError, match=message):
            fit_opq(clusters(20), **settings)
    with pytest.raises(InputError, match="NaN"):
        fit_opq(np.full((20, 4), np.nan), parts=2, centroids=2)
    with pytest.raises(InputError, match="temperature"):
        Head(4, temperature=0)
    with pytest.raises(InputError, match="reconstruction"):
        CodesObjective(ContrastiveQuantiser(random_codebook(4, parts=2, centroids=2)), reconstruction=-1)
    with pytest.raises(InputError, match="expected"):
        ContrastiveQuantiser(random_codebook(4, parts=2, centroids=2))(torch.zeros(1, 5))
    with pytest.raises(InputError, match="query 1 has the positives"):
        Pool(clusters(2, 4), clusters(3, 4), [np.array([0]), np.array([], dtype=np.int64)])


def test_opq_takes_fewer_vectors_than_dimensions() -> None:
    vectors = clusters(40, 96)
    fitted = fit_opq(vectors, parts=8, centroids=16, iterations=2)
    lost = np.square(fitted.decode(fitted.encode(vectors)) - vectors).sum()
    assert lost < 0.8 * np.square(vectors).sum()
