"""What training starts from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seme.interp.dictionaries import TopK, planted_truth


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
