"""Masked heads against explicit attention, and against the patches that there were before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interp.heads.models import CONFIGS, causal, some_ids
from seme.errors import InputError
from seme.interp.activations import capture
from seme.interp.heads import MaskedHeads, ReplacedHeads, draw_heads, head_mask, head_values

KINDS = sorted(CONFIGS)
HEADS = [(0, 1), (1, 0), (1, 3)]


def _logits(model, ids, **more):
    with torch.no_grad():
        return model(input_ids=ids, **more).logits


@pytest.mark.parametrize("kind", KINDS)
def test_zero_and_mean_are_what_replacing_heads_does(kind):
    model, ids = causal(kind), some_ids()
    chosen = head_mask(model, HEADS)
    zeros = tuple(torch.zeros_like(layer) for layer in head_values(model, {"input_ids": ids}))
    means = torch.stack([layer.mean((0, 1)) for layer in head_values(model, {"input_ids": ids})])
    with MaskedHeads(chosen)(model):
        zeroed = _logits(model, ids)
    with ReplacedHeads(zeros, chosen)(model):
        torch.testing.assert_close(_logits(model, ids), zeroed, rtol=0, atol=0)
    with MaskedHeads(chosen, "mean", means=means)(model):
        averaged = _logits(model, ids)
    with ReplacedHeads(tuple(means[:, None, None]), chosen)(model):
        torch.testing.assert_close(_logits(model, ids), averaged, rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_uniform_is_the_running_mean_of_the_values(kind):
    model, ids = causal(kind), some_ids(1, 9)
    chosen = head_mask(model, [(0, 1), (0, 2)])
    if kind == "grouped-query":
        projected = capture(model, {"input_ids": ids}, "model.layers.0.self_attn.v_proj")
        values = next(iter(projected.values())).unflatten(-1, (2, 4)).repeat_interleave(2, dim=2)
    else:
        projected = capture(model, {"input_ids": ids}, "transformer.h.0.attn.c_attn")
        values = next(iter(projected.values()))[..., 32:].unflatten(-1, (4, 4))
    running = values.cumsum(1) / torch.arange(1, 10)[None, :, None, None]
    before = head_values(model, {"input_ids": ids})[0]
    with MaskedHeads(chosen, "uniform")(model):
        found = head_values(model, {"input_ids": ids})[0]
    torch.testing.assert_close(found[:, :, 1:3], running[:, :, 1:3])
    torch.testing.assert_close(found[:, :, [0, 3]], before[:, :, [0, 3]], rtol=0, atol=0)


@pytest.mark.parametrize("mode", ["zero", "uniform"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_row_has_its_own_mask_and_the_model_is_as_before(kind, mode):
    model, ids = causal(kind), some_ids(1).expand(3, -1)
    masks = torch.stack([head_mask(model, HEADS), head_mask(model, [(2, 2)]), torch.zeros(3, 4, dtype=torch.bool)])
    plain = _logits(model, ids)
    with MaskedHeads(masks, mode)(model):
        together = _logits(model, ids)
    for row, mask in enumerate(masks):
        with MaskedHeads(mask, mode)(model):
            torch.testing.assert_close(_logits(model, ids[:1])[0], together[row])
    torch.testing.assert_close(together[2], plain[2])
    assert (together[0] - plain[0]).abs().max() > 1e-3
    torch.testing.assert_close(_logits(model, ids), plain, rtol=0, atol=0)


def test_chance_draws_other_heads_and_all_of_them_in_the_end():
    rng = np.random.default_rng(0)
    rest = draw_heads(rng, (3, 4), 9, excluded=HEADS)
    assert len(set(rest)) == 9
    assert not set(rest) & set(HEADS)
    assert MaskedHeads(head_mask(causal(), HEADS)).cost().flops == 0
    with pytest.raises(InputError, match="count is 10; it may be 1 to 9"):
        draw_heads(rng, (3, 4), 10, excluded=HEADS)


def test_what_cannot_be_masked_is_refused():
    model = causal()
    with pytest.raises(InputError, match=r"\(3, 0\).*layers 0 to 2"):
        head_mask(model, [(3, 0)])
    with pytest.raises(InputError, match="heads is empty"):
        head_mask(model, [])
    with pytest.raises(InputError, match=r"chosen is torch\.float32"):
        MaskedHeads(torch.zeros(3, 4))
    chosen = head_mask(model, HEADS)
    with pytest.raises(InputError, match="mode is 'blank'"):
        MaskedHeads(chosen, "blank")
    with pytest.raises(InputError, match="means missing"):
        MaskedHeads(chosen, "mean")
    with pytest.raises(InputError, match="3 layers of 4"), MaskedHeads(chosen[:2])(model):
        pass
    with pytest.raises(InputError, match="2 rows, and the batch 3"), MaskedHeads(chosen.expand(2, -1, -1))(model):
        _logits(model, some_ids())
