"""Clusters in a padded batch beside scikit-learn, and what every reduction owes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from seme.embeddings.crisp import (
    All,
    Clusters,
    Single,
    Spacing,
    Tail,
    masked_kmeans,
    means,
    reduction,
    within_share,
)
from seme.errors import InputError
from seme.retrieval.multivector import Clustering

LENGTHS = [7, 1, 12, 4]


def batch(lengths=LENGTHS, width=5, seed=0, fill=100.0):
    """Padding is far away, so that it shows wherever it takes part."""
    drawn = torch.randn(len(lengths), max(lengths), width, generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.where(mask[..., None], drawn, torch.tensor(fill)), mask.long()


def same_partition(first, second):
    return len(set(zip(first, second, strict=True))) == len(set(first)) == len(set(second))


def test_kmeans_of_a_batch_is_that_of_scikit_learn_of_each_text():
    cluster = pytest.importorskip("sklearn.cluster")
    lengths, clusters = [40, 25, 31], torch.tensor([6, 3, 6])
    vectors, mask = batch(lengths)
    start = torch.stack([one[:6] for one in vectors])
    labels = masked_kmeans(vectors, mask, clusters, start=start, iterations=100)
    for row, (length, count) in enumerate(zip(lengths, clusters.tolist(), strict=True)):
        own = vectors[row, :length].numpy()
        peer = cluster.KMeans(count, init=own[:count], n_init=1, max_iter=100, tol=0).fit(own)
        assert same_partition(labels[row, :length].tolist(), peer.labels_.tolist())
        assert (labels[row, length:] == -1).all()


@pytest.mark.parametrize("start", ["strided", "farthest"])
def test_the_index_and_the_training_cluster_alike(start):
    vectors, _ = batch([30], seed=4)
    ours = Clusters(4, 6, start=start).labels(vectors, torch.ones(1, 30).bool(), "document")[0]
    assert same_partition(ours.tolist(), Clustering(count=6, start=start).labels(vectors[0].numpy()).tolist())


@pytest.mark.parametrize("start", ["strided", "farthest"])
def test_few_distinct_vectors_are_their_own_clusters(start):
    own = batch([3], seed=4)[0][0].repeat(10, 1)
    made = Clusters(4, 6, start=start)(own[None], torch.ones(1, 30), "document")
    for one in (made.vectors[made.mask].numpy(), Clustering(count=6, start=start).apply(own.numpy(), [0, 30]).vectors):
        assert np.allclose(np.unique(one.round(4), axis=0), np.unique(own.numpy().round(4), axis=0), atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 14), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    name=st.sampled_from(["MV", "SV", "C2x5", "C25", "C50", "Tail2x5", "K2", "K4"]),
)
def test_a_reduced_text_does_not_depend_on_its_batch_nor_on_padding(lengths, seed, name):
    vectors, mask = batch(lengths, seed=seed)
    made = reduction(name)(vectors, mask, "document")
    assert made.mask.any(1).all()
    for row, length in enumerate(lengths):
        alone = reduction(name)(vectors[row : row + 1, :length], mask[row : row + 1, :length], "document")
        assert made.mask[row].sum() == alone.mask.sum() <= length
        ours, others = made.vectors[row][made.mask[row]], alone.vectors[0][alone.mask[0]]
        assert torch.allclose(ours, others, atol=1e-5)


def test_the_number_of_vectors_is_that_of_the_name():
    vectors, mask = batch()
    expected = {
        "MV": [7, 1, 12, 4],
        "SV": [1, 1, 1, 1],
        "C2x5": [5, 1, 5, 4],
        "C25": [1, 1, 3, 1],
        "C50": [3, 1, 6, 2],
        "Tail2x5": [5, 1, 5, 4],
        "K2": [4, 1, 6, 2],
        "K4": [2, 1, 3, 1],
    }
    for name, counts in expected.items():
        assert reduction(name)(vectors, mask, "document").mask.sum(1).tolist() == counts, name
    assert reduction("C2x5")(vectors, mask, "query").mask.sum(1).tolist() == [2, 1, 2, 2]


def test_tail_spacing_and_single_take_what_they_say():
    vectors, mask = batch()
    assert torch.equal(Tail(1, 2)(vectors, mask, "document").vectors[2], vectors[2, 10:12])
    assert torch.equal(Spacing(4)(vectors, mask, "query").vectors[2], vectors[2, [0, 4, 8]])
    assert torch.equal(Single("last")(vectors, mask, "query").vectors[0, 0], vectors[0, 6])
    assert torch.allclose(Single()(vectors, mask, "query").vectors[0, 0], vectors[0, :7].mean(0), atol=1e-6)
    assert torch.equal(All()(vectors, mask, "query").vectors, vectors)


def test_a_gradient_is_shared_out_equally_to_the_members():
    vectors = batch([6])[0]
    vectors.requires_grad_()
    labels = torch.tensor([[0, 0, 1, 0, 1, 2]])
    made = means(vectors, labels)
    made.vectors[0, 0].sum().backward()
    expected = torch.tensor([1 / 3, 1 / 3, 0, 1 / 3, 0, 0])[:, None].expand(6, 5)
    assert torch.allclose(vectors.grad[0], expected)
    assert torch.allclose(made.vectors[0, 1], vectors[0, [2, 4]].mean(0))


@pytest.mark.parametrize("method", ["kmeans", "agglomerative"])
def test_gradients_reach_every_token_and_no_padding(method):
    vectors, mask = batch()
    vectors.requires_grad_()
    made = Clusters(2, 3, method=method)(vectors, mask, "document")
    made.vectors[made.mask].square().sum().backward()
    assert (vectors.grad.abs().sum(2) > 0).equal(mask.bool())


def test_equal_tokens_leave_fewer_clusters_and_no_phantom():
    vectors = torch.ones(1, 6, 3)
    made = Clusters(2, 4)(vectors, torch.ones(1, 6), "document")
    assert torch.equal(made.vectors[made.mask], torch.ones(1, 3))


def test_clusters_of_one_side_and_of_unit_length():
    vectors, mask = batch()
    one = Clusters(2, 3, sides=("document",), normalise=True)
    assert torch.equal(one(vectors, mask, "query").vectors, vectors)
    made = one(vectors, mask, "document")
    assert torch.allclose(made.vectors[made.mask].norm(dim=1), torch.ones(int(made.mask.sum())), atol=1e-6)


def test_planted_clusters_have_no_spread_and_single_ones_all_of_it():
    truth = torch.tensor([[0, 0, 1, 1, 2, -1]])
    vectors = 5 * torch.eye(3)[truth.clamp(min=0)]
    mask = torch.tensor([[1, 1, 1, 1, 1, 0]])
    found = Clusters(3, 3, start="farthest").labels(vectors, mask.bool(), "document")
    assert same_partition(found[0].tolist(), truth[0].tolist())
    assert within_share(vectors, mask, found).tolist() == [0.0]
    assert within_share(vectors, mask, torch.where(mask > 0, 0, -1)).tolist() == [1.0]
    drawn, real = batch([20], seed=2)
    labels = Clusters(4, 4).labels(drawn, real.bool(), "document")
    own = drawn[0].double().numpy()
    inside = sum(np.square(own[labels[0] == c] - own[labels[0] == c].mean(0)).sum() for c in range(4))
    assert within_share(drawn, real, labels).item() == pytest.approx(
        inside / np.square(own - own.mean(0)).sum(), rel=1e-4
    )


VECTORS, MASK = batch()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: All()(VECTORS, torch.zeros_like(MASK), "query"), "has no vector"),
        (lambda: Spacing(2)(VECTORS, MASK[:, :3], "query"), "expected"),
        (lambda: Tail(0, 2)(VECTORS, MASK, "query"), "0 vectors long"),
        (lambda: Clusters(4), "expected both or the ratio"),
        (lambda: Clusters(4, 8, ratio=0.5), "expected both or the ratio"),
        (lambda: Clusters(0, 8), "expected at least 1"),
        (lambda: Clusters(ratio=1.2), "ratio is 1.2"),
        (lambda: masked_kmeans(VECTORS, MASK, torch.tensor([8, 1, 1, 1])), "text 0 has 7 vectors and is to have 8"),
        (lambda: masked_kmeans(VECTORS, MASK, torch.tensor([0, 1, 1, 1])), "is to have 0"),
        (lambda: masked_kmeans(VECTORS, MASK, torch.ones(3)), "expected"),
        (lambda: masked_kmeans(VECTORS, MASK, torch.ones(4).long(), iterations=0), "iterations is 0"),
        (lambda: masked_kmeans(VECTORS, MASK, torch.ones(4).long(), start="x"), "start is 'x'"),
        (lambda: masked_kmeans(VECTORS, MASK, torch.ones(4).long(), start=torch.ones(4, 2, 5)), "start is"),
        *((lambda name=name: reduction(name), "name is") for name in ("", "C", "C0", "C4x0", "C101", "K0", "X")),
    ],
)
def test_what_cannot_be_used_is_named(act, message):
    with pytest.raises(InputError, match=message):
        act()
