"""What training starts from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seme.interp.dictionaries import TopK, planted_truth
from seme.interp.dictionaries.starting import first_directions


def test_the_encoder_of_topk_starts_at_the_length_that_reconstructs_best():
    rows = planted_truth(n=500, atoms=200, width=40, active=6, seed=0).rows * 5 + 1
    network = TopK(200, k=12, seed=1).start_from(rows)
    length = network.encoder.detach().norm(dim=1)
    torch.testing.assert_close(length, length[:1].expand(200))
    errors = []
    for factor in (0.97, 1.0, 1.03):
        with torch.no_grad():
            network.encoder.mul_(factor)
            errors.append(float(network(torch.from_numpy(rows))[0]))
            network.encoder.div_(factor)
    assert errors[1] < min(errors[0], errors[2])


@pytest.mark.parametrize("value", [0.5, -2.0])
def test_rows_that_are_all_equal_leave_the_encoder_as_it_is(value):
    network = TopK(20, k=3).start_from(np.full((10, 4), value, dtype=np.float32))
    torch.testing.assert_close(network.encoder.detach().norm(dim=1), torch.ones(20))


def test_units_start_where_rows_lie():
    axes = torch.from_numpy(np.linalg.qr(np.random.default_rng(0).normal(size=(60, 5)))[0].T.astype(np.float32))
    rows = 7 + torch.from_numpy(np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)) @ axes
    directions = first_directions(rows, 400, seed=0)
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(400))
    inside = (directions @ axes.T).square().sum(dim=1)
    random = 5 / 60
    expected = (
        1 + 0.25 * random
    ) / 1.25  # of a unit vector inside and half of one anywhere, at right angles on average
    assert float(inside.mean()) == pytest.approx(expected, abs=0.03)
    assert torch.equal(directions, first_directions(rows, 400, seed=0))
    assert not torch.equal(directions, first_directions(rows, 400, seed=1))


def test_units_that_start_from_the_same_row_are_apart():
    directions = first_directions(torch.eye(2), 50, seed=0)
    assert float((directions @ directions.T - torch.eye(50)).max()) < 1 - 1e-6


def test_fewer_steps_reach_what_random_directions_do(monkeypatch):
    planted = planted_truth(n=4000, atoms=96, width=32, active=4, seed=0).rows
    rows = planted * np.geomspace(1, 0.02, 32, dtype=np.float32)  # variance in few directions, as in language models
    settings = {"k": 4, "batch_size": 256, "revive_every": 0, "seed": 0, "device": "cpu"}

    def error(steps: int) -> float:
        return float(np.square(rows - TopK(128, steps=steps, **settings).fit(rows).reconstruct(rows)).sum())

    ours = error(60)
    monkeypatch.setattr(
        "seme.interp.dictionaries.autoencoder.first_directions",
        lambda given, count, seed: torch.nn.functional.normalize(
            torch.randn(count, given.shape[1], generator=torch.Generator().manual_seed(seed)), dim=1
        ),
    )
    assert ours < error(90)
