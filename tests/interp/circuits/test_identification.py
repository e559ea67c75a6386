"""The autoencoder beside the library's own, silent rows, and a planted circuit that must be found."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seme.errors import InputError
from seme.interp.circuits import (
    SILENT,
    HeadAutoencoder,
    detection,
    identify,
    mean_difference,
    planted_circuit,
    training_prompts,
)
from seme.interp.circuits.autoencoder import Autoencoder, Reconstruction
from seme.interp.dictionaries.network import Start
from seme.interp.dictionaries.relu import ReLUNetwork


def test_loss_and_codes_are_those_of_the_dictionary_with_the_same_weights():
    torch.manual_seed(0)
    rows = 3 * torch.randn(50, 12) + 1
    scale = float(12**0.5 / rows.norm(dim=1).mean())
    own = Autoencoder(rows, 20, scale, seed=3)
    peer = ReLUNetwork(Start(own.decoder.detach(), rows.mean(0), scale), sparsity=0.02)
    for parameter in (own.encoder, own.encoder_bias):
        parameter.data += 0.1 * torch.randn_like(parameter)
    peer.encoder.data, peer.encoder_bias.data = own.encoder.data.clone(), own.encoder_bias.data.clone()
    loss, parts = peer(rows)
    found = Reconstruction(0.02)(own, rows)
    assert found.total.item() == pytest.approx(loss.item(), rel=1e-5)
    assert float(found.parts["error"]) == pytest.approx(float(parts["error"]), rel=1e-5)
    with torch.no_grad():
        dense = torch.relu(peer.dense(rows * scale - peer.bias))
        assert torch.allclose(own.encode(rows), dense, atol=1e-5)


def test_training_explains_the_rows_with_decoder_rows_of_unit_length_the_same_each_time():
    made = planted_circuit(np.random.default_rng(0), prompts=10, layers=2, heads=4, circuit=2, width=16)
    trained = HeadAutoencoder(40, epochs=150).fit(made.positive)
    assert trained.unexplained_ < 0.3
    assert torch.allclose(trained.network_.decoder.norm(dim=1), torch.ones(40), atol=1e-5)
    again = HeadAutoencoder(40, epochs=150).fit(torch.from_numpy(made.positive))
    assert torch.equal(again.network_.encoder, trained.network_.encoder)
    assert np.array_equal(again.codes(made.negative), trained.codes(made.negative))
    batched = HeadAutoencoder(40, epochs=150, batch_size=16).fit(made.positive)
    assert not torch.equal(batched.network_.encoder, trained.network_.encoder)


def test_a_row_without_a_feature_is_silent_and_not_feature_zero():
    trained = HeadAutoencoder(5, epochs=1).fit(torch.randn(20, 6, generator=torch.Generator().manual_seed(0)))
    trained.network_.encoder_bias.fill_(-1e6)
    assert (trained.codes(torch.randn(2, 3, 6)) == SILENT).all()
    trained.network_.encoder_bias[3] = 1e6
    assert (trained.codes(torch.randn(2, 3, 6)) == 3).all()


def test_a_planted_circuit_is_found_and_shuffled_sides_find_nothing():
    rng = np.random.default_rng(0)
    made = planted_circuit(rng, prompts=60, width=32)
    positive, negative = torch.from_numpy(made.positive), torch.from_numpy(made.negative)
    assert int(made.truth.sum()) == 26
    trained = HeadAutoencoder(100, epochs=200).fit(training_prompts(positive, negative, 10, rng))
    found = identify(positive, negative, trained)
    assert detection(found.nodes, made.truth).auc >= 0.9
    assert detection(found.normalised, made.truth).auc >= 0.9
    assert detection(found.by_edges, made.truth).auc >= 0.75
    assert detection(mean_difference(positive, negative).numpy(), made.truth).auc >= 0.95
    chance = [detection(found.shuffled(np.random.default_rng(seed)), made.truth).auc for seed in range(20)]
    assert abs(np.mean(chance) - 0.5) < 0.08


def test_bad_input_is_named():
    rows = torch.randn(20, 6)
    for argument, value in (("features", 0), ("epochs", 0), ("batch_size", 0), ("sparsity", -1), ("learning_rate", 0)):
        with pytest.raises(InputError, match=argument):
            HeadAutoencoder(**{argument: value}).fit(rows)
    with pytest.raises(InputError, match="not trained"):
        HeadAutoencoder().codes(rows)
    with pytest.raises(InputError, match="NaN"):
        HeadAutoencoder().fit(torch.full((3, 4), float("nan")))
    with pytest.raises(InputError, match="all 0"):
        HeadAutoencoder().fit(torch.zeros(3, 4))
    with pytest.raises(InputError, match="at least one row"):
        HeadAutoencoder().fit(torch.zeros(0, 4))
    trained = HeadAutoencoder(4, epochs=1).fit(rows)
    with pytest.raises(InputError, match="width 5"):
        trained.codes(torch.randn(3, 5))
    with pytest.raises(InputError, match="must be the same"):
        identify(torch.randn(3, 2, 2, 6), torch.randn(4, 2, 2, 6), trained)
    with pytest.raises(InputError, match="count is 9"):
        training_prompts(torch.randn(3, 2, 2, 6), torch.randn(3, 2, 2, 6), 9, np.random.default_rng(0))
    with pytest.raises(InputError, match="circuit is 144"):
        planted_circuit(np.random.default_rng(0), circuit=144)
    with pytest.raises(InputError, match="heads is 0"):
        planted_circuit(np.random.default_rng(0), heads=0)
