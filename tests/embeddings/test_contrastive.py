"""Contrastive losses against sentence-transformers and a float64 computation by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.contrastive import ContrastiveLoss, info_nce
from seme.errors import InputError


def _vectors(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_it_equals_the_loss_of_sentence_transformers_with_hard_negatives_of_all():
    losses = pytest.importorskip("sentence_transformers.losses")
    queries, positives, negatives = (_vectors(8, 16, seed=seed).requires_grad_() for seed in range(3))
    theirs = losses.MultipleNegativesRankingLoss(None, scale=20.0)
    expected = theirs.compute_loss_from_embeddings([queries, positives, negatives], None)
    found = ContrastiveLoss(temperature=0.05)(queries, torch.cat([positives, negatives]))
    assert found.item() == pytest.approx(expected.item(), abs=1e-9)
    for ours, other in zip(
        torch.autograd.grad(found, [queries, positives, negatives], retain_graph=True),
        torch.autograd.grad(expected, [queries, positives, negatives]),
        strict=True,
    ):
        assert torch.allclose(ours, other, atol=1e-9)


def test_own_negatives_and_a_queue_count_as_by_hand():
    queries, documents, hard, queue = _vectors(3, 4), _vectors(5, 4, seed=1), _vectors(3, 2, 4, seed=2), _vectors(6, 4)
    queue.requires_grad_()
    columns = torch.tensor([4, 0, 2])
    loss = ContrastiveLoss(temperature=0.5, similarity="dot")
    found = loss(queries, documents, positives=columns, hard=hard, queue=queue)
    expected = 0.0
    for i in range(3):
        scores = [float(queries[i] @ one) / 0.5 for one in (*documents, *hard[i], *queue.detach())]
        expected -= scores[columns[i]] - math.log(sum(math.exp(one) for one in scores))
    assert found.item() == pytest.approx(expected / 3)
    assert not found.requires_grad


def test_several_positives_are_summed_and_false_negatives_left_out():
    scores = _vectors(2, 4)
    right = torch.tensor([[True, True, False, False], [False, False, True, False]])
    ignored = torch.tensor([[True, False, True, False], [False, False, False, True]])
    kept = [[0, 1, 3], [0, 1, 2]]
    expected = 0.0
    for i, columns in enumerate(kept):
        among = sum(math.exp(scores[i, j]) for j in columns)
        expected -= math.log(sum(math.exp(scores[i, j]) for j in range(4) if right[i, j]) / among)
    assert info_nce(scores, right, ignored=ignored).item() == pytest.approx(expected / 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ContrastiveLoss(temperature=0.0), "temperature is 0"),
        (lambda: ContrastiveLoss(similarity="euclidean"), "similarity is 'euclidean'"),
        (lambda: ContrastiveLoss()(torch.ones(2, 3), torch.ones(2, 4)), "3 dimensions and documents 4"),
        (lambda: ContrastiveLoss()(torch.ones(0, 3), torch.ones(2, 3)), r"queries is \(0, 3\)"),
        (lambda: ContrastiveLoss()(torch.ones(3, 3), torch.ones(2, 3)), "columns 0 to 2 for 3 queries"),
        (lambda: info_nce(torch.ones(2, 2), torch.eye(2) > 2), "query 0 has no positive"),
        (lambda: info_nce(torch.ones(2, 2), torch.ones(2, 3) > 0), r"positives is \(2, 3\)"),
        (lambda: info_nce(torch.ones(2, 2), ignored=torch.ones(2, 3) > 0), r"ignored is \(2, 3\)"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
