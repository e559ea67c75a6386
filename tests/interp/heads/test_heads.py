"""Heads one by one: their outputs sum to the attention's, and a replaced head is a forward pass made by hand."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedModel

from seme.errors import InputError
from seme.interp.activations import Patch, Replay, capture
from seme.interp.heads import ReplacedHeads, head_outputs, head_sites, head_values, mean_values, output_slices

CONFIGS = {
    "grouped-query": LlamaConfig(
        vocab_size=97,
        hidden_size=24,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    ),
    "conv1d-with-bias": GPT2Config(vocab_size=97, n_embd=24, n_layer=3, n_head=4, n_positions=16),
}


def causal(kind: str = "grouped-query") -> PreTrainedModel:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[kind]).eval().double()
    for parameter in model.parameters():  # biases of a fresh model are 0, which hides mistakes
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def batch(seed: int = 1, tokens: int = 6) -> dict[str, torch.Tensor]:
    ids = torch.randint(97, (5, tokens), generator=torch.Generator().manual_seed(seed))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


@pytest.mark.parametrize("kind", CONFIGS)
def test_outputs_of_heads_sum_to_the_output_of_attention(kind):
    model = causal(kind)
    given = batch()
    given["attention_mask"][2, 4:] = 0
    last = given["attention_mask"].sum(1) - 1
    outputs = head_outputs(model, given, at_once=2)
    assert outputs.shape == (5, 3, 4, 24)
    for layer in range(3):
        written = capture(model, given, f"attn.{layer}")[f"attn.{layer}"][torch.arange(5), last]
        bias = model.get_submodule(head_sites(model)[layer].path).bias
        whole = written if bias is None else written - bias
        assert torch.allclose(outputs[:, layer].sum(1), whole.float(), atol=1e-5)
    said = head_values(model, given)[1]
    slices = output_slices(model)
    written = capture(model, given, "attn.1")["attn.1"]
    bias = model.get_submodule(head_sites(model)[1].path).bias
    assert torch.allclose(
        torch.einsum("bthk,hkd->btd", said, slices[1]) + (0 if bias is None else bias), written, atol=1e-12
    )


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_replaced_head_changes_the_attention_by_its_slice_and_nothing_else(kind):
    model, given = causal(kind), batch()
    own, other = head_values(model, given), head_values(model, batch(2))
    chosen = torch.zeros(3, 4, dtype=torch.bool)
    chosen[1, 2] = True
    before, after_without = capture(model, given, ["attn.1", "resid.0"]), model(**given).logits
    patch = ReplacedHeads(other, chosen)
    assert isinstance(patch, Patch)
    with patch(model):
        after = capture(model, given, ["attn.1", "resid.0"])
    moved = (other[1] - own[1])[:, :, 2] @ output_slices(model)[1, 2]
    assert torch.allclose(after["attn.1"], before["attn.1"] + moved, atol=1e-12)
    assert torch.equal(after["resid.0"], before["resid.0"])
    assert torch.equal(model(**given).logits, after_without)
    with ReplacedHeads(other, chosen, last_only=True)(model):
        last = capture(model, given, "attn.1")["attn.1"]
    assert torch.equal(last[:, :-1], before["attn.1"][:, :-1])
    assert torch.allclose(last[:, -1], after["attn.1"][:, -1], atol=1e-12)


def test_no_head_and_means_and_costs():
    model, given = causal(), batch()
    values = head_values(model, given)
    with ReplacedHeads(values, torch.zeros(3, 4, dtype=torch.bool))(model):
        assert torch.equal(head_values(model, given)[2], values[2])
    means = mean_values(values)
    assert torch.allclose(means[0][0], values[0].mean(0))
    chosen = torch.zeros(3, 4, dtype=torch.bool)
    chosen[0] = True
    with ReplacedHeads(means, chosen)(model):
        assert capture(model, given, "attn.0")["attn.0"].var(0).max() < 1e-20
    assert ReplacedHeads(means, chosen).cost().bytes == means[0].nbytes


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_replayed_run_is_the_whole_run_bit_by_bit(kind, count):
    model, given = causal(kind), batch()
    other = head_values(model, batch(2))
    replay = Replay(model, given)
    chosen = torch.zeros(3, 4, dtype=torch.bool)
    chosen[count:, 1] = True
    with torch.no_grad(), ReplacedHeads(other, chosen)(model):
        whole = model(**given).logits
        with replay.skipping(count):
            assert torch.equal(model(**given).logits, whole)
    with torch.no_grad():
        assert not torch.equal(model(**given).logits, whole) or count == 3
    assert not any("forward" in module.__dict__ for module in model.modules())


def test_blocks_before_are_not_computed():
    model, given = causal(), batch()
    replay = Replay(model, given)
    ran = []
    handle = model.model.layers[1].mlp.register_forward_hook(lambda *_: ran.append(1))
    with replay.skipping(2):
        model(**given)
    assert not ran
    model(**given)
    assert ran
    handle.remove()


def test_bad_input_is_named():
    model, given = causal(), batch()
    values = head_values(model, given)
    with pytest.raises(InputError, match="chosen is"):
        ReplacedHeads(values, torch.zeros(3, 4))
    with pytest.raises(InputError, match="chosen is"):
        ReplacedHeads(values, torch.zeros(2, 4, dtype=torch.bool))
    with (
        pytest.raises(InputError, match="chosen has shape"),
        ReplacedHeads(values, torch.zeros(3, 5, dtype=torch.bool))(model),
    ):
        pass
    with pytest.raises(InputError, match="count is 4"), Replay(model, given).skipping(4):
        pass
    with pytest.raises(InputError, match="padded on the left"):
        head_outputs(model, {**given, "attention_mask": torch.tensor([[0, 1, 1, 1, 1, 1]] * 5)})
    with pytest.raises(InputError, match="input_ids"):
        head_outputs(model, {"input_ids": torch.zeros(0, 4, dtype=torch.long)})
