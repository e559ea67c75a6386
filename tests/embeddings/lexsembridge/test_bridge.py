"""Weights against loops, the gate against its formula, and what is saved against what was trained."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from seme.embeddings.lexsembridge import (
    PARADIGMS,
    Bridge,
    BridgeConfig,
    contextual_weights,
    effective_dimensions,
    keyword_queries,
    learned_weights,
    raise_present,
    span_queries,
    statistical_weights,
    token_ids,
)
from seme.errors import CorruptionError, InputError

IDS = torch.tensor([[1, 5, 5, 7, 0, 0], [1, 3, 9, 3, 2, 4]])
MASK = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]])
SIZE, DIM = 10, 4


def test_tokens_that_occur_weigh_one_and_padding_and_ignored_ones_nothing():
    found = statistical_weights(IDS, MASK, vocabulary=SIZE, ignored=(0, 1))
    assert found.nonzero().tolist() == [[0, 5], [0, 7], [1, 2], [1, 3], [1, 4], [1, 9]]
    assert set(found[found > 0].tolist()) == {1.0}


@given(st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_learned_weights_are_the_largest_of_each_token(seed):
    rng = np.random.default_rng(seed)
    ids, mask = rng.integers(0, SIZE, (3, 7)), rng.integers(0, 2, (3, 7))
    tokens = np.abs(rng.normal(size=(3, 7)))
    expected = np.zeros((3, SIZE))
    for row, place in np.argwhere(mask):
        expected[row, ids[row, place]] = max(expected[row, ids[row, place]], tokens[row, place])
    expected[:, 2] = 0
    given_ = [torch.from_numpy(one) for one in (tokens, ids, mask)]
    assert np.array_equal(learned_weights(*given_, vocabulary=SIZE, ignored=(2,)).numpy(), expected)


def test_the_filter_raises_every_row_to_its_own_largest_weight():
    weights = torch.tensor([[0.0] * 9 + [2.0], [3.0] + [0.0] * 9])
    found = raise_present(weights, IDS, MASK, ignored=(0, 1))
    assert found[0].tolist() == [0, 0, 0, 0, 0, 2, 0, 2, 0, 2]
    assert found[1].tolist() == [3, 0, 3, 3, 3, 0, 0, 0, 0, 3]


def test_contextual_weights_are_the_logarithm():
    found = contextual_weights(torch.tensor([[-1.0, 0.0, math.e - 1]]))
    assert torch.allclose(found, torch.tensor([[0.0, 0.0, 1.0]]))


def _parts(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(2, DIM, generator=generator),
        {"states": torch.randn(2, 6, DIM, generator=generator), "logits": torch.randn(2, SIZE, generator=generator)},
    )


@pytest.mark.parametrize("paradigm", PARADIGMS)
def test_the_gate_is_the_formula_and_keeps_signs(paradigm):
    torch.manual_seed(0)
    bridge = Bridge(BridgeConfig(DIM, SIZE, paradigm, ignored=(0, 1)))
    vectors, more = _parts()
    found = bridge(vectors, IDS, MASK, **more)
    weights = bridge.weights(IDS, MASK, **more)
    raw = torch.softmax(weights @ bridge.projection.weight.T + bridge.projection.bias, 1) * vectors
    assert torch.allclose(found, raw / raw.norm(dim=1, keepdim=True), atol=1e-6)
    assert torch.equal(found.sign(), vectors.sign())
    assert (torch.cosine_similarity(found, vectors) > 0).all()


@pytest.mark.parametrize("paradigm", ["slr", "llr", "clr"])
def test_every_parameter_of_a_paradigm_is_trained_and_saved(paradigm, tmp_path):
    bridge = Bridge(BridgeConfig(DIM, SIZE, paradigm, ignored=(0, 1), vocabulary_filter=paradigm == "clr"))
    with torch.no_grad():
        bridge.token.bias.fill_(1.0)
    vectors, more = _parts()
    bridge(vectors, IDS, MASK, **more).sum().backward()
    trained = {name for name, one in bridge.named_parameters() if one.grad is not None}
    wanted = {"projection.weight", "projection.bias"}
    wanted |= {"slr": {"scale"}, "llr": {"token.weight", "token.bias"}, "clr": set()}[paradigm]
    assert trained == wanted
    again = Bridge.load(bridge.save(tmp_path / "bridge"))
    assert again.config == bridge.config
    assert torch.equal(again(vectors, IDS, MASK, **more), bridge(vectors, IDS, MASK, **more))
    bridge.save(tmp_path / "bridge")


def test_a_gate_learns_which_dimension_a_token_means():
    torch.manual_seed(0)
    bridge = Bridge(BridgeConfig(DIM, DIM, "slr"))
    ids = torch.arange(DIM)[:, None]
    optimizer = torch.optim.Adam(bridge.parameters(), lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        found = bridge(torch.ones(DIM, DIM), ids, torch.ones_like(ids))
        torch.nn.functional.cross_entropy(found * 10, torch.arange(DIM)).backward()
        optimizer.step()
    gate = bridge.gate(bridge.weights(ids, torch.ones_like(ids)))
    assert gate.argmax(1).tolist() == list(range(DIM))
    assert float(effective_dimensions(gate).detach().max()) < DIM / 2


def test_effective_dimensions_of_flat_and_sharp_gates():
    gates = torch.tensor([[0.25] * 4, [1.0, 0, 0, 0]])
    assert torch.allclose(effective_dimensions(gates), torch.tensor([4.0, 1.0]))


def test_special_tokens_alone_leave_the_bias():
    bridge = Bridge(BridgeConfig(DIM, SIZE, "slr", ignored=token_ids([0, 1, None])))
    gate = bridge.gate(bridge.weights(torch.tensor([[1, 0]]), torch.tensor([[1, 0]])))
    assert torch.allclose(gate[0], torch.softmax(bridge.projection.bias, 0))


def test_what_does_not_fit_is_refused(tmp_path):
    vectors, more = _parts()
    with pytest.raises(InputError, match="paradigm is 'sum'"):
        BridgeConfig(DIM, SIZE, "sum")
    with pytest.raises(InputError, match="ignored has 10"):
        BridgeConfig(DIM, SIZE, ignored=(10,))
    with pytest.raises(InputError, match="llr needs states"):
        Bridge(BridgeConfig(DIM, SIZE, "llr"))(vectors, IDS, MASK, logits=more["logits"])
    with pytest.raises(InputError, match="clr needs logits"):
        Bridge(BridgeConfig(DIM, SIZE, "clr"))(vectors, IDS, MASK, states=more["states"])
    slr = Bridge(BridgeConfig(DIM, SIZE))
    with pytest.raises(InputError, match="vectors is"):
        slr(vectors[:, :2], IDS, MASK)
    with pytest.raises(InputError, match="not finite"):
        slr(vectors * torch.nan, IDS, MASK)
    with pytest.raises(InputError, match="ids run from"):
        slr(vectors, IDS + 5, MASK)
    with pytest.raises(InputError, match=r"no bridge\.json"):
        Bridge.load(tmp_path)


def test_damaged_files_are_refused(tmp_path):
    folder = Bridge(BridgeConfig(DIM, SIZE)).save(tmp_path / "bridge")
    config = json.loads((folder / "bridge.json").read_text())
    (folder / "bridge.json").write_text(json.dumps(config | {"dim": DIM + 1}))
    with pytest.raises(CorruptionError, match="does not fit"):
        Bridge.load(folder)
    (folder / "bridge.safetensors").write_bytes(b"cut")
    with pytest.raises(CorruptionError, match="cannot be read"):
        Bridge.load(folder)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="no bridge's folder"):
        Bridge(BridgeConfig(DIM, SIZE)).save(tmp_path / "other")


def test_keywords_are_words_that_set_a_passage_apart():
    passages = {"a": "the cat and the cat sat", "b": "the dog and the mat"}
    assert keyword_queries(passages, words=1) == {"a": "cat", "b": "dog"}
    with pytest.raises(InputError, match="0 passages"):
        keyword_queries({})


@given(st.integers(1, 12), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_spans_are_runs_of_words_of_their_passage(words, seed):
    passages = {"long": " ".join(f"w{i}" for i in range(10)), "short": "w0"}
    found = span_queries(passages, words=words, rng=np.random.default_rng(seed))
    assert found.keys() == ({"long"} if words < 10 else set())
    for query in found.values():
        assert len(query.split()) == words
        assert query in passages["long"]
