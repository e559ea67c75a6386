"""Chunks cover their corpus, batches are the same wherever they are taken up, and corpora have their shares."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from embeddings.contriever import learner
from seme.embeddings.contriever import (
    FineTuneBatches,
    TokenCorpus,
    ViewBatches,
    Views,
    corpus_shares,
    mine_negatives,
)
from seme.errors import InputError


@pytest.fixture(scope="module")
def tokenizer():
    return learner.make_tokenizer()


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 20), st.booleans(), st.data())
def test_chunks_are_disjoint_spans_of_the_corpus_as_many_at_each_offset(lengths, length, across, data):
    corpus = TokenCorpus(np.arange(sum(lengths)), lengths, across=across)
    chunks = corpus.chunks(length, data.draw(st.integers(0, length - 1)))
    assert len(chunks) == len(corpus.chunks(length))
    starts, ends = chunks.T
    assert (starts >= 0).all()
    assert (ends <= sum(lengths)).all()
    assert (starts[1:] >= ends[:-1]).all()
    assert (ends - starts >= 1).all()
    assert (ends - starts <= length).all()
    if not across:
        edges = np.cumsum([0, *lengths])
        texts = np.searchsorted(edges, starts, side="right")
        assert (ends <= edges[texts]).all()  # none runs into the next text
        assert set(texts) == set(range(1, len(lengths) + 1))  # every text has one
    elif sum(lengths) >= length:
        assert (ends - starts == length).all()


def test_every_token_is_in_a_chunk_at_some_offset():
    corpus = TokenCorpus(np.arange(50), [7, 19, 24], across=False)
    seen = {token for offset in range(10) for start, end in corpus.chunks(10, offset) for token in range(start, end)}
    assert seen == set(range(50))


def test_batches_are_the_same_wherever_they_are_taken_up(tokenizer):
    corpora = [TokenCorpus.from_texts(learner.texts()[:n], tokenizer, across=n > 9) for n in (4, 50)]
    data = ViewBatches(corpora, tokenizer, size=7, views=Views(chunk=9, shortest=0.3), seed=1)
    whole = list(islice(data.starting_at(0), 40))  # several epochs of the small corpus
    for number in (0, 3, 39):
        again = next(data.starting_at(number))
        assert all(torch.equal(again[s][n], whole[number][s][n]) for s in again for n in again[s])
    other = next(ViewBatches(corpora, tokenizer, size=7, seed=2).starting_at(0))
    assert not np.array_equal(other["query"]["input_ids"], whole[0]["query"]["input_ids"])


def test_an_epoch_shows_each_text_once_and_views_are_of_one_text(tokenizer):
    texts = [f"w{i} " * 6 for i in range(30)]
    data = ViewBatches(
        [TokenCorpus.from_texts(texts, tokenizer, across=False)],
        tokenizer,
        size=10,
        views=Views(chunk=6, augmentation="none"),
    )
    seen = []
    for batch in islice(data.starting_at(0), 3):
        words = [batch[side]["input_ids"][:, 1] for side in ("query", "key")]
        assert torch.equal(*words)
        assert (batch["query"]["input_ids"][:, 0] == tokenizer.cls_token_id).all()
        ends = batch["key"]["attention_mask"].sum(1) - 1
        assert (batch["key"]["input_ids"].gather(1, ends[:, None]) == tokenizer.sep_token_id).all()
        seen += words[0].tolist()
    assert sorted(seen) == sorted(tokenizer.convert_tokens_to_ids([f"w{i}" for i in range(30)]))


def test_corpora_are_drawn_by_their_sizes_to_a_power(tokenizer):
    assert corpus_shares([100, 400]) == pytest.approx([0.5, 0.5])
    assert corpus_shares([100, 400], 1.0) == pytest.approx([0.2, 0.8])
    assert corpus_shares([100, 400], 0.5) == pytest.approx([1 / 3, 2 / 3])
    corpora = [TokenCorpus.from_texts([f"w{i} " * 4] * n, tokenizer, across=False) for i, n in ((1, 10), (2, 40))]
    data = ViewBatches(corpora, tokenizer, size=50, exponent=1.0, views=Views(chunk=4))
    drawn = torch.cat([batch["query"]["input_ids"][:, 1] for batch in islice(data.starting_at(0), 40)])
    assert float((drawn == tokenizer.convert_tokens_to_ids("w2")).float().mean()) == pytest.approx(0.8, abs=0.03)


def test_negatives_are_hard_as_often_as_said_and_never_right(tokenizer):
    documents = [np.array([5 + i]) for i in range(30)]
    queries = [np.array([5])] * 20
    relevant = [np.array([0, 1])] * 20
    data = FineTuneBatches(queries, documents, relevant, tokenizer, hard=[np.array([7])] * 20, hard_share=0.5, size=20)
    wrong = torch.cat([one["negative"]["input_ids"][:, 1] for one in islice(data.starting_at(0), 60)]) - 5
    assert float((wrong == 7).float().mean()) == pytest.approx(0.5 + 0.5 / 28, abs=0.05)
    assert not set(wrong.tolist()) & {0, 1}
    right = torch.cat([one["key"]["input_ids"][:, 1] for one in islice(data.starting_at(0), 5)]) - 5
    assert set(right.tolist()) == {0, 1}
    again = [next(data.starting_at(4)), next(islice(data.starting_at(0), 4, None))]
    assert torch.equal(again[0]["negative"]["input_ids"], again[1]["negative"]["input_ids"])


def test_mined_negatives_are_the_best_documents_that_are_not_right():
    rng = np.random.default_rng(0)
    queries, documents = rng.normal(size=(300, 8)).astype(np.float32), rng.normal(size=(40, 8)).astype(np.float32)
    relevant = [rng.choice(40, 2, replace=False) for _ in range(300)]
    mined = mine_negatives(queries, documents, relevant, depth=5)
    for query, right, found in zip(queries.astype(np.float64), relevant, mined, strict=True):
        best = sorted(range(40), key=lambda j, query=query: -float(query @ documents[j]))[:5]
        assert found.tolist() == [j for j in best if j not in right]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda t: TokenCorpus.from_texts(["", " "], t), "none of the 2 texts"),
        (lambda _: TokenCorpus(np.arange(3), [1, 1]), "lengths sum to 2"),
        (lambda _: TokenCorpus(np.arange(3), [3]).chunks(4, 4), "offset 4"),
        (lambda _: corpus_shares([1, 0]), "sizes is"),
        (lambda t: ViewBatches([], t), "sizes is"),
        (lambda t: ViewBatches([TokenCorpus(np.arange(3), [3])], t, size=0), "size is 0"),
        (lambda _: Views(pairing="both"), "pairing is 'both'"),
        (lambda _: Views(chunk=0), "chunk is 0"),
        (lambda t: FineTuneBatches([], [np.arange(2)], [], t), "there are 0 queries"),
        (lambda t: FineTuneBatches([np.arange(2)], [np.arange(2)], [np.array([0])], t), "query 0 has 1 right"),
        (lambda t: FineTuneBatches([np.arange(0)], [np.arange(2)] * 2, [np.array([0])], t), "query 0 has no token"),
        (lambda _: mine_negatives(np.ones((2, 3), "f"), np.ones((2, 4), "f"), [], depth=1), "expected"),
        (lambda _: mine_negatives(np.full((1, 3), np.nan, "f"), np.ones((2, 3), "f"), [np.array([0])]), "not finite"),
    ],
)
def test_what_cannot_be_used_is_named(call, said, tokenizer):
    with pytest.raises(InputError, match=said):
        call(tokenizer)
