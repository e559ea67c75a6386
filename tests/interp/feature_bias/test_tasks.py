"""Tasks have the features they promise: computed from the input, balanced, independent of each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seme.errors import InputError
from seme.interp.feature_bias import BitFeature, BitTask, FeatureBatches, ImageTask, WordTask

KINDS = [
    BitFeature("linear"),
    BitFeature("or", 3),
    BitFeature("and", 2),
    BitFeature("majority", 3),
    BitFeature("parity", 4),
    BitFeature("number", 2),
    BitFeature("modulo", 5),
]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
def test_labels_are_what_the_bits_compute(seed, features):
    task = BitTask(features, noise=3)
    inputs, labels = task.sample(64, np.random.default_rng(seed))
    assert inputs.shape == (64, task.width)
    assert set(np.unique(inputs)) <= {-1, 1}
    assert (task.labels(inputs) == labels).all()
    start = 0
    for column, feature in enumerate(features):
        block = inputs[:, start : start + feature.bits] > 0
        expected = {
            "linear": block.all(1),
            "or": block.any(1),
            "and": block.all(1),
            "majority": block.sum(1) * 2 > feature.bits,
            "parity": np.logical_xor.reduce(block, axis=1),
            "number": (block * 2 ** np.arange(feature.bits)).sum(1),
            "modulo": block.sum(1) % 4,
        }[feature.kind]
        assert (expected == labels[:, column]).all()
        start += feature.bits


def test_balanced_samples_have_features_without_any_correlation():
    task = BitTask(KINDS[:4], noise=2)
    inputs, labels = task.sample(1600, np.random.default_rng(0), balanced=True)
    assert (labels.mean(axis=0) == 0.5).all()
    assert np.abs(np.corrcoef(labels.T) - np.eye(4)).max() < 1e-12
    parity = BitTask([KINDS[4]]).sample(4096, np.random.default_rng(0), balanced=True)
    assert np.abs(np.corrcoef(parity[0].T, parity[1][:, 0])[-1, :-1]).max() < 0.06  # no bit says anything of a parity
    assert inputs.dtype == np.float32


def test_words_say_the_bits_and_end_with_all_labels_but_the_last():
    bits = BitTask([BitFeature("linear"), BitFeature("parity", 2)], noise=1)
    task = WordTask(bits, synonyms=3)
    tokens, labels = task.sample(200, np.random.default_rng(0))
    assert tokens.shape == (200, 5)
    assert (bits.labels(2 * (tokens[:, :4] >= 3) - 1) == labels).all()
    assert (tokens[:, 4] - 6 == labels[:, 0]).all()
    assert task.vocabulary == 9
    assert len(np.unique(tokens[:, :4])) == 6


def test_pictures_have_the_colour_stripes_and_shape_of_their_labels():
    pictures, labels = ImageTask(noise=0).sample(64, np.random.default_rng(0), balanced=True)
    red, blue = pictures[:, 0].sum(axis=(1, 2)), pictures[:, 2].sum(axis=(1, 2))
    assert ((red > blue) == labels[:, 0]).all()
    assert (pictures[:, 1] == 0).all()
    area = (pictures.sum(axis=1) > 0).sum(axis=(1, 2))
    assert len(np.unique(area[labels[:, 2] == 0])) == 1
    assert len(np.unique(area)) == 2
    # Stripes: neighbours differ across the stripes and not along them.
    thing = pictures.sum(axis=1)
    across, along = (np.abs(np.diff(thing, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    assert ((across > along) == labels[:, 1]).all()


def test_any_batch_can_be_reached_at_once_and_members_see_their_own():
    data = FeatureBatches(BitTask(KINDS[:2]), 3, 16, seed=4, prevalence=(1.0, 0.25))
    one = data.starting_at(0)
    next(one)
    second, again = next(one), next(data.starting_at(1))
    assert all((second[name] == again[name]).all() for name in second)
    assert second["inputs"].shape == (3, 16, 4)
    assert not (second["inputs"][0] == second["inputs"][1]).all()
    assert (second["mask"][..., 0] == 1).all()
    assert 0 < float(second["mask"][..., 1].mean()) < 0.6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: BitFeature("nor", 2), "kind is 'nor'"),
        (lambda: BitFeature("parity"), "bits is 1 for parity"),
        (lambda: BitFeature("linear", 2), "bits is 2 for linear"),
        (lambda: BitFeature("majority", 4), "an odd number"),
        (lambda: BitTask([]), "features is empty"),
        (lambda: BitTask(KINDS, noise=-1), "noise is -1"),
        (lambda: BitTask(KINDS).sample(0, np.random.default_rng(0)), "count is 0"),
        (lambda: BitTask(KINDS).sample(33, np.random.default_rng(0), balanced=True), "a multiple of 512"),
        (lambda: BitFeature("modulo", 2), "all sums must occur"),
        (lambda: WordTask(BitTask(KINDS)), "words say features of two"),
        (lambda: WordTask(BitTask(KINDS[:2]), synonyms=0), "synonyms is 0"),
        (lambda: ImageTask(size=4), "size is 4"),
        (lambda: ImageTask(noise=np.nan), "noise is nan"),
        (lambda: FeatureBatches(BitTask(KINDS[:2]), 1, 4, prevalence=(0, 0)), "prevalence is"),
        (lambda: FeatureBatches(BitTask(KINDS[:2]), 1, 4, prevalence=(1,)), "prevalence is"),
        (lambda: FeatureBatches(BitTask(KINDS[:2]), 1, 0), "size is 0"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
