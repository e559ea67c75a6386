"""Scores beside float64 brute force, and a loss that does what it is for."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.crisp import ChamferLoss, Clusters, Reduced, chamfer, within_share
from seme.errors import InputError


def drawn(lengths, seed):
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(len(lengths), max(lengths), 6, generator=generator)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return Reduced(vectors, mask)


QUERIES, DOCUMENTS = drawn([3, 1, 5], 0), drawn([4, 9, 2, 1], 1)


def test_chamfer_is_the_sum_of_the_best_products_without_padding():
    found = chamfer(QUERIES, DOCUMENTS)
    for i in range(3):
        for j in range(4):
            query = QUERIES.vectors[i][QUERIES.mask[i]].double().numpy()
            document = DOCUMENTS.vectors[j][DOCUMENTS.mask[j]].double().numpy()
            assert found[i, j].item() == pytest.approx((query @ document.T).max(axis=1).sum(), rel=1e-5, abs=1e-5)


def test_a_document_whose_products_are_all_negative_keeps_its_score():
    query = Reduced(torch.tensor([[[-1.0, 0.0]]]), torch.ones(1, 1))
    padded = Reduced(torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), torch.tensor([[1, 0]]))
    assert chamfer(query, padded).tolist() == [[-1.0]]


def test_the_loss_is_the_cross_entropy_of_scores():
    documents = Reduced(DOCUMENTS.vectors[:3], DOCUMENTS.mask[:3])
    scores = chamfer(QUERIES, documents).double().numpy() / QUERIES.mask.sum(1, keepdim=True).numpy() / 0.5
    expected = np.mean([np.log(np.exp(row).sum()) - row[i] for i, row in enumerate(scores)])
    assert ChamferLoss(temperature=0.5)(QUERIES, documents).item() == pytest.approx(expected, rel=1e-5)
    plain = ChamferLoss(temperature=0.5, per_vector=False)(QUERIES, documents)
    assert plain.item() != pytest.approx(expected, rel=1e-3)


def test_training_through_clusters_makes_planted_groups_cluster():
    """Each text mixes two themes; one noisy linear map is trained through the means of two clusters."""
    generator = torch.Generator().manual_seed(0)
    themes = torch.nn.functional.normalize(torch.randn(12, 8, generator=generator), dim=1)
    pairs = torch.stack([torch.randperm(12, generator=generator)[:2] for _ in range(16)])
    noise = torch.randn(2, 16, 10, 8, generator=generator)
    made = torch.cat([themes[pairs].repeat_interleave(5, 1).expand(2, -1, -1, -1), noise], dim=3)
    weights = torch.eye(16).requires_grad_()
    optimizer, loss, mask = torch.optim.Adam([weights], lr=0.02), ChamferLoss(temperature=0.1), torch.ones(16, 10)
    clusters = Clusters(2, 2)

    def tokens(side):
        return torch.nn.functional.normalize(made[side] @ weights, dim=2)

    def spread():
        with torch.no_grad():
            return within_share(tokens(1), mask, clusters.labels(tokens(1), mask.bool(), "document")).mean().item()

    before, first = spread(), None
    for _ in range(40):
        value = loss(clusters(tokens(0), mask, "query"), clusters(tokens(1), mask, "document"))
        first = value.item() if first is None else first
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    assert value.item() < 0.5 * first
    assert spread() < 0.8 * before


def test_what_cannot_be_scored_is_named():
    with pytest.raises(InputError, match="temperature is 0"):
        ChamferLoss(temperature=0)
    with pytest.raises(InputError, match="expected"):
        chamfer(QUERIES, Reduced(torch.ones(1, 2, 3), torch.ones(1, 2)))
    with pytest.raises(InputError, match="no vector"):
        chamfer(QUERIES, Reduced(torch.ones(1, 2, 6), torch.zeros(1, 2)))
