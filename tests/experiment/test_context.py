from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from seme.errors import InputError
from seme.experiment import Context
from seme.experiment.context import resolve_device


@pytest.fixture
def context(tmp_path):
    return Context(tmp_path, tmp_path, seed=7, console=Console(file=StringIO(), width=100, force_terminal=True))


def test_random_numbers_follow_from_seed_and_key_alone(context, tmp_path):
    again = Context(tmp_path, tmp_path, seed=7)
    other = Context(tmp_path, tmp_path, seed=8)
    draws = [one.rng("layer", 6).normal(size=4).tolist() for one in (context, again, other)]
    assert draws[0] == draws[1] != draws[2]
    assert context.rng("layer", 7).normal(size=4).tolist() != draws[0]
    assert context.rng("layer", 6).normal(size=4).tolist() == draws[0]


def test_pytorch_has_its_own_generators(context):
    torch = pytest.importorskip("torch")
    draws = [torch.rand(4, generator=context.torch_generator("x")) for _ in range(2)]
    assert torch.equal(*draws)
    assert not torch.equal(draws[0], torch.rand(4, generator=context.torch_generator("y")))


def test_progress_yields_everything_within_each_other_and_after_a_break(context):
    pairs = [(a, b) for a in context.progress(range(3), "outer") for b in context.progress(iter("xy"), "inner")]
    assert pairs == [(a, b) for a in range(3) for b in "xy"]
    for _ in context.progress([0], "[bold]label"):
        context.say("inside [bold]")
        break
    assert list(context.progress([1], "again")) == [1]
    assert "inside [bold]" in context.console.file.getvalue()


def test_a_device_that_is_not_there_is_refused():
    pytest.importorskip("torch")
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") in {"cpu", "cuda"}
    with pytest.raises(InputError, match="'cuda:99', expected one of: auto, cpu"):
        resolve_device("cuda:99")
