"""Geometry with known angles, decays with known half-lives, and labels scored by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import silhouette_score
from transformers import LlamaConfig, LlamaForCausalLM

from seme.errors import InputError
from seme.interp.emotion import class_geometry, corrected, fit_decay, label_scores, principal_plane, user_turn


def test_classes_at_the_corners_of_a_simplex_have_its_angles():
    labels = np.repeat(np.arange(7), 40)
    noise = 0.05 * np.random.default_rng(0).normal(size=(280, 12))
    found = class_geometry(np.eye(12)[labels] + noise, labels)
    off = found.cosines[~np.eye(7, dtype=bool)]
    np.testing.assert_allclose(off, -1 / 6, atol=0.05)
    np.testing.assert_allclose(np.diag(found.cosines), 1)
    assert found.silhouette > 0.8
    assert found.fisher > 20
    absent = class_geometry(noise, labels)
    assert absent.fisher < 0.1
    assert abs(absent.silhouette) < 0.1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_geometry_does_not_depend_on_scale_place_or_rotation(seed, scale):
    rng = np.random.default_rng(seed)
    labels = np.r_[0, 0, 1, 1, 2, 2, rng.integers(0, 3, 20)]
    x = rng.normal(size=(26, 4)) + rng.normal(size=(3, 4))[labels]
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    one, other = class_geometry(x, labels), class_geometry(scale * x @ turn + 5, labels)
    assert other.fisher == pytest.approx(one.fisher, rel=1e-6)
    assert other.silhouette == pytest.approx(one.silhouette, abs=1e-6)
    np.testing.assert_allclose(other.cosines, one.cosines, atol=1e-6)
    assert one.silhouette == pytest.approx(silhouette_score(x, labels))
    # In one dimension the ratio is the eigenvalue of linear discriminant analysis, over its degrees of freedom.
    line = class_geometry(x[:, :1], labels).fisher
    fitted = LinearDiscriminantAnalysis(solver="eigen").fit(x[:, :1], labels)
    scatter = float(np.cov(x[:, 0], bias=True))
    assert line == pytest.approx((scatter - fitted.covariance_[0, 0]) / fitted.covariance_[0, 0], rel=1e-6)


def test_a_plane_holds_what_lies_in_it():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 2)) @ np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    plane, shares = principal_plane(flat)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(plane[0] - plane[1]), np.linalg.norm(flat[0] - flat[1]))


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 0.3), st.floats(0.2, 0.7), st.floats(10, 150))
def test_a_decay_is_found_again(floor, drop, tau):
    t = np.array([0, 5, 10, 25, 50, 100, 200, 400.0])
    found = fit_decay(t, floor + drop * np.exp(-t / tau))
    assert found.half_life == pytest.approx(tau * np.log(2), rel=0.02)
    assert found.floor == pytest.approx(floor, abs=0.01)
    assert found.residual < 1e-3
    assert found(0) == pytest.approx(floor + drop, abs=0.01)


def test_labels_are_scored_by_the_next_token():
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=30, **shape)).eval()
    prompts = [[3, 4, 5, 6], [7], [8, 9]]
    found = label_scores(model, prompts, [10, 11, 12], batch=2)
    for row, prompt in zip(found, prompts, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([prompt])).logits[0, -1, [10, 11, 12]]
        np.testing.assert_allclose(row, logits.log_softmax(-1).numpy(), atol=1e-4)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)
    np.testing.assert_allclose(corrected(found).mean(axis=0), 0, atol=1e-12)
    for call, words in (
        (lambda: label_scores(model, [], [1, 2]), "prompts has 0"),
        (lambda: label_scores(model, [[]], [1, 2]), "none without tokens"),
        (lambda: label_scores(model, [[1]], [1]), "two or more different"),
        (lambda: label_scores(model, [[1]], [1, 1]), "two or more different"),
    ):
        with pytest.raises(InputError, match=words):
            call()


class _Letters:
    """Tokens are letters; the template is ChatML's."""

    chat_template = "yes"

    def apply_chat_template(self, turns, *, tokenize):
        assert not tokenize
        return "".join(f"<{one['role']}>{one['content']}</>" for one in turns)

    def encode(self, text, *, add_special_tokens):
        assert not add_special_tokens
        return [ord(one) for one in text]


def test_a_turn_ends_with_the_last_token_of_the_text():
    tokenizer = _Letters()
    said = "".join(map(chr, user_turn(tokenizer, "Be angry.", system="Be angry.")))
    assert said == "<system>Be angry.</><user>Be angry."
    assert "".join(map(chr, user_turn(tokenizer, "Hi"))) == "<system></><user>Hi"
    tokenizer.chat_template = None
    assert "".join(map(chr, user_turn(tokenizer, "Hi", system="Be."))) == "Be.\nHi"
    assert "".join(map(chr, user_turn(tokenizer, "Hi"))) == "Hi"
    with pytest.raises(InputError, match="text is empty"):
        user_turn(tokenizer, " ")
    tokenizer.chat_template, tokenizer.apply_chat_template = "yes", lambda *_a, **_k: "something else"
    with pytest.raises(InputError, match="changes the text"):
        user_turn(tokenizer, "Hi")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: class_geometry(np.ones((4, 2)), [0, 0, 1, 1]), "no variance"),
        (lambda: class_geometry(np.eye(4), [0, 0, 0, 0]), "labels has 1 classes"),
        (lambda: class_geometry(np.eye(4), [0, 0, 0, 1]), "the smallest of 1"),
        (lambda: class_geometry(np.eye(4), [0, 1]), "labels"),
        (lambda: class_geometry(np.full((4, 2), np.nan), [0, 0, 1, 1]), "NaN"),
        (lambda: principal_plane(np.ones((4, 1))), "two or more dimensions"),
        (lambda: fit_decay([0, 1], [1, 1]), "n >= 3"),
        (lambda: fit_decay([0, 2, 1], [1, 1, 1]), "have to rise"),
        (lambda: fit_decay([0, 1, 2], [1, np.nan, 1]), "finite"),
        (lambda: corrected([[1.0, 2.0]]), "two or more of each"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
