"""Chunks, batches of related ones, and the retriever's vectors."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.revela import ChunkBatches, DecoderRetriever, group_chunks, split_chunks
from seme.errors import InputError

DOCUMENTS = [[f"document {d} part {c}" for c in range(4)] for d in range(6)]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab. \n!", max_size=60), st.integers(1, 12))
def test_chunks_are_short_and_lose_nothing(text, longest):
    found = split_chunks(text, len, longest=longest)
    assert all(len(one.strip("\n ")) <= longest for one in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_chunks_end_where_sentences_and_lines_do():
    text = "One is here. Two is there. Three\nFour is gone."
    assert split_chunks(text, lambda one: len(one.split()), longest=6) == [
        "One is here. Two is there.",
        "Three\nFour is gone.",
    ]
    with pytest.raises(InputError, match="expected 1 <= shortest"):
        split_chunks("a", len, longest=0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), group=st.sampled_from([1, 2, 4]))
def test_a_batch_is_of_neighbours_and_has_nothing_twice(seed, group):
    texts = group_chunks(DOCUMENTS, size=4, group=group, rng=np.random.default_rng(seed))
    assert len(set(texts)) == 4
    by_document = {}
    for text in texts:
        _, d, _, c = text.split()
        by_document.setdefault(int(d), []).append(int(c))
    for parts in by_document.values() if group > 1 else []:
        assert sorted(parts) == list(range(min(parts), min(parts) + group))


def test_what_cannot_be_a_batch_is_refused():
    rng = np.random.default_rng(0)
    for size, group in ((1, 1), (8, 3), (8, 0)):
        with pytest.raises(InputError, match="multiple of group"):
            group_chunks(DOCUMENTS, size=size, group=group, rng=rng)
    for documents in ([], [["the same", "thing"]] * 9, [["alone"]] * 9):
        with pytest.raises(InputError, match="different ones"):
            group_chunks(documents, size=4, group=2, rng=rng)


def test_any_batch_can_be_reached_and_halves_are_of_the_tokens(tokenizer):
    data = ChunkBatches(DOCUMENTS, tokenizer, size=4, group=2, longest=9, seed=3)
    fourth = list(islice(data.starting_at(0), 4))[3]
    again = next(data.starting_at(3))
    assert fourth["passages"] == again["passages"]
    for i, (query, passage) in enumerate(zip(again["queries"], again["passages"], strict=True)):
        length, helped = int(again["attention_mask"][i].sum()), int(again["helped"][i].sum())
        assert length <= 9
        assert helped == length - length // 2
        assert passage.startswith(query)
        assert len(tokenizer.encode(query)) == length // 2
    assert not (again["helped"] & ~again["attention_mask"].bool()).any()


def test_a_vector_is_the_state_of_the_end_token_whatever_stands_beside_it(language_model, tokenizer):
    retriever = DecoderRetriever(language_model.base_model, tokenizer, longest=24)
    texts = ["import os", "a much longer text that has to be cut off, where it is too long", "x"]
    together = retriever.encode(texts, "query")
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(retriever.encode([text], "query")[0], vector, atol=1e-5)
        ids = [*[*tokenizer.encode("query: "), *tokenizer.encode(text)][:23], tokenizer.eos_token_id]
        with torch.no_grad():
            state = language_model.model(input_ids=torch.tensor([ids])).last_hidden_state[0, -1]
        np.testing.assert_allclose((state / state.norm()).numpy(), vector, atol=1e-5)
    assert np.abs(together - retriever.encode(texts, "passage")).max() > 1e-3


def test_a_retriever_that_cannot_be_is_refused(language_model, tokenizer):
    with pytest.raises(InputError, match="longest is 3"):
        DecoderRetriever(language_model.base_model, tokenizer, longest=3)
    retriever = DecoderRetriever(language_model.base_model, tokenizer, longest=24)
    for call in (
        lambda: retriever.encode([]),
        lambda: retriever.encode(["a"], "side"),
        lambda: retriever.encode(["a"], batch_size=0),
    ):
        with pytest.raises(InputError, match="expected"):
            call()
