"""Patching against forward passes made by hand, and first order against finite differences."""

from __future__ import annotations

import pytest
import torch

from interp.circuits.models import CONFIGS, causal, prompts
from seme.errors import InputError
from seme.interp.activations import edit
from seme.interp.circuits import (
    activation_patching,
    attribution_patching,
    logit_difference,
    mean_difference,
    path_patching,
    remaining,
)
from seme.interp.heads import head_outputs, head_sites, head_values, mean_values, output_slices


def by_hand(model, pairs, layer, head, other):
    """Add to the output of the attention what the head would write otherwise, less what it writes."""
    own = head_values(model, pairs.batch("positive"))[layer][:, :, head]
    moved = (other - own) @ output_slices(model)[layer, head]
    with torch.no_grad(), edit(model, {f"attn.{layer}": lambda written: written + moved}):
        logits = model(input_ids=pairs.positive).logits[:, -1]
    return logits[:, [1, 2]].mean(1) - logits[:, 3]


@pytest.mark.parametrize("kind", CONFIGS)
def test_activation_patching_is_a_forward_pass_with_the_other_output(kind):
    model, pairs = causal(kind), prompts()
    negative = head_values(model, pairs.batch("negative"))
    found = activation_patching(model, pairs)
    logits = model(input_ids=pairs.positive).logits[:, -1]
    clean = logits[:, [1, 2]].mean(1) - logits[:, 3]
    assert torch.allclose(found.clean.double(), clean, atol=1e-5)
    assert found.lost.shape == (4, 3, 4)
    for layer, head in ((0, 1), (1, 3), (2, 0)):
        expected = clean - by_hand(model, pairs, layer, head, negative[layer][:, :, head])
        assert torch.allclose(found.lost[:, layer, head].double(), expected, atol=1e-5)
    assert found.passes == 16


def test_last_token_and_mean_ablation():
    model, pairs = causal(), prompts()
    negative = head_values(model, pairs.batch("negative"))
    clean = logit_difference(model, pairs).double()
    last = activation_patching(model, pairs, last_only=True)
    other = head_values(model, pairs.batch("positive"))[1][:, :, 2].clone()
    other[:, -1] = negative[1][:, -1, 2]
    expected = clean - by_hand(model, pairs, 1, 2, other)
    assert torch.allclose(last.lost[:, 1, 2].double(), expected, atol=1e-5)
    means = mean_values(negative)
    ablated = activation_patching(model, pairs, values=means)
    expected = clean - by_hand(model, pairs, 1, 2, means[1][:, :, 2])
    assert torch.allclose(ablated.lost[:, 1, 2].double(), expected, atol=1e-5)


@pytest.mark.parametrize("kind", CONFIGS)
def test_attribution_patching_is_the_finite_difference(kind):
    model, pairs = causal(kind), prompts()
    found = attribution_patching(model, pairs)
    positive, negative = (head_values(model, pairs.batch(side)) for side in ("positive", "negative"))
    step = 1e-3  # norms of this family are float32 inside
    for layer in range(3):
        for head in range(4):
            moved = (negative[layer] - positive[layer])[:, :, head]
            ends = [
                by_hand(model, pairs, layer, head, positive[layer][:, :, head] + sign * moved) for sign in (step, -step)
            ]
            slope = -(ends[0] - ends[1]) / (2 * step)
            assert torch.allclose(found.lost[:, layer, head].double(), slope, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("kind", CONFIGS)
def test_path_patching_changes_what_one_head_reads_of_another(kind):
    model, pairs = causal(kind), prompts()
    found = path_patching(model, pairs).reshape(3, 4, 3, 4)
    positive, negative = (head_values(model, pairs.batch(side)) for side in ("positive", "negative"))
    clean = logit_difference(model, pairs).double()
    for sender, receiver in (((0, 1), (1, 2)), ((0, 3), (2, 0)), ((1, 0), (2, 3))):
        change = (negative[sender[0]] - positive[sender[0]])[:, :, sender[1]] @ output_slices(model)[sender]
        said = _attention_of(model, pairs, receiver[0], change)[:, :, receiver[1]]
        expected = (clean - by_hand(model, pairs, *receiver, said)).mean()
        assert float(found[*sender, *receiver]) == pytest.approx(float(expected), abs=1e-5)
    assert (found[1, :, :2] == 0).all()


def _attention_of(model, pairs, layer, change):
    """Let the norm of one layer read a changed stream, and return what the layer's heads say."""
    seen = []
    block = (model.model.layers if hasattr(model, "model") else model.transformer.h)[layer]
    norm = block.input_layernorm if hasattr(block, "input_layernorm") else block.ln_1
    projection = model.get_submodule(head_sites(model)[layer].path)
    handles = [
        norm.register_forward_hook(lambda module, args, _out: type(module).forward(module, args[0] + change)),
        projection.register_forward_pre_hook(lambda _module, args: seen.append(args[0])),
    ]
    with torch.no_grad():
        model(input_ids=pairs.positive)
    for handle in handles:
        handle.remove()
    return seen[0].unflatten(-1, (4, -1))


def test_what_remains_of_all_and_of_no_heads():
    model, pairs = causal(), prompts()
    if float(logit_difference(model, pairs).mean()) < 0:  # the task is what the random model does
        pairs = type(pairs)(pairs.task, pairs.positive, pairs.negative, pairs.distractors, pairs.answers)
    means = mean_values(head_values(model, pairs.batch("negative")))
    everyone = torch.ones(3, 4, dtype=torch.bool)
    assert remaining(model, pairs, everyone, means) == 1.0
    functions = {
        site.name: lambda said, mean=mean: mean.expand(said.shape)
        for site, mean in zip(head_sites(model), means, strict=True)
    }
    with torch.no_grad(), edit(model, functions):
        logits = model(input_ids=pairs.positive).logits[:, -1]
    expected = pairs.difference(logits).mean() / logit_difference(model, pairs).mean()
    assert remaining(model, pairs, ~everyone, means) == pytest.approx(float(expected), abs=1e-5)
    worse = type(pairs)(pairs.task, pairs.positive, pairs.negative, pairs.distractors, pairs.answers)
    with pytest.raises(InputError, match="does not do the task"):
        remaining(model, worse, everyone, means)
    with pytest.raises(InputError, match="does not do the task"):
        activation_patching(model, worse).circuit(0.05)


def test_mean_difference():
    model, pairs = causal(), prompts()
    positive, negative = (head_outputs(model, pairs.batch(side)) for side in ("positive", "negative"))
    expected = (positive.mean(0) - negative.mean(0)).square().sum(-1).sqrt()
    assert torch.allclose(mean_difference(positive, negative), expected)
