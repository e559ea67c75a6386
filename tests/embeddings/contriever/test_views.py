"""Crops, spans and damage keep to the chunk, and are as often as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from seme.embeddings.contriever import AUGMENTATIONS, augment, crop, inverse_cloze, two_crops
from seme.errors import InputError

shares = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@given(st.integers(1, 300), shares, st.integers(0, 2**32))
def test_a_crop_is_a_span_of_the_chunk_with_a_token_at_least(n, bounds, seed):
    chunk = np.arange(100, 100 + n)
    for view in two_crops(chunk, np.random.default_rng(seed), shortest=bounds[0], longest=bounds[1]):
        assert max(1, int(bounds[0] * n)) <= len(view) <= max(1, int(bounds[1] * n))
        assert (np.diff(view) == 1).all()
        assert view[0] >= 100
        assert view[-1] < 100 + n


@given(st.integers(1, 80), shares, st.integers(0, 2**32))
def test_a_span_and_its_context_make_the_chunk(n, bounds, seed):
    chunk = np.arange(n)
    span, rest = inverse_cloze(chunk, np.random.default_rng(seed), shortest=bounds[0], longest=bounds[1], kept=0.0)
    assert len(span) >= 1
    assert len(rest) >= 1
    assert (np.diff(span) == 1).all()
    if len(span) < n:
        assert sorted([*span, *rest]) == list(chunk)
    else:
        assert list(span) == list(rest) == list(chunk)


def test_the_span_stays_as_often_as_it_should():
    rng = np.random.default_rng(0)
    whole = [len(inverse_cloze(np.arange(50), rng, kept=0.1)[1]) == 50 for _ in range(4000)]
    assert np.mean(whole) == pytest.approx(0.1, abs=0.02)


def test_lengths_and_places_of_crops_are_uniform():
    rng = np.random.default_rng(0)
    views = [crop(np.arange(100), rng, shortest=0.1, longest=0.5) for _ in range(6000)]
    lengths = np.array(list(map(len, views)))
    assert lengths.mean() == pytest.approx(29.5, abs=0.5)  # uniform over 10..49, rounded down
    places = np.array([view[0] for view in views]) / (100 - lengths)
    assert np.histogram(places, 5, (0, 1))[0] == pytest.approx(np.full(5, 1200), rel=0.12)


@given(
    st.lists(st.integers(5, 44), min_size=1, max_size=60),
    st.sampled_from(AUGMENTATIONS),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
def test_a_damaged_view_keeps_its_form(tokens, kind, probability, seed):
    given_tokens = np.array(tokens)
    made = augment(
        given_tokens,
        np.random.default_rng(seed),
        kind,
        probability=probability,
        mask_id=4,
        replacements=np.arange(5, 45),
    )
    assert given_tokens.tolist() == tokens  # what is given stays
    assert len(made) >= 1
    if kind == "delete":
        left = iter(tokens)
        assert all(one in left for one in made)  # in their order
    else:
        assert len(made) == len(tokens)
    if kind == "shuffle":
        assert sorted(made) == sorted(tokens)
    if kind == "mask":
        assert all(new in (4, old) for new, old in zip(made, tokens, strict=True))
    if kind == "none" or probability == 0:
        assert made.tolist() == tokens


@pytest.mark.parametrize(("kind", "changed"), [("delete", 0.3), ("mask", 0.3), ("replace", 0.3 * 39 / 40)])
def test_as_many_tokens_are_damaged_as_said(kind, changed):
    tokens = np.random.default_rng(0).integers(5, 45, 20_000)
    made = augment(tokens, np.random.default_rng(1), kind, probability=0.3, mask_id=4, replacements=np.arange(5, 45))
    share = 1 - len(made) / len(tokens) if kind == "delete" else float((made != tokens).mean())
    assert share == pytest.approx(changed, abs=0.01)


def test_one_token_is_left_where_all_are_deleted():
    assert len(augment(np.arange(5), np.random.default_rng(0), "delete", probability=1.0)) == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda rng: crop(np.arange(0), rng), "tokens is"),
        (lambda rng: crop(np.arange(5), rng, shortest=0.6, longest=0.5), "shortest is 0.6"),
        (lambda rng: crop(np.arange(5), rng, longest=float("nan")), "longest nan"),
        (lambda rng: inverse_cloze(np.arange(5), rng, kept=2), "kept is 2"),
        (lambda rng: augment(np.arange(5), rng, "swap"), "kind is 'swap'"),
        (lambda rng: augment(np.arange(5), rng, probability=float("nan")), "probability is nan"),
        (lambda rng: augment(np.arange(5), rng, "mask"), "mask_id is missing"),
        (lambda rng: augment(np.arange(5), rng, "replace", replacements=np.arange(0)), "replacements is missing"),
    ],
)
def test_what_cannot_be_used_is_named(call, said):
    with pytest.raises(InputError, match=said):
        call(np.random.default_rng(0))
