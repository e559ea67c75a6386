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


def test_units_start_at_different_rows_and_the_rest_anywhere():
    rows = 7 + torch.randn(50, 8, generator=torch.Generator().manual_seed(0)).repeat(3, 1)
    directions = first_directions(rows, 70, seed=0, start="data")
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(70))
    cosines = torch.nn.functional.normalize(rows[:50] - rows.mean(dim=0), dim=1) @ directions.T
    assert torch.equal(cosines[:, :50].argmax(dim=0).sort().values, torch.arange(50))
    torch.testing.assert_close(cosines[:, :50].amax(dim=0), torch.ones(50))
    assert float(cosines[:, 50:].max()) < 0.999
    assert torch.equal(directions, first_directions(rows, 70, seed=0, start="data"))
    assert not torch.equal(directions, first_directions(rows, 70, seed=1, start="data"))


def test_fewer_steps_reach_what_random_directions_do():
    planted = planted_truth(n=4000, atoms=96, width=32, active=4, seed=0).rows
    rows = planted * np.geomspace(1, 0.02, 32, dtype=np.float32)  # variance in few directions, as in language models

    def error(start, steps):
        learner = TopK(128, k=4, steps=steps, batch_size=256, revive_every=0, device="cpu")
        learner.start = start
        return float(np.square(rows - learner.fit(rows).reconstruct(rows)).sum())

    assert error("data", 60) < error("random", 90)
