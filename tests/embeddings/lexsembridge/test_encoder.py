"""An encoder with a gate: which side is gated, and what is kept of it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.lexsembridge import Bridge, BridgeConfig, BridgedEncoder, word_embeddings
from seme.errors import AssetError, InputError

TEXTS = ["A seme is the smallest unit of meaning.", "Short."]


@pytest.fixture(scope="module")
def encoder():
    try:
        return TextEncoder.load("minilm").eval()
    except AssetError as error:
        pytest.skip(f"{error}: {error.hint}")


def _bridged(encoder, paradigm, **settings):
    torch.manual_seed(0)
    size = len(word_embeddings(encoder))
    return BridgedEncoder(encoder, Bridge(BridgeConfig(encoder.dim, size, paradigm, (0, 100, 101))), **settings)


@pytest.mark.parametrize("paradigm", ["slr", "llr", "clr"])
def test_queries_are_gated_and_passages_are_not(encoder, paradigm):
    bridged = _bridged(encoder, paradigm)
    plain = encoder.encode(TEXTS)
    assert np.allclose(bridged.encode(TEXTS, side="passage"), plain, atol=1e-6)
    gated = bridged.encode(TEXTS, side="query")
    assert not np.allclose(gated, plain, atol=1e-4)
    assert ((gated * plain).sum(1) > 0.9).all()
    assert np.allclose(_bridged(encoder, paradigm, inference="plain").encode(TEXTS), plain, atol=1e-6)


def test_all_of_it_is_saved(encoder, tmp_path):
    bridged = _bridged(encoder, "slr", fusion_passage=True)
    folder = bridged.save(tmp_path / "model")
    again = BridgedEncoder.load(folder, fusion_passage=True)
    assert np.allclose(again.encode(TEXTS, side="passage"), bridged.encode(TEXTS), atol=1e-6)


def test_what_does_not_fit_is_refused(encoder):
    with pytest.raises(InputError, match="the bridge is for 4 dimensions"):
        BridgedEncoder(encoder, Bridge(BridgeConfig(4, 9)))
    with pytest.raises(InputError, match="inference is 'both'"):
        _bridged(encoder, "slr", inference="both")
    bridged = _bridged(encoder, "slr")
    with pytest.raises(InputError, match="text 1 is empty"):
        bridged.encode(["a", " "])
    with pytest.raises(InputError, match="side is"):
        bridged.encode(["a"], side="answer")
    with pytest.raises(InputError, match="batch_size is 0"):
        bridged.encode(["a"], batch_size=0)
