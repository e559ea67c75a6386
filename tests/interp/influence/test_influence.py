"""Influence against losses that transformers computes, and documents in which copying was planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from interp.heads.models import CONFIGS, causal, small_tokenizer
from seme.errors import InputError
from seme.interp.heads import MaskedHeads, head_mask
from seme.interp.heads.retrieval import RetrievalScores, planted_copier, retrieval_scores
from seme.interp.influence import (
    Influence,
    attention_influence,
    lookup_prompts,
    masked_losses,
    near_duplicates,
    select_within,
    top_share,
)

HEADS = [(1, 0), (2, 3)]
PASSAGES = [f"number {word} stands on the hill" for word in ("one", "two", "six", "ten", "four", "five", "nine")]


def _documents(rng, count=5):
    return [rng.integers(0, 61, int(rng.integers(4, 30))).tolist() for _ in range(count)]


@pytest.mark.parametrize("mode", ["zero", "uniform"])
@pytest.mark.parametrize("kind", sorted(CONFIGS))
def test_losses_are_those_of_transformers(kind, mode):
    model, documents = causal(kind), _documents(np.random.default_rng(0))
    found = attention_influence(model, documents, HEADS, mode=mode, at_once=2)
    for number, document in enumerate(documents):
        ids = torch.tensor([document])
        with torch.no_grad():
            base = float(model(input_ids=ids, labels=ids).loss)
            with MaskedHeads(head_mask(model, HEADS), mode)(model):
                masked = float(model(input_ids=ids, labels=ids).loss)
        assert found.base[number] == pytest.approx(base, abs=1e-5)
        assert found.masked[number] == pytest.approx(masked, abs=1e-5)
        assert found.scores[number] == pytest.approx((masked - base) / base, abs=1e-5)
    assert found.tokens.tolist() == [len(document) - 1 for document in documents]
    assert found.passes == pytest.approx(1 + 2 / 3)


def test_chunks_are_weighted_by_their_tokens_and_blocks_run_as_often_as_said():
    model, document = causal(), list(range(21))
    whole = attention_influence(model, [document], HEADS, length=10)
    parts = attention_influence(model, [document[:10], document[10:20]], HEADS)
    assert whole.tokens[0] == 18
    assert whole.base[0] == pytest.approx(parts.base.mean())
    assert whole.masked[0] == pytest.approx(parts.masked.mean())
    counted = []
    handles = [block.mlp.register_forward_hook(lambda *_: counted.append(1)) for block in model.model.layers]
    found = attention_influence(model, [document], HEADS)
    for handle in handles:
        handle.remove()
    assert len(counted) == round(found.passes * 3) == 5


def test_documents_in_which_something_is_copied_are_found_by_the_planted_head():
    rng = np.random.default_rng(0)
    model = planted_copier(((2, 1),))
    copied, plain = [], []
    for _ in range(15):
        first = rng.permutation(np.arange(20, 40)).tolist()
        plain.append(rng.integers(1, 20, 120).tolist())
        copied.append(first * 6)
    truth = [True] * 15 + [False] * 15
    for mode in ("zero", "uniform"):
        scores = attention_influence(model, copied + plain, [(2, 1)], mode=mode).scores
        assert roc_auc_score(truth, scores) >= 0.95
        other = attention_influence(model, copied + plain, [(2, 2)], mode=mode).scores
        assert abs(other).max() < 0.05 < scores[:15].min()


def test_prompts_look_up_values_and_heads_are_the_best_share():
    tokenizer = small_tokenizer()
    prompts = lookup_prompts(tokenizer, PASSAGES, np.random.default_rng(0), 6, pairs=5, shots=2)
    for prompt in prompts:
        text = tokenizer.decode(prompt.ids)
        value = tokenizer.decode(prompt.answer)
        key = text[-11:-4]
        assert value in PASSAGES
        assert f'{key}": "{value}"' in text
        assert text.count(key) == 2
    scores = retrieval_scores(planted_copier(), [_small(prompt) for prompt in prompts], force=True)
    assert top_share(scores, 0.05) == scores.top(1)
    nothing = RetrievalScores(np.zeros((1, 3, 4)), np.ones(1), np.ones(1, dtype=bool), ((),))
    with pytest.raises(InputError, match="no head copied anything"):
        top_share(nothing)
    with pytest.raises(InputError, match="share is 1"):
        top_share(scores, 1)


def _small(prompt):
    """Return a prompt in the vocabulary of the planted model, which occurs twice there."""
    start, end = prompt.span
    ids = [1, *range(20, 20 + min(end - start, 15)), 2, 1]
    return type(prompt)(tuple(ids), (1, len(ids) - 2))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.05, 1))
def test_a_selection_holds_the_best_of_each_domain(seed, share):
    rng = np.random.default_rng(seed)
    scores, domains = rng.normal(size=40), [f"d{one}" for one in rng.integers(0, 3, 40)]
    chosen = set(select_within(scores, domains, share).tolist())
    for domain in set(domains):
        members = [one for one in range(40) if domains[one] == domain]
        inside = [one for one in members if one in chosen]
        assert len(inside) == max(1, round(share * len(members)))
        assert min(scores[inside]) >= max([scores[one] for one in members if one not in chosen], default=-np.inf)


def test_near_duplicates_are_what_pairs_say():
    base = "the quick brown fox jumps over the lazy dog and runs into the deep dark forest at night"
    texts = [base, base.upper(), base + " again", "something else that shares no run of words with it", base, "", ""]
    assert near_duplicates(texts).tolist() == [False, True, True, False, True, False, True]
    assert not near_duplicates([]).size
    assert near_duplicates([base, base.replace("fox", "cat")], near=0.9).tolist() == [False, False]


def test_what_cannot_be_scored_is_refused_with_the_mend():
    model = causal()
    for documents, said in (([], "documents is empty"), ([[1, 2], [3]], "document 1 has 1 tokens")):
        with pytest.raises(InputError, match=said):
            attention_influence(model, documents, HEADS)
    with pytest.raises(InputError, match="heads is empty"):
        attention_influence(model, [[1, 2]], [])
    with pytest.raises(InputError, match="names all 12 heads"):
        attention_influence(model, [[1, 2]], list(np.ndindex(3, 4)))
    with pytest.raises(InputError, match=r"\(9, 0\)"):
        attention_influence(model, [[1, 2]], [(9, 0)])
    with pytest.raises(InputError, match="length is 99; it may be 2 to 64"):
        attention_influence(model, [[1, 2]], HEADS, length=99)
    with pytest.raises(InputError, match="at_once is 0"):
        masked_losses(model, [[1, 2]], [], at_once=0)
    tokenizer, rng = small_tokenizer(), np.random.default_rng(0)
    with pytest.raises(InputError, match="passages has 7 different texts"):
        lookup_prompts(tokenizer, PASSAGES, rng, 1, pairs=8)
    with pytest.raises(InputError, match="shots is 5"):
        lookup_prompts(tokenizer, PASSAGES, rng, 1, pairs=5, shots=5)
    with pytest.raises(InputError, match="line break or a double quote"):
        lookup_prompts(tokenizer, [*PASSAGES, 'say "so"'], rng, 1)
    with pytest.raises(InputError, match="scores holds NaN"):
        select_within([1.0, np.nan], ["a", "a"])
    assert select_within([1.0, np.nan], ["a", "a"], eligible=[True, False]).tolist() == [0]
    with pytest.raises(InputError, match="has 0 eligible documents"):
        select_within([1.0, 2.0], ["a", "b"], eligible=[True, False])
    with pytest.raises(InputError, match=r"shape \(2,\), and there are 1 domains"):
        select_within([1.0, 2.0], ["a"])
    with pytest.raises(InputError, match="share is 0"):
        select_within([1.0], ["a"], 0)
    with pytest.raises(InputError, match="near is 2"):
        near_duplicates(["a"], near=2)
    few = Influence(np.array([1.0, 0.01]), np.ones(2), np.array([64, 200]), 2.0)
    assert few.eligible().tolist() == [True, False]
