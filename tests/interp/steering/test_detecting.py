"""Detectors, measures, names and alignment, against peers and planted truth."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.metrics import roc_curve
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from interp.steering.models import VOCABULARY, WIDTH, language_model
from seme.errors import CorruptionError, InputError
from seme.interp.activations import capture, edit
from seme.interp.steering import (
    ComnHallu,
    DirectionDetector,
    ObjectNames,
    TokenEntropy,
    TokenProbability,
    TruthDetector,
    auroc,
    caught_at,
    chair,
    random_direction,
    threshold_at,
    truthful_direction,
)
from seme.interp.steering.subspace import principal_axes


def _planted(strength, count=300, seed=0):
    """States at a later layer of a small model, in which half of the texts lie: a direction was added before it."""
    model = language_model()
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, VOCABULARY, (count, 6), generator=generator)
    lies = torch.arange(count) % 2 == 1
    direction = torch.tensor(random_direction(WIDTH, 5)).float()

    def lie(states):
        states[lies, -1] += strength * states[:, -1].std() * WIDTH**0.5 * direction
        return states

    with edit(model, {"resid.0": lie}):
        states = capture(model, {"input_ids": ids}, ["resid.2"])["resid.2"][:, -1]
    return states, lies.numpy()


def test_a_planted_lie_is_found_and_an_absent_one_is_not():
    half = slice(0, 150), slice(150, 300)
    for strength, low, high in ((1.0, 0.95, 1.0), (0.0, 0.35, 0.65)):
        states, lies = _planted(strength)
        mlp = TruthDetector(32, epochs=20).fit(states[half[0]], lies[half[0]])
        line = DirectionDetector(truthful_direction(states[half[0]], lies[half[0]]))
        for detector in (mlp, line):
            assert low <= auroc(detector(states[half[1]]), lies[half[1]]) <= high
    chance = DirectionDetector(random_direction(WIDTH, 9))
    states, lies = _planted(0.0)
    assert 0.35 < auroc(chance(states), lies) < 0.65


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=4, max_size=60), st.floats(0.01, 0.6))
def test_measures_agree_with_counted_pairs_and_scikit_learn(pairs, allowed):
    scores, labels = np.array([p[0] for p in pairs], dtype=float), np.array([p[1] for p in pairs])
    if labels.all() or not labels.any():
        return
    above = np.sign(scores[labels][:, None] - scores[~labels])  # every pair, ties counting half
    assert auroc(scores, labels) == pytest.approx((above.mean() + 1) / 2)
    false, true, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert caught_at(scores, labels, allowed) == pytest.approx(true[false <= allowed + 1e-12].max())
    assert (scores[~labels] >= threshold_at(scores, labels, allowed)).mean() <= allowed + 1e-12


def test_the_detector_is_the_same_again_and_survives_its_folder(tmp_path):
    states, lies = _planted(0.3)
    one, other = (TruthDetector(8, epochs=3, seed=1).fit(states, lies) for _ in range(2))
    np.testing.assert_array_equal(one(states), other(states))
    one.save(tmp_path / "detector")
    np.testing.assert_allclose(TruthDetector.load(tmp_path / "detector")(states), one(states), atol=1e-6)
    (tmp_path / "detector" / "detector.safetensors").write_bytes(b"cut")
    with pytest.raises(CorruptionError, match="cannot be read"):
        TruthDetector.load(tmp_path / "detector")
    with pytest.raises(InputError, match="no detector"):
        TruthDetector.load(tmp_path / "nowhere")


def test_token_baselines_are_those_of_the_distribution():
    logits = np.log([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]]) + 3
    np.testing.assert_allclose(TokenProbability()(None, logits), -np.log([0.5, 0.9]))
    p = torch.tensor([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]])
    np.testing.assert_allclose(TokenEntropy()(None, logits), torch.distributions.Categorical(p).entropy(), rtol=1e-5)
    with pytest.raises(InputError, match="logits are missing"):
        TokenEntropy()(np.eye(3))


def test_names_are_whole_words_and_the_longest_counts():
    names = ObjectNames({"cat": [[3]], "teapot": [[4, 5]], "tea": [[4]]}, inside=[9])
    found = [(one.position, one.object) for one in names.find([3, 4, 5, 4, 3, 9, 1, 3])]
    assert found == [(0, "cat"), (1, "teapot"), (3, "tea"), (7, "cat")]
    assert names.starts(4)
    assert not names.starts(5)
    for wrong, words in (({}, "no object"), ({"a": [[]]}, "without tokens"), ({"a": [[1]], "b": [[1]]}, "'a' and for")):
        with pytest.raises(InputError, match=words):
            ObjectNames(wrong)


def test_words_that_go_on_are_known_by_the_tokenizers_own_pieces():
    pieces = {"Ġcat": 0, "Ġwith": 1, "alog": 2, ".": 3, "Ġcats": 4, "<unk>": 5}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(pieces, unk_token="<unk>")))
    tokenizer.encode = lambda text, **_: [pieces[text.replace(" ", "Ġ")]]  # a byte-level vocabulary in small
    names = ObjectNames.of(tokenizer, {"cat": ["cat", "cats"]})
    assert [one.position for one in names.find([0, 1, 0, 2, 4, 3, 0])] == [0, 4, 6]


def test_chair_counts_mentions_captions_and_objects():
    found = chair([["cat", "dog", "dog"], [], ["sofa"]], [{"cat"}, {"tree"}, {"sofa", "lamp"}])
    assert (found.instance, found.sentence, found.recall, found.mentions) == (0.5, 1 / 3, 0.5, 4 / 3)
    with pytest.raises(InputError, match="names an object") as caught:
        chair([[], []], [{"cat"}, {"dog"}])
    assert "empty" in caught.value.hint
    with pytest.raises(InputError, match="present is empty"):
        chair([["cat"]], [set()])
    with pytest.raises(InputError, match="as many"):
        chair([], [])


def test_axes_are_those_of_scikit_learn_up_to_sign():
    x = np.random.default_rng(0).normal(size=(50, 7)) * np.arange(1, 8)
    x -= x.mean(axis=0)
    np.testing.assert_allclose(np.abs(principal_axes(x, 3)), np.abs(PCA(3).fit(x).components_.T), atol=1e-8)


def _two_models(width, seed=0):
    """The same hidden facts, of different sizes, written into two models' states in axes of their own, with noise."""
    rng = np.random.default_rng(seed)
    facts = rng.normal(size=(600, 4)) * [2.0, 1.8, 1.6, 1.5]
    lies = facts[:, 1] + facts[:, 2] > 0
    ours = facts @ rng.normal(size=(4, 24)) + 0.1 * rng.normal(size=(600, 24))
    theirs = facts @ rng.normal(size=(4, width)) + 0.1 * rng.normal(size=(600, width))
    return ours, theirs, lies


@pytest.mark.parametrize("width", [24, 40])
def test_anchors_bring_two_models_together_and_their_principal_components_alone_do_not(width):
    scores = {"anchors": [], "pca": []}
    for seed in range(3):
        ours, theirs, lies = _two_models(width, seed)
        for how, found in scores.items():
            common = ComnHallu(4, how=how).fit(
                ours[:300], theirs[:300], anchors=(ours[:100], theirs[:100]) if how == "anchors" else None
            )
            detector = DirectionDetector(truthful_direction(common.source(ours[:300]), lies[:300]))
            found.append(auroc(detector(common.target(theirs[300:])), lies[300:]))
    assert min(scores["anchors"]) > 0.9
    assert np.mean(scores["pca"]) < 0.8


def test_one_models_subspaces_on_two_data_are_brought_together():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(20, 3)))[0]
    kinds = (([3, 2, 1], 0), ([1, 2, 3], 5))
    source, target = (rng.normal(size=(400, 3)) * size @ axes.T + move for size, move in kinds)
    x = rng.normal(size=(50, 3)) @ axes.T
    apart = {}
    for how in ("subspace", "pca"):
        common = ComnHallu(3, how=how).fit(source, target)
        ours, theirs = common.source(x), common.target(x + 5)
        apart[how] = np.mean([abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(ours.T, theirs.T, strict=True)])
    assert apart["subspace"] > max(0.8, apart["pca"])
    same = ComnHallu(3, how="coral").fit(source, source)
    np.testing.assert_allclose(same.source(x), same.target(x), atol=1e-8)
    np.testing.assert_array_equal(ComnHallu(how="none").fit(source, target).target(x), x)


def test_what_cannot_be_used_is_refused():
    x, y = np.random.default_rng(0).normal(size=(10, 4)), np.arange(10) % 2
    for call, words in (
        (lambda: TruthDetector().fit(x, np.ones(10)), "one class only"),
        (lambda: truthful_direction(x, np.zeros(10)), "one class only"),
        (lambda: truthful_direction(np.ones((4, 2)), [0, 1, 0, 1]), "same mean"),
        (lambda: TruthDetector().fit(x, y + 1), "other values"),
        (lambda: TruthDetector().fit(x * np.nan, y), "NaN"),
        (lambda: TruthDetector().fit(x[:0], y[:0]), "at least one row"),
        (lambda: TruthDetector().fit(x, y[:5]), "one label for each of 10"),
        (lambda: TruthDetector()(x), "not fitted"),
        (lambda: TruthDetector(epochs=1).fit(x, y)(x[:, :3]), "3 columns, expected 4"),
        (lambda: TruthDetector(0), "width is 0"),
        (lambda: auroc([1.0, np.nan], [0, 1]), "finite"),
        (lambda: threshold_at([1.0, 2.0], [0, 1], 1.0), "false_alarms is 1"),
        (lambda: random_direction(0), "width is 0"),
        (lambda: ComnHallu(0), "k is 0"),
        (lambda: ComnHallu(9).fit(x, x), "may be 1 to 4"),
        (lambda: ComnHallu(2).fit(x, x[:, :3]), "cannot bring together"),
        (lambda: ComnHallu(2, how="anchors").fit(x, x), "anchors are missing"),
        (lambda: ComnHallu(2, how="anchors").fit(x, x, anchors=(x, x[:4])), "expected pairs"),
        (lambda: ComnHallu(2).source(x), "not fitted"),
    ):
        with pytest.raises(InputError, match=words):
            call()
