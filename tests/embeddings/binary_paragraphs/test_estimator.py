"""Binary paragraph vectors: planted topics, gradients through rounding, inference and storage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from seme.embeddings.binary_paragraphs import (
    BinaryParagraphVector,
    HashingSettings,
    ParagraphNetwork,
    ParagraphSettings,
    SemanticHashing,
    Terms,
    binarise,
)
from seme.embeddings.binary_paragraphs.training import _batch
from seme.errors import CorruptionError, InputError
from seme.retrieval.binary import hamming, tied_average_precision, unpack

SMALL = ParagraphSettings(bits=12, dim=16, epochs=40, batch=32, rate=0.2, candidates=30, inference=25, most_share=0.5)
KINDS = [
    SMALL,
    replace(SMALL, kind="real-binary"),
    replace(SMALL, context=2, epochs=30),
    replace(SMALL, kind="real-binary", context=2, epochs=30),
]
NAMES = ["dbow", "real-binary", "dm", "real-binary-dm"]


def planted(seed: int, n: int) -> tuple[list[str], np.ndarray]:
    """Write documents of three topics, each with twelve words of its own, and six that all have."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(0, 3, n)
    own = [[f"w{'abc'[topic]}{'abcdefghijkl'[i]}" for i in rng.integers(0, 12, 9)] for topic in topics]
    common = [[f"all{'abcdef'[i]}" for i in rng.integers(0, 6, 3)] for _ in topics]
    return [" ".join(rng.permutation(one + other)) for one, other in zip(own, common, strict=True)], topics


def quality(made: BinaryParagraphVector, texts: list[str], topics: np.ndarray, known: np.ndarray) -> float:
    distances = hamming(made.transform(texts), made.codes_).astype(float)
    return float(
        np.mean([tied_average_precision(-one, known == topic) for one, topic in zip(distances, topics, strict=True)])
    )


@pytest.mark.parametrize("settings", KINDS, ids=NAMES)
def test_planted_topics_are_found_in_new_documents(settings):
    texts, known = planted(0, 150)
    made = BinaryParagraphVector(settings).fit(texts)
    assert made.losses_[-1] < made.losses_[0]
    new, topics = planted(1, 30)
    # 0.33 by chance; with a context, which names the topic already, the code need not say so much.
    assert quality(made, new, topics, known) > (0.42 if settings.context else 0.75)


def test_rounding_passes_the_sigmoids_gradient():
    values = torch.linspace(-3, 3, 7, requires_grad=True)
    code = binarise(values)
    assert code.tolist() == [0, 0, 0, 0, 1, 1, 1]
    (code * torch.arange(7.0)).sum().backward()
    sigmoid = torch.sigmoid(values.detach())
    assert torch.allclose(values.grad, torch.arange(7.0) * sigmoid * (1 - sigmoid))


@pytest.mark.parametrize("settings", KINDS, ids=NAMES)
def test_every_parameter_receives_a_gradient(settings):
    texts, _ = planted(0, 20)
    terms = Terms.learn(texts, bigrams=False, most_share=0.9)
    network = ParagraphNetwork(settings, terms.counts, generator=torch.Generator().manual_seed(0))
    vectors = torch.randn(20, settings.width, requires_grad=True)
    loss = network(vectors, *_batch(terms.encode(texts), np.arange(20), network), None)
    loss.sum().backward()
    assert all(one.grad is not None and (one.grad != 0).any() for one in network.parameters())
    assert (vectors.grad != 0).any(1).all()


def test_the_loss_is_that_of_the_formula():
    texts, _ = planted(0, 5)
    terms = Terms.learn(texts, bigrams=False, least=1, most_share=1.0)
    network = ParagraphNetwork(SMALL, terms.counts, generator=torch.Generator().manual_seed(0))
    vectors = torch.randn(5, 12, generator=torch.Generator().manual_seed(1))
    documents = terms.encode(texts)
    found = network(vectors, *_batch(documents, np.arange(5), network), None)
    u, c = network.softmax.weight.detach().double().numpy(), network.softmax.bias.detach().double().numpy()
    right = []
    for i in range(5):
        logits = u @ (vectors[i].numpy() > 0) + c
        own = documents.terms[documents.offsets[i] : documents.offsets[i + 1]]
        right += (np.log(np.exp(logits).sum()) - logits[own]).tolist()
    assert np.allclose(found.detach().numpy(), right, atol=1e-5)


@pytest.mark.parametrize("settings", KINDS[1:3], ids=NAMES[1:3])
def test_a_documents_code_does_not_depend_on_others(monkeypatch, settings):
    texts, _ = planted(0, 60)
    monkeypatch.setattr("seme.embeddings.binary_paragraphs.training._LOGITS", 1000)  # a few documents at once
    made = BinaryParagraphVector(replace(settings, epochs=5)).fit(texts)
    together = made.vectors(texts[:7])
    alone = np.concatenate([made.vectors([text]) for text in texts[:7]])
    assert np.allclose(together, alone, atol=1e-3)
    weights = [one.clone() for one in made._network.parameters()]
    made.transform(texts)
    assert all(torch.equal(a, b) for a, b in zip(weights, made._network.parameters(), strict=True))


def test_what_is_saved_is_what_is_loaded(tmp_path):
    texts, _ = planted(0, 40)
    made = BinaryParagraphVector(replace(SMALL, kind="real-binary", epochs=3), seed=4).fit(texts)
    made.save(tmp_path / "vectors")
    made.save(tmp_path / "vectors")  # replaces itself
    again = BinaryParagraphVector.load(tmp_path / "vectors")
    assert again.settings == made.settings
    assert again.terms_.names == made.terms_.names
    assert np.array_equal(again.codes_, made.codes_)
    assert np.array_equal(again.transform(texts[:5]), made.transform(texts[:5]))
    (tmp_path / "vectors" / "paragraphs.safetensors").write_bytes(b"cut")
    with pytest.raises(CorruptionError, match="cannot be read"):
        BinaryParagraphVector.load(tmp_path / "vectors")
    with pytest.raises(InputError, match="no paragraph vectors"):
        BinaryParagraphVector.load(tmp_path)


def test_the_same_seed_gives_the_same_codes():
    texts, _ = planted(0, 40)
    one, same, other = (BinaryParagraphVector(replace(SMALL, epochs=3), seed=seed).fit(texts) for seed in (1, 1, 2))
    assert np.array_equal(one.codes_, same.codes_)
    assert not np.array_equal(one.codes_, other.codes_)


def test_bigrams_and_limits_of_terms():
    texts = ["red wine glass", "red wine bottle", "green glass"]
    terms = Terms.learn(texts, least=2, most_share=1.0)
    assert set(terms.names) == {"red", "wine", "red wine", "glass"}
    documents = terms.encode(["red wine", "nothing"])
    assert documents.lengths.tolist() == [3, 0]
    assert len(Terms.learn(texts, least=2, most_share=1.0, limit=2).names) == 2
    assert "red" not in Terms.learn(texts, least=1, most_share=0.5).names


def test_semantic_hashing_finds_planted_topics():
    texts, known = planted(0, 150)
    terms = Terms.learn(texts, bigrams=False, most_share=0.5)
    made = SemanticHashing(terms, HashingSettings(bits=12, hidden=32, noise=0.5, epochs=40, batch=32)).fit(texts)
    new, topics = planted(1, 30)
    distances = hamming(made.transform(new), made.transform(texts)).astype(float)
    found = [tied_average_precision(-one, known == topic) for one, topic in zip(distances, topics, strict=True)]
    assert np.mean(found) > 0.75
    assert unpack(made.transform(new), 12).shape == (30, 12)


def test_bad_input():
    with pytest.raises(InputError, match="kind is 'ternary'"):
        ParagraphSettings(kind="ternary")  # type: ignore[arg-type]
    for wrong in ({"bits": 0}, {"rate": float("nan")}, {"most_share": 0.0}, {"context": -1}):
        with pytest.raises(InputError):
            ParagraphSettings(**wrong)
    with pytest.raises(InputError, match="noise"):
        HashingSettings(noise=-1)
    made = BinaryParagraphVector(replace(SMALL, epochs=1))
    with pytest.raises(InputError, match="were not fitted"):
        made.encode(np.zeros((1, 12), dtype=np.float32))
    with pytest.raises(InputError, match="0 terms"):
        made.fit([])
    texts, _ = planted(0, 20)
    made.fit(texts)
    with pytest.raises(InputError, match="text 1 has no known term"):
        made.transform([texts[0], "zebra"])
    real = BinaryParagraphVector(replace(SMALL, kind="real", epochs=1)).fit(texts)
    with pytest.raises(InputError, match="has no codes"):
        real.transform(texts)
