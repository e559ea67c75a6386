"""Disambiguated Skip-gram: planted senses, priors, gradients, windows and storage."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from seme.embeddings.disambiguated_skipgram import (
    DisambiguatedSkipGram,
    Lexicon,
    MultiSenseSkipGram,
    SenseSettings,
    Stream,
    average_similarity,
    weighted_similarity,
)
from seme.embeddings.disambiguated_skipgram.training import SenseModel
from seme.embeddings.disambiguated_skipgram.weighing import NearestCluster, OwnWeights, SharedWeights
from seme.errors import CorruptionError, InputError, NotFoundError

SMALL = SenseSettings(
    dim=12, senses=5, batch=64, window=4, candidates=30, first=1, second=2, entropy=0.0, temperatures=(1.0, 0.5)
)


@cache
def planted() -> tuple[list[list[str]], np.ndarray]:
    """Write texts of four topics; `both` stands in the first (70 %) and in the second (30 %)."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for _ in range(700):
        topic = int(rng.integers(0, 4))
        words = [f"{'abcd'[topic]}{number}" for number in rng.integers(0, 12, 8)]
        if topic < 2 and rng.random() < (0.7, 0.3)[topic]:
            words.insert(4, "both")
            labels.append(topic)
        texts.append(words)
    return texts, np.array(labels)


@cache
def fitted() -> DisambiguatedSkipGram:
    return DisambiguatedSkipGram(SMALL).fit(planted()[0])


def test_the_planted_senses_are_found_with_their_priors_and_no_others():
    (texts, labels), made = planted(), fitted()
    stream = Stream.read(texts, made.lexicon_)
    number = made.number("both")
    senses = made.senses_at(stream, np.flatnonzero(stream.words == number))
    assert adjusted_rand_score(labels, senses) > 0.9
    kept = np.flatnonzero(made.kept_[number])
    assert len(kept) == 2  # of five
    assert np.allclose(np.sort(made.priors_[number][kept]), [0.3, 0.7], atol=0.1)
    assert np.allclose(made.priors_.sum(axis=1), 1, atol=1e-5)
    first, second = made.senses_in("both", [["a1", "a2", "both"], ["b3", "b4", "nothing"]])
    assert first != second


def test_clusters_of_contexts_find_them_too():
    texts, labels = planted()
    made = MultiSenseSkipGram(replace(SMALL, senses=2)).fit(texts)
    stream = Stream.read(texts, made.lexicon_)
    places = np.flatnonzero(stream.words == made.number("both"))
    assert adjusted_rand_score(labels, made.senses_at(stream, places)) > 0.9
    one = MultiSenseSkipGram(replace(SMALL, senses=1, first=1, second=0)).fit(texts)
    assert one.vectors_.shape == (len(one.lexicon_.names), 1, 12)
    assert not one.senses_at(stream, places).any()


def test_similarities_follow_the_senses():
    made = fitted()
    near = weighted_similarity(made, "both", "a1", (["a2", "a3"], ["a4", "a5"]))
    far = weighted_similarity(made, "both", "a1", (["b2", "b3"], ["a4", "a5"]))
    assert near > far + 0.2
    assert average_similarity(made, "a1", "a2") > average_similarity(made, "a1", "d2")


def test_every_parameter_of_the_batch_receives_a_gradient_and_the_context_passes_none():
    lexicon = Lexicon(("x", "y", "z"), np.array([3, 3, 3]))
    generator = torch.Generator().manual_seed(0)
    given = SenseSettings(dim=4, senses=3, candidates=3)
    model = SenseModel(lexicon, given, generator)
    shared = SharedWeights(4, 3, generator)
    windows = torch.tensor([[1, 2], [0, 3]])
    for weigher in (shared, OwnWeights(shared, 3, generator)):
        loss = model.loss(torch.tensor([0, 1]), torch.tensor([0, 1]), windows, weigher, None, -0.1)
        model.optimizer.zero_grad()
        loss.backward()
        for rows in (model.senses, weigher.matrix, weigher.bias):
            assert (rows.gradient != 0).all()
        assert (model.softmax.weight.grad != 0).all()
    assert not model.contexts(windows).requires_grad
    assert torch.allclose(model.contexts(windows)[1], model.softmax.weight[0].detach())  # 3 is beyond the end


def test_entropy_below_zero_is_rewarded():
    lexicon = Lexicon(("x", "y"), np.array([3, 3]))
    model = SenseModel(lexicon, SenseSettings(dim=4, senses=3), torch.Generator().manual_seed(0))

    def even(contexts: torch.Tensor, *_: object) -> torch.Tensor:
        return torch.full((len(contexts), 3), 1 / 3)

    parts = [
        model.loss(torch.tensor([0]), torch.tensor([0]), torch.tensor([[1]]), even, None, weight)  # type: ignore[arg-type]
        for weight in (0.0, -0.1)
    ]
    assert float((parts[0] - parts[1]).detach()) == pytest.approx(0.1 * np.log(3), abs=1e-6)


def test_noise_of_gumbel_draws_senses_by_their_probability():
    generator = torch.Generator().manual_seed(0)
    own = OwnWeights(SharedWeights(2, 3, generator), 1, generator)
    own.matrix.values.zero_()
    own.bias.values[0] = torch.tensor([0.6, 0.3, 0.1]).log()
    drawn = own(torch.zeros(4000, 2), torch.tensor([0]), torch.zeros(4000, dtype=torch.long), 2)
    assert drawn.shape == (4000, 2, 3)
    assert torch.allclose(drawn.sum(2), torch.ones(4000, 2))
    share = torch.bincount(drawn.argmax(2).flatten(), minlength=3) / 8000
    assert torch.allclose(share, torch.tensor([0.6, 0.3, 0.1]), atol=0.02)
    assert (drawn[:, 0] != drawn[:, 1]).any()  # each pair has a draw of its own


def test_clusters_are_the_sums_of_their_contexts():
    clusters = NearestCluster(2, 2, 2, torch.Generator().manual_seed(0))
    clusters.sums = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]])
    weights = clusters(torch.tensor([[0.1, 0.9], [2.0, 0.0]]), torch.tensor([1]), torch.tensor([0, 0]), 2)
    assert weights.tolist() == [[0, 1], [1, 0]]
    assert torch.allclose(clusters.sums[1], torch.tensor([[3.0, 0.0], [0.1, 1.9]]))
    assert torch.equal(clusters.sums[0], torch.tensor([[1.0, 0.0], [0.0, 1.0]]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from("uvwxyz"), max_size=7), min_size=1, max_size=5), st.integers(1, 4))
def test_windows_stay_within_their_text(texts, width):
    lexicon = Lexicon(("u", "v", "w", "x", "y"), np.ones(5, dtype=np.int64))
    stream = Stream.read(texts, lexicon)
    known = [[lexicon.names.index(word) for word in text if word in lexicon.names] for text in texts]
    right = [
        [text[at + step] if 0 <= at + step < len(text) else 5 for step in (*range(-width, 0), *range(1, width + 1))]
        for text in known
        for at in range(len(text))
    ]
    assert stream.windows(np.arange(len(stream)), width).tolist() == right


def test_what_is_saved_is_what_is_loaded(tmp_path):
    made = fitted()
    made.save(tmp_path / "senses")
    again = DisambiguatedSkipGram.load(tmp_path / "senses")
    stream = Stream.read(planted()[0][:50], made.lexicon_)
    assert np.array_equal(again.senses_at(stream, np.arange(60)), made.senses_at(stream, np.arange(60)))
    assert np.array_equal(again.priors_, made.priors_)
    assert again.settings == made.settings
    assert again.prune(0.9).kept_.sum(axis=1).max() == 1
    (tmp_path / "senses" / "senses.json").write_text("{")
    with pytest.raises(CorruptionError, match="cannot be read"):
        DisambiguatedSkipGram.load(tmp_path / "senses")
    with pytest.raises(InputError, match="no sense vectors"):
        DisambiguatedSkipGram.load(tmp_path)


def test_the_same_seed_gives_the_same_vectors():
    texts, short = planted()[0][:100], replace(SMALL, first=1, second=1)
    one, same, other = (DisambiguatedSkipGram(short, seed=seed).fit(texts, least=2) for seed in (1, 1, 2))
    assert np.array_equal(one.vectors_, same.vectors_)
    assert not np.array_equal(one.vectors_, other.vectors_)


def test_bad_input():
    for wrong in (
        {"dim": 0},
        {"rate": 0.0},
        {"temperatures": (0.0, 1.0)},
        {"floor": 1.0},
        {"entropy": float("nan")},
        {"first": -1},
    ):
        with pytest.raises(InputError):
            SenseSettings(**wrong)
    with pytest.raises(InputError, match="words occur 5 times"):
        DisambiguatedSkipGram().fit([["a", "b"]])
    with pytest.raises(InputError, match="texts hold a string"):
        DisambiguatedSkipGram().fit(["a b", "a b"])
    with pytest.raises(InputError, match="no text has two"):
        DisambiguatedSkipGram().fit([["a"], ["b"]], least=1)
    with pytest.raises(NotFoundError, match="no vector for 'zebra'"):
        fitted().senses_in("zebra", [["a1"]])
    with pytest.raises(InputError, match="text 0 has no known word"):
        fitted().senses_in("both", [["zebra"]])
    with pytest.raises(InputError, match="floor is 2"):
        fitted().prune(2)
    with pytest.raises(InputError, match="were not learned"):
        DisambiguatedSkipGram().save("nowhere")
