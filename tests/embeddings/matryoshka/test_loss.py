"""The wrapped loss against sentence-transformers' and the two-dimensional one, to 1e-6 in float64."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.contrastive import ContrastiveLoss
from seme.embeddings.matryoshka import MatryoshkaLoss, prefix
from seme.embeddings.matryoshka2d import AnglELoss, TwoDimensionalLoss, cosent
from seme.errors import InputError

DIMS, WEIGHTS = (3, 8, 16), (2.0, 1.0, 0.5)


def _pair(n=6, d=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(2)]


class _Model(torch.nn.Module):
    """What sentence-transformers' losses ask of an encoder, for vectors that are there already."""

    def forward(self, features):
        return {"sentence_embedding": features["vectors"]}

    def get_embedding_dimension(self):
        return 16


@pytest.mark.parametrize("base", ["MultipleNegativesRankingLoss", "CoSENTLoss"])
def test_it_is_that_of_sentence_transformers(base):
    pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer import losses

    model = _Model()
    labels = torch.tensor([0.1, 0.5, 0.5, 0.9, 0.0, 1.0], dtype=torch.float64)
    theirs = losses.MatryoshkaLoss(model, getattr(losses, base)(model), list(DIMS), list(WEIGHTS))
    if base == "CoSENTLoss":
        ours = MatryoshkaLoss(lambda a, b: cosent((a * b).sum(1), labels), DIMS, weights=WEIGHTS)
    else:
        ours = MatryoshkaLoss(ContrastiveLoss(temperature=0.05), DIMS, weights=WEIGHTS)
    a, b = _pair()
    expected = theirs([{"vectors": a}, {"vectors": b}], labels)
    found = ours(a, b)
    assert abs(found.item() - expected.item()) < 1e-6
    gradients = zip(torch.autograd.grad(found, (a, b)), torch.autograd.grad(expected, (a, b)), strict=True)
    assert all(torch.allclose(one, other, atol=1e-8) for one, other in gradients)


def test_it_is_the_two_dimensional_one_over_all_layers():
    """Two layers at both widths are two nested losses: the last layer's, and the other's with the layer's weight."""
    layers = [torch.stack(_pair(seed=seed)) for seed in range(2)]
    for layer_weights in ("uniform", "linear"):
        both = TwoDimensionalLoss(AnglELoss(), [4], weighting=layer_weights, align=0.0)(layers, drawn=(1, 4))
        nested = MatryoshkaLoss(ContrastiveLoss(temperature=0.05), [4, 16])
        assert abs((both - nested(*layers[1]) - nested(*layers[0])).item()) < 1e-6


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0.1, 10), min_size=3, max_size=3))
def test_it_is_the_sum_over_prefixes(seed, weights):
    base, (a, b) = ContrastiveLoss(), _pair(seed=seed)
    expected = sum(w * base(a[:, :m], b[:, :m]) for w, m in zip(weights, DIMS, strict=True))
    assert torch.allclose(MatryoshkaLoss(base, DIMS, weights=weights)(a, b), expected)
    assert torch.allclose(MatryoshkaLoss(base, [16])(a, b), base(a, b))


def test_without_a_new_norm_a_dot_product_differs():
    base, (a, b) = ContrastiveLoss(similarity="dot"), _pair()
    a, b = prefix(a, 16, normalise=True), prefix(b, 16, normalise=True)
    assert torch.allclose(
        MatryoshkaLoss(base, DIMS, normalise=False)(a, b), sum(base(a[:, :m], b[:, :m]) for m in DIMS)
    )
    assert not torch.allclose(MatryoshkaLoss(base, DIMS)(a, b), MatryoshkaLoss(base, DIMS, normalise=False)(a, b))
    cosine = ContrastiveLoss()
    assert not MatryoshkaLoss(cosine, DIMS).normalise
    both = [MatryoshkaLoss(cosine, DIMS, normalise=one)(a, b) for one in (None, True, False)]
    assert torch.allclose(both[0], both[1], atol=1e-12)
    assert torch.allclose(both[0], both[2], atol=1e-12)


def test_named_vectors_are_cut_and_others_go_on():
    base, (a, b) = ContrastiveLoss(), _pair()
    hard, queue = torch.randn(6, 2, 16, dtype=torch.float64), torch.randn(4, 16, dtype=torch.float64)
    given = {"positives": torch.arange(6), "ignored": None}
    found = MatryoshkaLoss(base, DIMS)(a, b, hard=hard, queue=queue, **given)
    expected = sum(base(a[:, :m], b[:, :m], hard=hard[..., :m], queue=queue[:, :m], **given) for m in DIMS)
    assert torch.allclose(found, expected)
    assert torch.allclose(MatryoshkaLoss(base, DIMS)(a, b, hard=None), MatryoshkaLoss(base, DIMS)(a, b))


def test_drawn_sizes_are_some_of_all():
    a, b = _pair()
    single = {round(MatryoshkaLoss(ContrastiveLoss(), [m])(a, b).item(), 9) for m in DIMS}
    loss, generator = MatryoshkaLoss(ContrastiveLoss(), DIMS, dims_per_step=1), torch.Generator().manual_seed(0)
    assert {round(loss(a, b, generator=generator).item(), 9) for _ in range(40)} == single


def test_what_does_not_fit_is_refused():
    a, b = _pair()
    with pytest.raises(InputError, match="width 16"):
        MatryoshkaLoss(ContrastiveLoss(), [4, 17])(a, b)
    with pytest.raises(InputError, match="widths"):
        MatryoshkaLoss(ContrastiveLoss(), [4])(a, b[:, :8])
    with pytest.raises(InputError, match="widths"):
        MatryoshkaLoss(ContrastiveLoss(), [4])()
    with pytest.raises(InputError, match="dims_per_step is 4"):
        MatryoshkaLoss(ContrastiveLoss(), DIMS, dims_per_step=4)
    with pytest.raises(InputError, match="2 weights"):
        MatryoshkaLoss(ContrastiveLoss(), DIMS, weights=[1, 1])
