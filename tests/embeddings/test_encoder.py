"""The trainable encoder gives what sentence-transformers gives, layer by layer, and is saved so that it opens there."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from seme.assets import load_sentence_encoder
from seme.embeddings.encoder import TextEncoder
from seme.embeddings.pooling import pool
from seme.errors import AssetError, InputError

TEXTS = ["A seme is the smallest unit of meaning.", "Short.", "Words whose length differs are padded. " * 4]


@pytest.fixture(scope="module")
def encoder():
    try:
        return TextEncoder.load("minilm").eval()
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")


def test_vectors_are_those_of_sentence_transformers(encoder):
    expected = load_sentence_encoder("minilm").encode(TEXTS)
    assert np.allclose(encoder.encode(TEXTS, batch_size=2), expected, atol=2e-6)


def test_states_are_those_of_the_model_at_every_layer_and_can_be_resumed(encoder):
    batch = encoder.tokenise(TEXTS)
    with torch.no_grad():
        expected = encoder.model(**batch, output_hidden_states=True).hidden_states
        found = list(encoder.layers(batch))
        assert len(found) == encoder.depth + 1
        kept = batch["attention_mask"].bool()
        for ours, theirs in zip(found, expected, strict=True):
            assert torch.allclose(ours[kept], theirs[kept], atol=2e-5)
        again = encoder.resume(encoder.states(batch, layer=4), batch["attention_mask"], layer=4)
    assert torch.equal(again, found[-1])


def test_a_saved_encoder_opens_in_sentence_transformers_and_here(encoder, tmp_path):
    folder = encoder.save(tmp_path / "kept")
    expected = encoder.encode(TEXTS)
    assert np.allclose(load_sentence_encoder(str(folder)).encode(TEXTS), expected, atol=2e-6)
    opened = TextEncoder.load(str(folder))
    assert (opened.pooling, opened.normalise, opened.longest) == ("mean", True, 256)
    assert np.allclose(opened.encode(TEXTS), expected, atol=2e-6)
    with pytest.raises(InputError, match="exists already"):
        encoder.save(folder)
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_padding_counts_for_nothing():
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert pool(states, mask).tolist() == [[2.0, 3.0]]
    assert pool(states, mask, "cls").tolist() == [[1.0, 2.0]]
    with pytest.raises(InputError, match="text 0 of the batch has no token"):
        pool(states, torch.zeros(1, 3))
    with pytest.raises(InputError, match="pooling is 'max'"):
        pool(states, mask, "max")


def test_what_cannot_be_used_is_refused(encoder):
    with pytest.raises(InputError, match="texts is empty"):
        encoder.tokenise([])
    with pytest.raises(InputError, match="layer is 7, expected 0"):
        encoder.states(encoder.tokenise(TEXTS), layer=7)
    with pytest.raises(InputError, match="batch_size is 0"):
        encoder.encode(TEXTS, batch_size=0)
    with pytest.raises(InputError, match="model is a Linear"):
        TextEncoder(torch.nn.Linear(2, 2), None)
