"""Weights of terms against the formula over each token, and what comes in the package."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.splade import SpladeEncoder
from seme.errors import AssetError, InputError

TEXTS = ["symptoms of a heart attack", "a short one", "the sea"]


@pytest.fixture(scope="module")
def encoder():
    try:
        return SpladeEncoder.load()
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")


def test_weights_are_the_largest_over_tokens_whatever_the_padding(encoder):
    together = encoder.encode(TEXTS, most=50)
    for text, found in zip(TEXTS, together, strict=True):
        with torch.no_grad():
            logits = encoder.model(**encoder.tokenizer([text], return_tensors="pt")).logits[0]
        expected = np.log1p(np.maximum(logits.double().numpy(), 0)).max(0)
        assert len(found) <= 50
        for term, weight in found.items():
            assert weight == pytest.approx(expected[term], abs=1e-4)
        assert list(found.values()) == sorted(found.values(), reverse=True)


def test_a_text_is_about_its_words(encoder):
    terms = encoder.tokenizer.convert_ids_to_tokens(list(encoder.encode(TEXTS[:1])[0])[:5])
    assert {"heart", "attack", "symptoms"} <= set(terms)


def test_what_cannot_be_used_is_refused(encoder, tmp_path):
    with pytest.raises(InputError, match="most is 0"):
        encoder.encode(TEXTS, most=0)
    with pytest.raises(InputError, match="name is"):
        SpladeEncoder.load("nowhere")
