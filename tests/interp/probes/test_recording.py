"""One pass over texts against the model's own hidden states."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM

from seme.errors import InputError
from seme.interp.probes import probe_layers, record_states, untrained


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, max_position_embeddings=64, **shape)).eval()


_TEXTS = [[5, 6, 7], [8, 9], [1, 2, 3, 4, 5, 6], [11], [12, 13, 14]]


def test_the_last_token_of_every_layer_is_that_of_each_text_alone(model):
    found = record_states(model, _TEXTS, batch=2)
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())
    assert found.names == ("resid.embed", "resid.0", "resid.1", "resid.2")
    for number, text in enumerate(_TEXTS):
        with torch.no_grad():
            own = model(torch.tensor([text]), output_hidden_states=True).hidden_states
        for layer in range(3):  # the last that transformers gives is normalised
            np.testing.assert_allclose(found.layer(layer)[number], own[layer][0, -1].numpy(), atol=1e-5)
        normed = model.model.norm(torch.tensor(found.layer(3)[number]))
        torch.testing.assert_close(normed, own[3][0, -1], atol=1e-4, rtol=1e-4)


def test_places_means_and_other_sites(model):
    several = record_states(model, _TEXTS[:3], at=[[0, 2], [1], [5, 0, 3]])
    assert len(several) == 6
    np.testing.assert_allclose(several.layer(0)[1], model.get_input_embeddings().weight[7].detach(), atol=1e-6)
    np.testing.assert_allclose(several.take([1, 2, 3]).values, record_states(model, _TEXTS[:3]).values, atol=1e-5)
    mean = record_states(model, _TEXTS, mean=True, batch=5)
    alone = record_states(model, [_TEXTS[0]], at=[[0, 1, 2]])
    np.testing.assert_allclose(mean.values[:, 0], alone.values.mean(axis=1), atol=1e-5)
    normed = record_states(model, _TEXTS, sites="model.layers.*.post_attention_layernorm")
    assert normed.layers == 3
    encoder = BertModel(BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8))
    assert record_states(encoder.eval(), _TEXTS, mean=True).layers == 3


def test_a_direction_planted_in_a_model_is_found_from_its_layer_on(model):
    planted = untrained(model, seed=1)
    direction = torch.nn.functional.normalize(torch.randn(16, generator=torch.Generator().manual_seed(2)), dim=0)
    rng = np.random.default_rng(0)
    texts = [list(rng.integers(2, 50, size=rng.integers(4, 8))) for _ in range(160)]
    labels = np.array([text[1] % 2 for text in texts])
    texts = [[*map(int, text), 1] for text in texts]  # the last token says nothing of the label

    def write(_module, _args, output):
        first = output[0] if isinstance(output, tuple) else output
        # Parity of the second token, which no weight of the model computes, is added to every place.
        sign = (current["input_ids"][:, 1] % 2 * 2 - 1).to(first)
        return first + 3 * sign[:, None, None] * direction

    current: dict[str, torch.Tensor] = {}
    planted.register_forward_pre_hook(lambda _m, _a, kwargs: current.update(kwargs), with_kwargs=True)
    planted.model.layers[1].register_forward_hook(write)
    groups = np.array([text[1] for text in texts])
    scores = probe_layers(record_states(planted, texts), labels, groups=groups)
    assert scores.auc[2:].mean(axis=1).min() >= 0.95
    assert np.abs(scores.auc[0] - 0.5).max() < 0.05
    absent = probe_layers(record_states(untrained(model, seed=1), texts), labels, groups=groups)
    assert np.abs(absent.auc.mean(axis=1) - 0.5).max() < 0.2


def test_a_model_without_training_is_another_one_and_leaves_the_first_alone(model):
    before = model.lm_head.weight.detach().clone()
    fresh, again = untrained(model, seed=3), untrained(model, seed=3)
    assert not torch.equal(fresh.lm_head.weight, before)
    assert torch.equal(fresh.lm_head.weight, again.lm_head.weight)
    assert torch.equal(model.lm_head.weight, before)
    assert not fresh.training


def test_what_cannot_be_recorded_is_refused(model):
    for call, words in (
        (lambda: record_states(model, []), "sequences has 0 entries"),
        (lambda: record_states(model, [[1], []]), "1 of them without tokens"),
        (lambda: record_states(model, [[1]], at=[1]), "expected places from 0 to 0"),
        (lambda: record_states(model, [[1]], at=[[]]), "expected places"),
        (lambda: record_states(model, [[1]], at=[0, 0]), "at has 2 entries"),
        (lambda: record_states(model, [[1]], at=[0], mean=True), "exclude each other"),
        (lambda: record_states(model, [[1]], batch=0), "batch is 0"),
        (lambda: record_states(model, [[1]], sites="resid.9"), "no site 'resid.9'"),
        (lambda: record_states(model, [[1]], sites=["resid.0", "mlp.0.neurons"]), "widths"),
        (lambda: untrained(torch.nn.Linear(2, 2)), "expected a transformers model"),
    ):
        with pytest.raises(InputError, match=words):
            call()
    with pytest.raises(InputError, match="training mode"):
        record_states(untrained(model).train(), [[1]])
    broken = untrained(model)
    with torch.no_grad():
        broken.model.layers[1].mlp.down_proj.weight.fill_(float("nan"))
    with pytest.raises(InputError, match=r"states at resid\.1 hold NaN"):
        record_states(broken, [[1, 2]])
