"""Heads and their loss: closed forms, gradients, and planted classes that a prefix must learn."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F

from seme.embeddings.matryoshka import NestedCrossEntropy, SeparateHeads, TiedHeads, nested_logits
from seme.errors import InputError

DIMS = (2, 3, 8)


def _vectors(n=5, d=8, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_separate_heads_see_their_coordinates_alone():
    heads = SeparateHeads(DIMS, 4).double()
    x = _vectors()
    other = x.clone()
    other[:, 3:] += 1
    for dim, one, changed in zip(DIMS, heads(x), heads(other), strict=True):
        assert torch.equal(one, heads.logits(x, dim))
        assert torch.equal(one, changed) == (dim <= 3)
    assert sum(p.numel() for p in heads.parameters()) == 4 * sum(DIMS) + 4 * len(DIMS)
    with pytest.raises(InputError, match="dim is 4"):
        heads.logits(x, 4)


def test_tied_heads_are_slices_of_one_with_one_bias():
    heads = TiedHeads(DIMS, 4).double()
    x = _vectors()
    for dim, one in zip(DIMS, heads(x), strict=True):
        expected = F.linear(x[:, :dim], heads.head.weight[:, :dim], heads.head.bias)
        assert torch.allclose(one, expected, atol=1e-12)
        assert torch.allclose(heads.logits(x, dim), expected, atol=1e-12)
    assert heads.logits(x, 5).shape == (5, 4)  # a size that was not trained
    assert sum(p.numel() for p in TiedHeads(DIMS, 4, bias=False).parameters()) == 4 * 8


def test_gradients_of_the_summed_slices_are_those_of_each_slice():
    x = _vectors().requires_grad_()
    weight = torch.randn(4, 8, dtype=torch.float64).requires_grad_()
    targets = torch.tensor([0, 1, 2, 3, 0])
    loss = NestedCrossEntropy(DIMS)
    ours = torch.autograd.grad(loss(nested_logits(x, weight, None, DIMS), targets), (x, weight))
    plain = sum(F.cross_entropy(x[:, :m] @ weight[:, :m].T, targets) for m in DIMS)
    for one, other in zip(ours, torch.autograd.grad(plain, (x, weight)), strict=True):
        assert torch.allclose(one, other, atol=1e-12)


def test_nested_predictions_of_words_over_a_sequence():
    states, words = torch.randn(2, 3, 8), torch.nn.Embedding(11, 8)
    found = nested_logits(states, words.weight, torch.zeros(11), (4, 8))
    assert [one.shape for one in found] == [(2, 3, 11)] * 2
    assert torch.allclose(found[1], states @ words.weight.T, atol=1e-5)


def test_the_loss_is_the_weighted_sum():
    heads, x, y = SeparateHeads(DIMS, 4).double(), _vectors(), torch.tensor([0, 1, 2, 3, 0])
    terms = [F.cross_entropy(one, y, label_smoothing=0.1) for one in heads(x)]
    found = NestedCrossEntropy(DIMS, weights=[1, 0.5, 2], label_smoothing=0.1)(heads(x), y)
    assert torch.allclose(found, terms[0] + 0.5 * terms[1] + 2 * terms[2], atol=1e-12)
    one = NestedCrossEntropy([8])(SeparateHeads([8], 4).double()(x), y)  # a list of one is the fixed-size baseline
    assert one.shape == ()


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="logits of 1 sizes"):
        NestedCrossEntropy(DIMS)([torch.zeros(1, 4)], torch.tensor([0]))
    with pytest.raises(InputError, match="label_smoothing is 1"):
        NestedCrossEntropy(DIMS, label_smoothing=1)
    with pytest.raises(InputError, match="classes is 0"):
        TiedHeads(DIMS, 0)
    with pytest.raises(InputError, match="weight is"):
        nested_logits(torch.zeros(2, 8), torch.zeros(4, 7), None, DIMS)
    with pytest.raises(InputError, match="bias is"):
        nested_logits(torch.zeros(2, 8), torch.zeros(4, 8), torch.zeros(3), DIMS)
    with pytest.raises(InputError, match="dim is 8"):
        SeparateHeads(DIMS, 4)(torch.zeros(2, 7))


@pytest.mark.parametrize("kind", [SeparateHeads, TiedHeads])
def test_training_puts_a_hidden_class_into_the_prefix(kind):
    """The class lies in the last input coordinates; only nested training has to bring it into the first two."""
    torch.manual_seed(0)
    y = torch.randint(4, (256,))
    x = torch.cat([torch.randn(256, 6), torch.randn(4, 2)[y] * 3], dim=1)
    found = {}
    for dims in ((2, 8), (8,)):
        body, heads, loss = torch.nn.Linear(8, 8), kind(dims, 4), NestedCrossEntropy(dims)
        optimizer = torch.optim.Adam([*body.parameters(), *heads.parameters()], lr=0.03)
        for _ in range(60):
            optimizer.zero_grad()
            loss(heads(body(x)), y).backward()
            optimizer.step()
        z = body(x).detach()
        centres = torch.stack([z[y == c, :2].mean(0) for c in range(4)])
        within = torch.stack([z[y == c, :2].var(0).sum() for c in range(4)]).mean()
        found[dims] = float(centres.var(0).sum() / within)
    assert found[2, 8] > 2 * found[8,]
