"""A multi-vector encoder gives the tokens' states, one text like many, and is the same after it was kept."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.crisp import MultiVectorEncoder, reduction
from seme.embeddings.encoder import TextEncoder
from seme.errors import AssetError, CorruptionError, InputError
from seme.retrieval.multivector import MultiVectorIndex

TEXTS = ["A seme is the smallest unit of meaning.", "Short.", "Cats sleep in the sun all day long."]


@pytest.fixture(scope="module")
def base():
    try:
        return TextEncoder.load("minilm").eval()
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")


def test_vectors_are_the_states_of_all_tokens_and_find_their_texts(base):
    encoder = MultiVectorEncoder(base).eval()
    found = encoder.encode(TEXTS, "document", batch_size=2)
    alone = base.tokenise(TEXTS[1:2])
    with torch.no_grad():
        states = torch.nn.functional.normalize(base.states(alone), dim=-1)[0].numpy()
    assert np.allclose(list(found.texts())[1], states, atol=1e-5)
    index = MultiVectorIndex(encoder.dim, encoder="test")
    index.add(["a", "b", "c"], *found)
    asked = encoder.encode(["the least part of what words mean", "an animal that rests"], "query")
    assert [hits.ids[0] for hits in index.search(*asked, 1)] == ["a", "c"]


def test_a_prefix_and_a_reduction_count(base):
    encoder = MultiVectorEncoder(base, reduction=reduction("C2x3"), prefix="query: ")
    assert encoder.encode(TEXTS, "query").lengths.tolist() == [2, 2, 2]
    assert encoder.encode(TEXTS, "document").lengths.tolist() == [3, 3, 3]
    encoder.reduction = reduction("MV")
    more = encoder.encode(TEXTS, "query").lengths - encoder.encode(TEXTS, "document").lengths
    assert more.tolist() == [2, 2, 2]


def test_a_saved_encoder_is_the_same(base, tmp_path):
    encoder = MultiVectorEncoder(base, dim=16, normalise=False, prefix="q: ")
    folder = encoder.save(tmp_path / "kept")
    opened = MultiVectorEncoder.load(folder)
    assert (opened.dim, opened.normalise, opened.prefix) == (16, False, "q: ")
    assert np.allclose(opened.encode(TEXTS, "query").vectors, encoder.encode(TEXTS, "query").vectors, atol=1e-5)
    with pytest.raises(InputError, match="exists already"):
        encoder.save(folder)
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]
    tensors = folder / "multivector.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-5])
    with pytest.raises(CorruptionError):
        MultiVectorEncoder.load(folder)
    with pytest.raises(InputError, match=r"no multivector\.json"):
        MultiVectorEncoder.load(tmp_path)


def test_what_cannot_be_encoded_is_named(base):
    with pytest.raises(InputError, match="text 1 is empty"):
        MultiVectorEncoder(base).encode(["a", " "], "query")
    with pytest.raises(InputError, match="0 texts"):
        MultiVectorEncoder(base).encode([], "query")
    with pytest.raises(InputError, match="dim is 0"):
        MultiVectorEncoder(base, dim=0)
