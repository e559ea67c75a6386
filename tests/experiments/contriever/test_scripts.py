"""The second script can be read back, keeps names, and shares no piece with the first but these."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from embeddings.contriever import learner
from seme.embeddings.contriever import TokenCorpus, ViewBatches
from seme.experiments.contriever.pieces import Pieces
from seme.experiments.contriever.scripts import Script, TwoScripts, read

TEXTS = ["The cat of Ada met a_cat and cat2.", "the met w3"]


@given(st.text("abcdefghijklmnopqrstuvwxyz .,_0123456789"))
def test_what_is_written_can_be_read(text):
    script = Script([text])
    assert read(script.write(text)) == text
    assert script.write(script.write(text)) == script.write(text)


def test_names_and_identifiers_stay_and_words_do_not():
    script = Script([*TEXTS, "of and a cat"])
    kept = set("".join(one if one.isascii() else " " for one in script.write(TEXTS[0])).split())
    assert kept == {"Ada", "a_cat", "cat2."}
    assert script.words(TEXTS[0]) == "the cat of met and"


def test_pieces_of_the_second_script_are_those_of_the_first_with_other_ids():
    words = [*learner.WORDS[:5], "cat", "dog", "sea"]
    text = "dog cat"
    both = TwoScripts(learner.make_tokenizer(words), [text])
    (first, second), size = both([text, Script([text]).write(text)], add_special_tokens=False)["input_ids"], len(both)
    assert size == 2 * (5 + 2)  # `sea` does not occur
    assert first == Pieces(learner.make_tokenizer(words), [text])([text], add_special_tokens=False)["input_ids"][0]
    assert [one - size // 2 for one in second if one >= size // 2] == first
    found = both([text, "cat sea", ""], max_length=4)
    assert found["input_ids"].shape == (3, 4)
    assert found["attention_mask"].sum(1).tolist() == [4, 4, 2]
    assert (found["input_ids"][:, 0] == both.cls_token_id).all()


def test_batches_are_made_of_texts_in_both():
    both = TwoScripts(learner.make_tokenizer(), learner.texts())
    data = ViewBatches([TokenCorpus.from_texts(learner.texts(), both)], both, size=3)
    assert next(data.starting_at(0))["query"]["input_ids"].max() < len(both)
