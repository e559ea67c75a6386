"""Two processes learn what one learns from the batches of both."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file

from embeddings.contriever import learner

KINDS = ("moco", "in-batch")


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """The tensors of both processes, for each kind."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", learner.__file__]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([*command, str(folder)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {kind: [load_file(folder / f"{kind}-{rank}-of-2.safetensors") for rank in (0, 1)] for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_have_the_gradients_of_one_with_the_whole_batch(launched, kind):
    encoder, objective, _ = learner.learn(kind, learner.Whole(learner.make_data()))
    expected = learner.tensors(encoder, objective)
    first, second = launched[kind]
    assert set(first) == set(expected)
    moved = max(float(one.abs().max()) for name, one in expected.items() if name.startswith("gradient."))
    assert moved > 1e-3
    for name, one in expected.items():
        assert torch.allclose(first[name], one, atol=1e-11, rtol=1e-9), name
        assert torch.equal(first[name], second[name]), name


def test_keys_of_both_processes_are_in_the_queue_in_the_order_of_ranks(launched):
    steps, both = learner.STEPS, 2 * learner.SIZE
    start = learner.make_objective("moco", learner.make_encoder()).queue.double()
    kept = launched["moco"][0]["objective.queue"]
    assert launched["moco"][0]["objective.place"] == steps * both % learner.QUEUE
    assert steps * both > learner.QUEUE  # all of the beginning was replaced
    assert not torch.isclose(kept, start).all(1).any()
