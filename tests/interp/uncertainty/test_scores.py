"""Scores of uncertainty against closed forms, slogdet, definitions and planted truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy, mannwhitneyu, multivariate_normal

from seme.errors import InputError
from seme.interp.uncertainty import (
    EigenScore,
    LastTokenEntropy,
    LengthNormalisedEntropy,
    LexicalDissimilarity,
    MeanDistance,
    MeaningCount,
    Meanings,
    PredictiveEntropy,
    Samples,
    SemanticEntropy,
    SemanticVolume,
    auroc,
    best_threshold,
    decision_quality,
    gaussian_entropy,
    log_scatter,
    log_volume,
    mixture_threshold,
    rouge_l,
)


def hashed(texts):
    """A deterministic embedding of texts: the same text is at the same place, others are far."""
    return np.stack([np.random.default_rng([*text.encode(), 7]).normal(size=32) for text in texts])


def planted(seed, *, apart, questions=40, n=10, d=32):
    """Samples around as many far directions as there are meanings: one for the certain, five for the others."""
    rng = np.random.default_rng(seed)
    labels = np.arange(questions) % 2
    texts = [
        [f"q{q} m{rng.integers(5) if labels[q] and apart else 0} s{i}" for i in range(n)] for q in range(questions)
    ]

    def encode(every):
        heads = {head: rng.normal(size=d) for head in sorted({text.rsplit(" ", 1)[0] for text in every})}
        return np.stack([heads[text.rsplit(" ", 1)[0]] + 0.3 * rng.normal(size=d) for text in every])

    return Samples.of(texts, encode=encode), labels


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(1, 9), st.sampled_from([1e-6, 1e-3, 1.0]))
def test_volume_is_the_log_determinant_of_both_gram_matrices(seed, n, d, epsilon):
    v = np.random.default_rng(seed).normal(size=(3, n, d))
    found = log_volume(v, epsilon=epsilon)
    by_samples = np.linalg.slogdet(v @ v.transpose(0, 2, 1) + epsilon * np.eye(n)).logabsdet
    by_dimensions = np.linalg.slogdet(v.transpose(0, 2, 1) @ v + epsilon * np.eye(d)).logabsdet
    np.testing.assert_allclose(found, by_samples, atol=1e-6)
    np.testing.assert_allclose(found, by_dimensions + (n - d) * math.log(epsilon), rtol=1e-6, atol=1e-6)
    order = np.random.default_rng(seed + 1).permutation(n)
    turn = np.linalg.qr(np.random.default_rng(seed + 2).normal(size=(d, d)))[0]
    np.testing.assert_allclose(log_volume(v[:, order] @ turn, epsilon=epsilon), found, atol=1e-8)
    assert (log_volume(v, epsilon=2 * epsilon) > found).all()


@pytest.mark.parametrize(("n", "epsilon"), [(2, 1e-10), (10, 1e-6), (20, 1e-3)])
def test_identical_samples_have_the_volume_of_the_closed_form(n, epsilon):
    samples = Samples.of([["the same"] * n, ["", *[""] * (n - 1)]], encode=hashed)
    expected = math.log(n + epsilon) + (n - 1) * math.log(epsilon)
    np.testing.assert_allclose(SemanticVolume(None, epsilon=epsilon)(samples), expected, rtol=1e-9)
    with pytest.raises(InputError, match="epsilon is 0 and embeddings are linearly dependent") as refused:
        SemanticVolume(None, epsilon=0)(samples)
    assert "1e-6" in refused.value.hint
    assert samples.empty.all(axis=1).tolist() == [False, True]


def test_orthonormal_samples_have_no_log_volume_and_two_at_an_angle_that_of_their_sine():
    assert log_volume(np.eye(5), epsilon=0) == pytest.approx(0)
    angle = 0.4
    assert log_volume([[1, 0], [math.cos(angle), math.sin(angle)]], epsilon=0) == pytest.approx(
        2 * math.log(math.sin(angle))
    )


@pytest.mark.parametrize("d", [2, 7, 20])
def test_volume_of_gaussian_samples_is_their_entropy(d):
    rng = np.random.default_rng(d)
    root = rng.normal(size=(d, d)) + 2 * np.eye(d)
    x = rng.normal(size=(2000, d)) @ root.T
    assert gaussian_entropy(x) == pytest.approx(multivariate_normal(np.zeros(d), root @ root.T).entropy(), rel=0.02)
    w = rng.normal(size=(d, d)) + 3 * np.eye(d)
    shift = 2 * np.linalg.slogdet(w).logabsdet
    assert log_scatter(x @ w.T) - log_scatter(x) == pytest.approx(shift, abs=1e-8)


def test_semantic_entropy_stays_where_the_volume_grows_with_the_separation():
    volumes, entropies = [], []
    for angle in (0.9, 1.1, 1.3, 1.5):
        ends = np.array([[1, 0, 0, 0], [math.cos(angle), math.sin(angle), 0, 0]])
        noise = 0.02 * np.random.default_rng(0).normal(size=(10, 4))
        samples = Samples.of(
            [[str(i) for i in range(10)]], encode=lambda _, e=ends, s=noise: np.repeat(e, 5, axis=0) + s
        )
        volumes.append(SemanticVolume(None)(samples)[0])
        entropies.append(SemanticEntropy()(samples)[0])
    assert (np.diff(volumes) > 0).all()
    np.testing.assert_allclose(entropies, math.log(2))


SCORES = [
    SemanticVolume(10),
    SemanticVolume(None, centred=True),
    SemanticVolume(10, renormalised=True),
    MeanDistance(),
    EigenScore(),
    SemanticEntropy(Meanings(0.6)),
    MeaningCount(Meanings(0.6)),
    LexicalDissimilarity(),
]


@pytest.mark.parametrize("score", SCORES[:-1], ids=lambda one: type(one).__name__)
def test_planted_uncertainty_is_found_and_its_absence_is_chance(score):
    for apart in (True, False):
        samples, labels = planted(3, apart=apart, questions=80)
        if isinstance(score, SemanticVolume):
            score.fit(samples)
        found = auroc(score(samples), labels)
        assert found >= 0.95 if apart else abs(found - 0.5) < 0.16


@pytest.mark.parametrize("score", SCORES, ids=lambda one: type(one).__name__)
def test_a_batch_is_scored_as_its_questions_are_alone(score):
    samples, _ = planted(5, apart=True, questions=6)
    if isinstance(score, SemanticVolume):
        score.fit(samples)
    alone = [score(samples.select([q]))[0] for q in range(6)]
    np.testing.assert_allclose(score(samples), alone, atol=1e-9)
    assert score(samples.take(4)).shape == (6,)
    subset = samples.take(4, np.random.default_rng(0))
    assert subset.texts[0] != samples.take(4).texts[0]
    assert subset.embeddings.shape == (6, 4, 32)


def test_meanings_and_their_entropy():
    texts = [["Paris", "paris", "It is Paris", "Rome"]]
    meanings = Meanings(entails=lambda _, a, b: ("paris" in a.lower()) == ("paris" in b.lower()))
    samples = Samples.of(texts, log_probs=[[[-1.0], [-2.0], [-1.0, -1.0], [-1.5]]])
    assert meanings(samples).tolist() == [[0, 0, 0, 1]]
    assert SemanticEntropy(meanings)(samples)[0] == pytest.approx(entropy([0.75, 0.25]))
    weights = np.exp([-1, -2, -2, -1.5])
    weighted = entropy([weights[:3].sum(), weights[3]])
    assert SemanticEntropy(meanings, weighted=True)(samples)[0] == pytest.approx(weighted)
    assert MeaningCount(meanings)(samples)[0] == 2
    one_way = Meanings(entails=lambda _, a, b: len(a) >= len(b))
    assert one_way(samples).tolist() == [[0, 0, 1, 2]]


def test_words_and_probabilities():
    assert rouge_l("the cat sat", "The cat lay.") == pytest.approx(2 / 3)
    assert (rouge_l("a b c d", "b d"), rouge_l("", ""), rouge_l("a", "")) == (pytest.approx(2 / 3), 1, 0)
    samples = Samples.of(
        [["a b", "a c", "a b"]],
        log_probs=[[[-1, -2], [-3.0], [-2, -2]]],
        entropies=[[[9, 1.0], [2.0], [9, 3.0]]],
    )
    assert LexicalDissimilarity()(samples)[0] == pytest.approx(1 - (0.5 + 1 + 0.5) / 3)
    assert PredictiveEntropy()(samples)[0] == pytest.approx(10 / 3)
    assert LengthNormalisedEntropy()(samples)[0] == pytest.approx((1.5 + 3 + 2) / 3)
    assert LastTokenEntropy()(samples)[0] == 2


def test_decisions():
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    scores = rng.normal(size=200) + 5 * labels
    u = mannwhitneyu(scores[labels == 1], scores[labels == 0]).statistic
    assert auroc(scores, labels) == pytest.approx(u / 100**2)
    for threshold in (
        mixture_threshold(scores),
        best_threshold(scores, labels),
        best_threshold(scores, labels, measure="f1"),
    ):
        assert 1 < threshold < 4
        assert min(decision_quality(scores, labels, threshold)) > 0.97


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Samples.of([]), "texts is empty"),
        (lambda: Samples.of([["one"]]), "question 0 has 1 samples, expected at least 2"),
        (lambda: Samples.of([["a", "b"], ["a", "b", "c"]]), "question 1 has 3 samples and question 0 has 2"),
        (lambda: Samples.of([["a", None]]), "sample None"),
        (lambda: Samples.of([["a", "b"]], encode=lambda _: np.full((2, 3), np.nan)), "encode has 2 row"),
        (lambda: Samples.of([["a", "b"]], encode=lambda _: np.eye(3)[:2] * [[1], [0]]), "encode has 1 zero row"),
        (lambda: Samples.of([["a", "b"]], encode=lambda _: np.eye(3)), r"encode gave the shape \(3, 3\) for 2 texts"),
        (lambda: Samples.of([["a", "b"]], questions=["x", "y"]), "2 questions and samples of 1"),
        (lambda: Samples.of([["a", "b"]], log_probs=[[[1.0]]]), "log_probs is not of as many"),
        (lambda: Samples.of([["a", ""]], log_probs=[[[-1.0], []]]), "log_probs of question 0 has a sample without"),
        (lambda: Samples.of([["a", "b"]]).take(3), "count is 3, expected 2 to 2"),
        (lambda: Samples.of([["a", "b"]]).select([False]), "no question is selected"),
        (lambda: MeanDistance()(Samples.of([["a", "b"]])), "MeanDistance needs embeddings"),
        (lambda: PredictiveEntropy()(Samples.of([["a", "b"]])), "PredictiveEntropy needs log_probs"),
        (lambda: SemanticVolume(0), "dims is 0"),
        (lambda: SemanticVolume(epsilon=-1), "epsilon is -1"),
        (lambda: SemanticVolume(5)(Samples.of([["a", "b"]], encode=hashed)), "is not fitted"),
        (lambda: SemanticVolume(5).fit(np.ones((3, 8))), "dims is 5, expected at most 3: the pool is 3 x 8"),
        (lambda: SemanticVolume(2).fit([[1, np.nan]] * 4), "pool has 4 row"),
        (lambda: log_volume([[1.0, 2.0]], epsilon=1), "n at least 2"),
        (lambda: log_volume([[1.0, np.inf], [0, 1]], epsilon=1), "not all finite"),
        (lambda: log_scatter(np.ones((4, 2))), "do not span"),
        (lambda: EigenScore(0), "alpha is 0"),
        (lambda: Meanings(2), "cosine is 2"),
        (lambda: auroc([1, 2, 3], [1, 1, 1]), "one class only: all 3 are 1"),
        (lambda: auroc([1, np.nan], [1, 0]), "finite"),
        (lambda: auroc([1, 2], [1, 0, 1]), r"labels has the shape \(3,\)"),
        (lambda: mixture_threshold([1, 1, 2, 2]), "2 different scores"),
        (lambda: best_threshold([1, 2], [0, 1], measure="auc"), "measure is 'auc'"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
