"""The map of neurons against the plain product, in every family of models, and clamps against hand-made ones."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import softmax
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedModel

from interp.activations.families import FAMILIES, make_model
from seme.errors import InputError
from seme.interp.neurons import (
    READINGS,
    ClampTrial,
    NeuronMap,
    agreement,
    clamped,
    find_neurons,
    largest_activation,
    most_specialised,
    neuron_map,
    neurons,
    next_token_log_probs,
    random_specialisation,
    top_tokens,
    unembedding,
)

CONFIGS = {
    "llama": LlamaConfig(
        vocab_size=211,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        pad_token_id=0,
    ),
    "gpt2": GPT2Config(vocab_size=211, n_embd=32, n_layer=3, n_head=4, n_positions=64),
}


def causal(kind: str = "llama", seed: int = 0) -> PreTrainedModel:
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(CONFIGS[kind]).eval()
    for module in model.modules():  # norms of a fresh model have a gain of one, which hides mistakes
        if "norm" in type(module).__name__.lower() and hasattr(module, "weight"):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return model


def batch(seed: int = 1) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    mask = torch.ones(4, 7, dtype=torch.long)
    mask[1, 5:] = mask[3, 2:] = 0
    return {"input_ids": torch.randint(3, 211, (4, 7)), "attention_mask": mask}


@pytest.mark.parametrize("neurons_at_once", [1, 7, 1000])
@pytest.mark.parametrize("tokens_at_once", [3, 100, 10_000])
def test_tiles_give_what_the_whole_product_gives(neurons_at_once: int, tokens_at_once: int) -> None:
    torch.manual_seed(0)
    rows, head = torch.randn(23, 16, dtype=torch.float64), torch.randn(301, 16, dtype=torch.float64)
    found = top_tokens(rows, head, 5, neurons_at_once=neurons_at_once, tokens_at_once=tokens_at_once)
    logits = rows @ head.T
    wanted = logits.topk(5)
    assert torch.equal(found.ids, wanted.indices)
    assert torch.allclose(found.scores, wanted.values)
    assert torch.allclose(found.log_normaliser, logits.logsumexp(1))
    assert torch.allclose(found.probabilities, softmax(logits, 1).gather(1, found.ids))


@pytest.mark.parametrize("kind", ["up", "down"])
@pytest.mark.parametrize("family", CONFIGS)
def test_the_map_is_that_of_a_loop_over_neurons(family: str, kind: str) -> None:
    model = causal(family)
    made = neuron_map(model, kind=kind, k=4)
    head, _ = unembedding(model)
    for row, layer in enumerate(made.layers):
        for number, weights in enumerate(neurons(model, layer, kind).rows):
            logits = head.double() @ weights.double()
            assert torch.equal(made.ids[row, number], logits.topk(4).indices)
            assert made.confidence[row, number] == pytest.approx(float(softmax(logits, 0).max()), rel=1e-4)
            assert made.z[row, number] == pytest.approx(
                float((logits.max() - logits.mean()) / logits.std(correction=0)), rel=1e-4
            )


@pytest.mark.parametrize("reading", READINGS)
def test_readings_differ_as_their_names_say(reading: str) -> None:
    model = causal()
    made = neuron_map(model, reading=reading, layers=[1], k=1)
    head, final_gain = unembedding(model)
    found = neurons(model, 1)
    gain = found.read_gain if reading.startswith("read-gain") else final_gain if reading == "final-gain" else 1.0
    rows = found.rows * gain
    if reading not in ("plain", "read-gain", "final-gain"):
        rows = torch.nn.functional.normalize(rows, dim=1)
    centred = head - head.mean(0) if reading in ("centred-cosine", "read-gain-centred") else head
    shown = torch.nn.functional.normalize(centred, dim=1) if "cos" in reading or "centred" in reading else head
    assert torch.equal(made.tokens[0], (rows @ shown.T).argmax(1))


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"bert", "vit"}))
def test_every_decoder_has_its_parts(family: str) -> None:
    model = make_model(family)
    if model.get_output_embeddings() is None:
        pytest.skip(f"the {family} of the fixtures has no LM head")
    made = neuron_map(model, k=2)
    assert made.tokens.shape[0] == len(made.layers)
    assert torch.isfinite(made.scores).all()


def test_a_planted_neuron_is_found_by_its_word_and_stands_out() -> None:
    model = causal()
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[5] = 3 * model.get_output_embeddings().weight[77]
    made = neuron_map(model)
    best = find_neurons(made, [77])[0]
    assert (best.layer, best.neuron) == (1, 5)
    assert most_specialised(made, 1)[0] == best
    chance = random_specialisation(model, 2000, torch.Generator().manual_seed(99))
    assert best.z > float(chance.max())
    assert float((made.z > chance.quantile(0.999)).double().mean()) < 0.02  # the others are random


def test_maps_are_kept(tmp_path) -> None:
    made = neuron_map(causal(), layers=[2, 0], k=3)
    made.save(tmp_path / "map.safetensors")
    read = NeuronMap.open(tmp_path / "map.safetensors")
    assert read.layers == (2, 0)
    assert torch.equal(read.ids, made.ids)
    assert agreement(made, read).total == 1.0


def test_agreement_counts_neurons() -> None:
    model, other = causal(), causal(seed=5)
    assert agreement(neuron_map(model), neuron_map(other)).total < 0.05
    with torch.no_grad():
        other.load_state_dict(model.state_dict())
        other.model.layers[2].mlp.up_proj.weight[:24].neg_()
    found = agreement(neuron_map(model), neuron_map(other))
    assert found.per_layer.tolist() == [1.0, 1.0, 0.5]
    with pytest.raises(InputError, match="reading"):
        agreement(neuron_map(model), neuron_map(model, reading="cosine"))


@pytest.mark.parametrize("place", ["up", "product"])
def test_a_clamp_is_the_model_with_that_value_and_leaves_no_trace(place: str) -> None:
    model, texts = causal(), batch()
    free = next_token_log_probs(model, texts)
    with clamped(model, 1, 9, 4.0, place=place):
        held = next_token_log_probs(model, texts)
    mlp = model.model.layers[1].mlp

    def by_hand(_module, arguments, _output):
        up = mlp.up_proj(arguments[0])
        if place == "up":
            up[..., 9] = 4.0
        product = mlp.act_fn(mlp.gate_proj(arguments[0])) * up
        if place == "product":
            product[..., 9] = 4.0
        return mlp.down_proj(product)

    handle = mlp.register_forward_hook(by_hand)
    assert torch.allclose(held, next_token_log_probs(model, texts), atol=1e-6)
    handle.remove()
    assert not torch.allclose(held, free, atol=1e-3)
    assert torch.equal(free, next_token_log_probs(model, texts))


def test_log_probabilities_are_those_after_the_last_real_token() -> None:
    model, texts = causal(), batch()
    found = next_token_log_probs(model, texts)
    for row, length in enumerate(texts["attention_mask"].sum(1).tolist()):
        alone = model(texts["input_ids"][row : row + 1, :length]).logits[0, -1].log_softmax(-1)
        assert torch.allclose(found[row], alone, atol=1e-5)


def test_a_neuron_that_writes_a_token_raises_it_when_clamped() -> None:
    model = causal()
    with torch.no_grad():
        model.model.layers[2].mlp.down_proj.weight[:, 3] = 50 * model.get_output_embeddings().weight[42]
        model.model.layers[2].mlp.gate_proj.weight[3] = 0.5
    trial = ClampTrial(model, batch(2), batch(3))
    unit = trial.unit(2)
    assert unit == float(largest_activation(model, batch(2), 2).max())
    effect = trial.effect(layer=2, neuron=3, token=42, others=[7, 8, 9], values=[-100 * unit, 100 * unit])
    assert effect.value == 100 * unit
    assert effect.specificity > 0.1  # a fresh head is small: no logit can be much above another
    assert effect.divergence > 0


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"kind": "side"}, "kind is 'side'"),
        ({"layers": [9]}, "layer is 9; it may be 0 to 2"),
        ({"reading": "loud"}, "reading is 'loud'"),
        ({"kind": "down", "reading": "read-gain"}, "does not read"),
        ({"k": 0}, "k is 0"),
    ],
)
def test_what_cannot_be_mapped_is_refused(arguments: dict[str, object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        neuron_map(causal(), **arguments)


def test_what_cannot_be_clamped_is_refused() -> None:
    model = causal()
    for layer, neuron, place, match in (
        (9, 0, "up", "layer is 9"),
        (0, 99, "up", "neuron is 99"),
        (0, 0, "x", "place"),
    ):
        with pytest.raises(InputError, match=match), clamped(model, layer, neuron, 1.0, place=place):
            pass
    left = batch()
    left["attention_mask"][0, 0] = 0
    with pytest.raises(InputError, match="padded on the left"):
        next_token_log_probs(model, left)
