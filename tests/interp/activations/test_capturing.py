"""What is captured is what flows, and nothing changes by it."""

from __future__ import annotations

import pytest
import torch

from interp.activations.families import FAMILIES, LAYERS, make_batch, make_model
from seme.interp.activations import capture, capturing, named_sites


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_are_the_same_bits_while_every_site_is_captured(family):
    model, batch = make_model(family), make_batch(family)
    with torch.no_grad():
        plain = model(**batch)
        with capturing(model, list(named_sites(model))) as values:
            watched = model(**batch)
    assert set(values) == set(named_sites(model))
    for expected, found in zip(plain.values(), watched.values(), strict=True):
        if isinstance(expected, torch.Tensor):
            assert torch.equal(expected, found)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_residual_stream_is_the_models_own_hidden_states(family):
    model, batch = make_model(family), make_batch(family)
    values = capture(model, batch, "resid.*")
    with torch.no_grad():
        expected = model(**batch, output_hidden_states=True).hidden_states
    assert torch.equal(values["resid.embed"], expected[0])
    for layer in range(LAYERS - 1):  # the last hidden state of most models has gone through the final norm
        assert torch.equal(values[f"resid.{layer}"], expected[layer + 1])
