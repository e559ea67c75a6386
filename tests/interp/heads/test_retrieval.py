"""Retrieval scores against attention that is materialised whole, loops, and heads that were planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from interp.heads.models import CONFIGS, HAY, causal, small_tokenizer
from seme.errors import InputError
from seme.interp.heads import head_mask
from seme.interp.heads.retrieval import (
    Needle,
    RetrievalPrompt,
    RetrievalScores,
    copied_share,
    eager_attention,
    masked_answers,
    needle_prompt,
    planted_copier,
    planted_prompts,
    recall,
    retrieval_scores,
    stop_tokens,
    token_f1,
    words_of,
)

NEEDLE = Needle("The old miller hid a silver spoon.", "What did the old miller hide?", "a silver spoon")


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_the_share_is_what_a_loop_counts(data):
    ids = data.draw(st.lists(st.integers(0, 4), min_size=6, max_size=12))
    start = data.draw(st.integers(0, len(ids) - 3))
    end = data.draw(st.integers(start + 1, len(ids) - 1))
    steps = data.draw(st.integers(1, 6))
    written = data.draw(st.lists(st.integers(0, 4), min_size=steps, max_size=steps))
    attended = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, len(ids), (2, 3, steps))
    found = copied_share(RetrievalPrompt(tuple(ids), (start, end)), written, attended)
    for layer, head in np.ndindex(2, 3):
        hit = {
            int(place)
            for token, place in zip(written, attended[layer, head], strict=True)
            if start <= place < end and ids[place] == token
        }
        assert found[layer, head] == pytest.approx(len(hit) / (end - start))


@pytest.mark.parametrize("kind", sorted(CONFIGS))
def test_scores_follow_from_attention_that_is_materialised_whole(kind):
    model = causal(kind)
    ids = torch.randint(61, (24,), generator=torch.Generator().manual_seed(1)).tolist()
    prompt = RetrievalPrompt(tuple(ids), (8, 13))
    found = retrieval_scores(model, [prompt], force=True)
    whole = [*ids, *prompt.answer[:-1]]
    with eager_attention(model), torch.no_grad():
        weights = model(input_ids=torch.tensor([whole]), output_attentions=True).attentions
    attended = torch.stack([layer[0, :, len(ids) - 1 :].argmax(-1) for layer in weights])
    np.testing.assert_array_equal(found.mean, copied_share(prompt, prompt.answer, attended.numpy()))
    free = retrieval_scores(model, [prompt], floor=-1.0, longest=4)
    with torch.no_grad():
        greedy = model.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, 24), max_new_tokens=4, min_new_tokens=4, do_sample=False
        )
    assert free.responses[0] == tuple(greedy[0, 24:].tolist())
    silent = retrieval_scores(model, [prompt], floor=-1.0, longest=4, stop=range(61))
    assert silent.responses == ((),)
    assert not silent.mean.any()


@pytest.mark.parametrize("copying", [((2, 1),), ((1, 0), (2, 3))])
def test_planted_heads_are_found_and_are_the_cause(copying):
    model = planted_copier(copying, seed=3)
    prompts = planted_prompts(np.random.default_rng(0), 6, length=120)
    scores = retrieval_scores(model, prompts, longest=6)
    truth = np.zeros(scores.mean.shape, dtype=bool)
    truth[tuple(zip(*copying, strict=True))] = True
    assert roc_auc_score(truth.ravel(), scores.mean.ravel()) >= 0.95
    assert scores.mean[truth].min() > 0.95
    assert set(scores.top(len(copying))) == set(copying) == set(scores.above(0.1))
    assert scores.frequency[truth].min() == 1
    masks = torch.stack([head_mask(model, copying), head_mask(model, [(1, 2), (2, 2)]), torch.zeros(3, 4).bool()])
    for more in ({}, {"mode": "uniform"}, {"everywhere": True}):
        answers = masked_answers(model, prompts[0].ids, prompts[0].answer, masks, longest=6, **more)
        assert answers.recalls[0] < 0.5
        assert answers.recalls[1:].tolist() == [1, 1]


def test_a_model_that_does_not_copy_scores_as_chance_does():
    model = planted_copier(())
    prompts = planted_prompts(np.random.default_rng(1), 24, length=120)
    scores = retrieval_scores(model, prompts, force=True)
    assert scores.mean.max() < 0.05
    hits = [retrieval_scores(planted_copier((), seed=seed), prompts[:4], force=True).mean for seed in range(6)]
    truth = np.zeros((3, 4), dtype=bool)
    truth[2, 1] = True
    areas = [roc_auc_score(truth.ravel(), one.ravel()) for one in hits]
    assert abs(np.mean(areas) - 0.5) < 0.25
    with pytest.raises(InputError, match="no successful retrieval: none of 5"):
        retrieval_scores(model, prompts[:5], longest=6)


@pytest.mark.parametrize("template", [False, True])
def test_the_needle_lies_where_it_was_put(template):
    tokenizer = small_tokenizer(template=template)
    for depth in (0.0, 0.4, 1.0):
        prompt = needle_prompt(tokenizer, HAY, NEEDLE, length=300, depth=depth)
        assert len(prompt.ids) == 300
        assert tokenizer.decode(prompt.answer).strip() == NEEDLE.answer
        before = tokenizer.decode(prompt.ids[: prompt.span[0]])
        kept = before.rstrip().removesuffix(" The old miller hid")
        assert kept != before.rstrip()
        assert kept.endswith(".") or (depth, kept) == (0.0, "<s>user\n" if template else "") or depth == 1.0
        text = tokenizer.decode(prompt.ids)
        assert NEEDLE.question in text
        assert text.endswith("model" if template else "Answer:")


def test_words_and_ends_of_answers():
    tokenizer = small_tokenizer()
    words = words_of(tokenizer)
    assert words(tokenizer.encode("A silver, SPOON!")) == ["a", "silver", "spoon"]
    assert recall(["a", "spoon", "spoon"], ["a", "silver", "spoon", "a"]) == 0.5
    assert token_f1(["a", "spoon", "spoon"], ["a", "silver", "spoon", "a"]) == pytest.approx(2 * 2 / (3 + 4))
    assert token_f1([], ["a"]) == 0
    stops = stop_tokens(tokenizer)
    assert {*tokenizer.encode("\n"), tokenizer.eos_token_id} <= stops
    assert not stops & set(tokenizer.encode("plain words"))


def test_attention_is_switched_back():
    model = causal()
    model.set_attn_implementation("sdpa")
    with pytest.raises(ZeroDivisionError), eager_attention(model):
        assert 1 // (model.config._attn_implementation != "eager")
    assert model.config._attn_implementation == "sdpa"
    retrieval_scores(model, [RetrievalPrompt((1, 2, 3, 4), (1, 2))], force=True)
    assert model.config._attn_implementation == "sdpa"
    with pytest.raises(InputError, match="model is Linear"), eager_attention(torch.nn.Linear(1, 1)):
        pass


def test_what_cannot_be_asked_is_refused_with_the_mend():
    tokenizer, model = small_tokenizer(), causal()
    with pytest.raises(InputError, match="length is 20, and needle, question and template alone take") as shown:
        needle_prompt(tokenizer, HAY, NEEDLE, length=20, depth=0.5)
    least = int(shown.value.hint.split()[4])
    assert len(needle_prompt(tokenizer, HAY, NEEDLE, length=least, depth=0.5).ids) == least
    with pytest.raises(InputError, match="haystack has 0 tokens"):
        needle_prompt(tokenizer, "", NEEDLE, length=300, depth=0.5)
    with pytest.raises(InputError, match="depth is nan"):
        needle_prompt(tokenizer, HAY, NEEDLE, length=300, depth=float("nan"))
    with pytest.raises(InputError, match="occurs 0 times"):
        Needle("The old miller hid a spoon.", "What?", "a fork")
    with pytest.raises(InputError, match=r"span is \(3, 3\)"):
        RetrievalPrompt((1, 2, 3, 4), (3, 3))
    prompt = RetrievalPrompt((1, 2, 3, 4) * 10, (1, 3))
    with pytest.raises(InputError, match="context of 64") as shown:
        retrieval_scores(model, [prompt], longest=50)
    assert "prompts of 14 tokens" in shown.value.hint
    with pytest.raises(InputError, match="prompts is empty"):
        retrieval_scores(model, [])
    with pytest.raises(InputError, match="longest is 0"):
        retrieval_scores(model, [prompt], longest=0)
    with pytest.raises(InputError, match="masks has shape"):
        masked_answers(model, prompt.ids, prompt.answer, torch.zeros(3, 4).bool(), longest=4)
    with pytest.raises(InputError, match=r"expected \(layers, heads, 2 steps\)"):
        copied_share(prompt, [1, 2], np.zeros((3, 4, 5)))
    with pytest.raises(InputError, match="wanted is empty"):
        recall([1], [])
    with pytest.raises(InputError, match=r"copying names \(0, 0\)"):
        planted_copier([(0, 0)])
    with pytest.raises(InputError, match="length is 5"):
        planted_prompts(np.random.default_rng(0), 1, length=5)
    with pytest.raises(InputError, match="answer is 30"):
        planted_prompts(np.random.default_rng(0), 1, answer=30)


def test_scores_are_checked_and_taken_apart():
    each = np.array([[[0.0, 0.5]], [[0.25, 0.0]]])
    scores = RetrievalScores(each, np.array([1.0, 0.0, 1.0]), np.array([True, False, True]), ((1,), (), (2,)))
    assert scores.mean.tolist() == [[0.125, 0.25]]
    assert scores.top(2) == [(0, 1), (0, 0)]
    assert scores.above(0.2) == [(0, 1)]
    assert scores.part([1]).mean.tolist() == [[0.25, 0.0]]
    assert scores.part([1]).responses == ((2,),)
    with pytest.raises(InputError, match="count is 3; it may be 1 to 2"):
        scores.top(3)
    with pytest.raises(InputError, match="not shares"):
        RetrievalScores(each * np.nan, scores.recalls, scores.answered, scores.responses)
