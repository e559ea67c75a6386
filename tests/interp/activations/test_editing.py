"""Edits change what they are meant to change, and nothing outlives the block."""

from __future__ import annotations

import pytest
import torch
from accelerate import dispatch_model

from interp.activations.families import FAMILIES, HEADS, LAYERS, first_tensor, hook_count, make_batch, make_model
from seme.errors import InputError
from seme.interp.activations import capture, capturing, edit, named_sites, resolve, resolve_all


def run(model, batch):
    with torch.no_grad():
        return first_tensor(model(**batch))


def divide_by_zero(tensor):
    return tensor * (1 // 0)


def forget_to_return(tensor):
    tensor += 1


@pytest.mark.parametrize("family", FAMILIES)
def test_an_edit_that_changes_nothing_gives_the_same_bits_and_one_that_does_shows_downstream(family):
    model, batch = make_model(family), make_batch(family)
    plain = run(model, batch)
    with edit(model, dict.fromkeys(named_sites(model), lambda x: x)):
        assert torch.equal(run(model, batch), plain)
    for name in (f"attn.{LAYERS - 2}.heads", f"mlp.{LAYERS - 2}.neurons", f"resid.{LAYERS - 2}"):
        with edit(model, {name: lambda x: x + 1.0}):
            assert not torch.equal(run(model, batch), plain), name
    assert torch.equal(run(model, batch), plain)
    assert hook_count(model) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_set_to_zero_is_the_output_projection_without_its_columns(family):
    model, batch = make_model(family), make_batch(family)
    site = resolve(model, "attn.0.heads")
    module = model.get_submodule(site.path)
    heads = capture(model, batch, [site])[site.name]
    assert heads.shape[-2] == HEADS
    width = heads.shape[-1]
    with edit(model, {site: lambda x: x.index_fill(-2, torch.tensor([1]), 0.0)}):
        found = capture(model, batch, "attn.0")["attn.0"]
    flat = heads.flatten(-2).clone()
    flat[..., width : 2 * width] = 0
    with torch.no_grad():
        assert torch.equal(module(flat), found)


def test_edits_nest_and_a_capture_inside_sees_the_edited_tensor():
    model, batch = make_model("llama"), make_batch("llama")
    before = capture(model, batch, "resid.0")["resid.0"]
    with edit(model, {"resid.0": lambda x: x * 2}), edit(model, {"resid.0": lambda x: x + 1}):
        after = capture(model, batch, "resid.0")["resid.0"]
    assert torch.equal(after, before * 2 + 1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x[:, :-1], "returned shape"),
        (forget_to_return, "in place has to return it|not a tensor"),
        (divide_by_zero, "by zero"),
    ],
)
def test_an_edit_that_fails_leaves_the_model_clean(function, message):
    model, batch = make_model("llama"), make_batch("llama")
    plain = run(model, batch)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises((InputError, ZeroDivisionError), match=message) as caught, edit(model, {"mlp.1": function}):
        run(model, batch)
    if isinstance(caught.value, ZeroDivisionError):
        assert "mlp.1" in "".join(caught.value.__notes__)
    assert hook_count(model) == 0
    assert torch.equal(run(model, batch), plain)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())


def test_a_model_that_fails_during_a_capture_is_left_clean():
    model = make_model("llama")
    with pytest.raises(IndexError):
        capture(model, {"input_ids": torch.tensor([[10**6]])}, "resid.2")
    assert hook_count(model) == 0


def test_the_forward_ends_at_the_last_site_that_is_needed():
    model, batch = make_model("gpt2"), make_batch("gpt2")
    with edit(model, {"resid.2": divide_by_zero}):
        assert set(capture(model, batch, ["mlp.1", "resid.0"])) == {"mlp.1", "resid.0"}
    assert hook_count(model) == 0


@pytest.mark.parametrize("padding", ["left", "right"])
def test_a_batch_of_one_and_either_padding_give_the_models_own_hidden_states(padding):
    model = make_model("qwen2")
    for batch in (make_batch("qwen2", sequences=1), make_batch("qwen2", padding=padding)):
        with torch.no_grad():
            expected = model(**batch, output_hidden_states=True).hidden_states[1]
        assert torch.equal(capture(model, batch, "resid.0")["resid.0"], expected)


def test_bfloat16_models_are_captured_and_edited_in_bfloat16():
    model, batch = make_model("llama").bfloat16(), make_batch("llama")
    plain = run(model, batch)
    with capturing(model, "resid.*") as values, edit(model, {"resid.0": lambda x: x.float()}):
        assert torch.equal(run(model, batch), plain)
    assert {tensor.dtype for tensor in values.values()} == {torch.bfloat16}


def test_a_model_on_two_devices_is_captured_where_each_part_is():
    batch = make_batch("llama")
    whole = capture(make_model("llama"), batch, "resid.*")
    parts = {"model.embed_tokens": "cpu", "model.rotary_emb": "cpu", "model.norm": "cpu", "lm_head": "cpu"}
    layers = {f"model.layers.{layer}": "disk" if layer == 1 else "cpu" for layer in range(LAYERS)}
    split = _split(make_model("llama"), {**parts, **layers})
    assert {tensor.device.type for tensor in split.parameters()} == {"cpu", "meta"}
    hooks = hook_count(split)
    found = capture(split, batch, "resid.*")
    assert set(found) == set(whole)
    assert all(torch.equal(found[name], whole[name]) for name in whole)
    with edit(split, {"resid.1": lambda x: x * 0}):
        assert not torch.equal(capture(split, batch, "resid.2")["resid.2"], whole["resid.2"])
    assert hook_count(split) == hooks


def _split(model, places):
    state = {f"model.layers.1.{name}": tensor for name, tensor in model.model.layers[1].state_dict().items()}
    return dispatch_model(model, places, main_device="cpu", state_dict=state, offload_dir=None, offload_index={})


def test_errors_name_what_there_is():
    model = make_model("llama")
    with pytest.raises(InputError, match=r"no site 'resid.9'.*from 0 to 2") as caught:
        resolve(model, "resid.9")
    assert "resid." in caught.value.hint
    with pytest.raises(InputError, match="means 4 sites"):
        resolve(model, "resid.*")
    with pytest.raises(InputError, match="no site was named"):
        resolve_all(model, [])
    with pytest.raises(InputError, match="no site was named"), edit(model, {}):
        pass
