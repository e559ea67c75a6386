"""In-batch attention against a loop in float64, and what it must never touch."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.revela import (
    Helper,
    Recorder,
    cross_attention,
    in_batch_attention,
    shuffled_weights,
    similarity_weights,
    uniform_weights,
)
from seme.errors import InputError


def _case(n=4, heads=4, key_heads=2, length=5, dim=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(n, heads, length, dim, generator=generator, dtype=torch.float64)
    keys, values = torch.randn(2, n, key_heads, length, dim, generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, length + 1, (n,), generator=generator)
    mask = torch.arange(length) < lengths[:, None]
    vectors = torch.randn(2, n, 6, generator=generator, dtype=torch.float64)
    return query, keys, values, mask, similarity_weights(*vectors, temperature=0.3)


def _by_loop(query, keys, values, mask, weights, *, value_norm):
    """Return what the sheet's formula gives, one number at a time."""
    query, keys, values, mask, weights = (one.numpy() for one in (query, keys, values, mask, weights))
    n, heads, length, dim = query.shape
    times = heads // keys.shape[1]
    found = np.zeros(query.shape)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            for h in range(heads):
                for place in range(length):
                    seen = [m for m in range(keys.shape[2]) if mask[j, m]]
                    scores = [query[i, h, place] @ keys[j, h // times, m] / math.sqrt(dim) for m in seen]
                    shares = np.exp(np.array(scores) - max(scores))
                    shares /= shares.sum()
                    read = sum(share * values[j, h // times, m] for share, m in zip(shares, seen, strict=True))
                    norm = sum(
                        share * np.linalg.norm(values[j, h // times, m]) for share, m in zip(shares, seen, strict=True)
                    )
                    found[i, h, place] += weights[i, j] * (read / (norm + 1e-6) if value_norm else read)
    return found


@pytest.mark.parametrize("value_norm", [True, False])
@pytest.mark.parametrize("block", [1, 3, 8])
def test_it_is_the_formula(value_norm, block):
    case = _case()
    found = cross_attention(*case, value_norm=value_norm, block=block)
    np.testing.assert_allclose(found.numpy(), _by_loop(*case, value_norm=value_norm), atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), value_norm=st.booleans())
def test_the_shortcut_is_the_same_where_weights_choose_one_chunk(seed, value_norm):
    query, keys, values, mask, weights = _case(seed=seed)
    one_hot = torch.nn.functional.one_hot(weights.argmax(1), len(weights)).double()
    slow, fast = (
        cross_attention(query, keys, values, mask, one_hot, value_norm=value_norm, shortcut=shortcut)
        for shortcut in (False, True)
    )
    torch.testing.assert_close(slow, fast, atol=1e-12, rtol=0)


def test_half_precision_is_near():
    query, keys, values, mask, weights = _case()
    exact = cross_attention(query, keys, values, mask, weights)
    half = cross_attention(query.bfloat16(), keys.bfloat16(), values.bfloat16(), mask, weights)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.double(), exact, atol=0.05, rtol=0)


def test_shapes_that_do_not_fit_are_refused():
    query, keys, values, mask, weights = _case()
    for broken in (
        (query, keys[:3], values[:3], mask, weights),
        (query[:, :3], keys, values, mask, weights),
        (query, keys, values, mask[:, 1:], weights),
        (query, keys, values, mask, weights[1:]),
    ):
        with pytest.raises(InputError, match="expected"):
            cross_attention(*broken)
    with pytest.raises(InputError, match="block is 0"):
        cross_attention(query, keys, values, mask, weights, block=0)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(2, 9), seed=st.integers(0, 999), temperature=st.sampled_from([1e-4, 0.01, 0.05, 1.0]))
def test_weights_are_distributions_over_the_other_chunks(n, seed, temperature):
    generator = torch.Generator().manual_seed(seed)
    queries, passages = torch.randn(2, n, 5, generator=generator)
    weights = similarity_weights(queries.half(), passages.half(), temperature=temperature)
    assert weights.dtype == torch.float32
    assert not weights.diagonal().any()
    torch.testing.assert_close(weights.sum(1), torch.ones(n))
    dealt = shuffled_weights(weights, generator)
    assert not dealt.diagonal().any()
    torch.testing.assert_close(dealt.sort(1).values, weights.sort(1).values)
    torch.testing.assert_close(uniform_weights(n).sum(1), torch.ones(n))


@pytest.mark.parametrize(
    "call",
    [
        lambda: similarity_weights(torch.ones(1, 3), torch.ones(1, 3)),
        lambda: uniform_weights(1),
        lambda: similarity_weights(torch.ones(2, 3), torch.ones(2, 4)),
        lambda: similarity_weights(torch.ones(2, 3), torch.ones(2, 3), temperature=0.0),
        lambda: shuffled_weights(torch.ones(2, 3)),
    ],
)
def test_a_batch_of_one_and_other_nonsense_is_refused(call):
    with pytest.raises(InputError, match="expected"):
        call()


def test_the_model_is_as_before_and_gives_the_same_without_help(language_model, batch):
    ids, mask = batch["input_ids"], batch["attention_mask"]
    plain = language_model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    recorder = Recorder()
    with in_batch_attention(language_model):
        recorded = language_model(input_ids=ids, attention_mask=mask, use_cache=False, in_batch=recorder).logits
        nothing = Helper(recorder, torch.zeros(len(ids), len(ids)), mask.bool(), batch["helped"])
        helped = language_model(input_ids=ids, attention_mask=mask, use_cache=False, in_batch=nothing).logits
    assert language_model.config._attn_implementation == "sdpa"
    assert torch.equal(plain, recorded)
    assert torch.equal(plain, helped)
    assert sorted(recorder.keys) == [0, 1]
    assert torch.equal(plain, language_model(input_ids=ids, attention_mask=mask, use_cache=False).logits)


def test_an_error_inside_leaves_the_model_as_before(language_model):
    with pytest.raises(RuntimeError, match="broken"), in_batch_attention(language_model):
        raise RuntimeError("broken")
    assert language_model.config._attn_implementation == "sdpa"
    language_model.config._attn_implementation = "eager"
    with pytest.raises(InputError, match="eager"), in_batch_attention(language_model):
        pass
