"""Training ends where it should, and where it would have ended had nothing happened on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
import torch
from torch import nn

from seme.errors import CorruptionError, InputError, SemeError
from seme.training import Budget, Loss, Objective, RowBatches, Trainer, constant, cosine, linear
from training import learner


class SquaredDistance(nn.Module):
    """The squared error of a model's output against its input."""

    def forward(self, model, batch):
        return Loss((model(batch) - batch).square().mean())


def train(budget, *, data=None, objective=None, model=None, **options):
    model = learner.make_model() if model is None else model
    data = RowBatches(learner.rows(), 10) if data is None else data
    return Trainer(model, objective or SquaredDistance(), data, budget, device="cpu", **options).run()


def weights(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(first, second):
    return set(first) == set(second) and all(torch.equal(first[name], second[name]) for name in first)


def test_the_loss_falls_to_what_least_squares_reaches():
    model = nn.Linear(6, 6)
    rows = learner.rows()
    outcome = train(
        Budget(steps=400), model=model, data=RowBatches(rows, 50), optimizer=torch.optim.Adam(model.parameters(), 0.05)
    )
    assert outcome.metrics[-1]["loss"] < 1e-4 * outcome.metrics[0]["loss"]  # the identity reaches 0


def test_a_killed_run_ends_with_the_bits_of_one_that_was_not(tmp_path):
    whole, expected = learner.learn(str(tmp_path / "whole"))
    command = [sys.executable, learner.__file__, str(tmp_path / "killed"), "35"]  # step 18: two since a checkpoint
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed, outcome = learner.learn(str(tmp_path / "killed"))
    assert outcome.resumed_at == 15
    assert same(weights(resumed), weights(whole))
    drop = {"seconds"}
    assert [{k: v for k, v in r.items() if k not in drop} for r in outcome.metrics] == [
        {k: v for k, v in r.items() if k not in drop} for r in expected.metrics
    ]
    alone, _ = learner.learn(None)
    assert same(weights(alone), weights(whole))


def test_a_finished_run_is_read_and_a_longer_budget_goes_on(tmp_path):
    model, _ = learner.learn(str(tmp_path))
    again, outcome = learner.learn(str(tmp_path))
    assert (outcome.steps, outcome.resumed_at) == (learner.STEPS, learner.STEPS)
    assert same(weights(again), weights(model))
    _, outcome = learner.learn(str(tmp_path), steps=learner.STEPS + 4)
    assert (outcome.steps, outcome.resumed_at) == (learner.STEPS + 4, learner.STEPS)


def test_an_interrupt_writes_a_checkpoint_first(tmp_path):
    class Interrupting(SquaredDistance):
        def forward(self, model, batch):
            if model.training and threading.current_thread() is threading.main_thread():
                self.calls = getattr(self, "calls", 0) + 1
                if self.calls == 7:
                    os.kill(os.getpid(), signal.SIGINT)
            return super().forward(model, batch)

    with pytest.raises(KeyboardInterrupt):
        train(Budget(steps=20), objective=Interrupting(), folder=tmp_path)
    assert train(Budget(steps=20), folder=tmp_path).resumed_at == 7


def test_budgets():
    assert train(Budget(steps=7)).steps == 7
    by_tokens = train(Budget(tokens=35))
    assert (by_tokens.steps, by_tokens.tokens) == (4, 40)
    by_time = train(Budget(seconds=0.3))
    assert by_time.seconds >= 0.3
    assert by_time.steps >= 1
    assert train(Budget(steps=3, tokens=10**9, seconds=1e9)).steps == 3


def test_tokens_of_padding_are_not_counted():
    class Unit(nn.Module):
        def forward(self, model, batch):
            return Loss(model(batch["x"]).square().mean())

    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    batch = {"x": torch.ones(2, 6), "attention_mask": mask}
    assert train(Budget(steps=2), data=[batch], objective=Unit()).tokens == 6


@pytest.mark.parametrize("limits", [{}, {"steps": 0}, {"tokens": -1}, {"seconds": float("nan")}])
def test_budgets_without_a_limit_are_refused(limits):
    with pytest.raises(InputError, match=r"no limit|must be a positive number"):
        Budget(**limits)


def test_a_loss_that_is_not_finite_ends_the_run_and_leaves_no_checkpoint_of_it(tmp_path):
    rows = torch.full((20, 6), 1e30)
    with pytest.raises(SemeError, match=r"the loss is (nan|inf) at step 1") as caught:
        train(Budget(steps=20), data=RowBatches(rows, 5), folder=tmp_path, log_every=1)
    assert "learning rate" in caught.value.hint
    assert not list(tmp_path.glob("checkpoint-*"))


def test_other_settings_and_broken_checkpoints_are_refused(tmp_path):
    train(Budget(steps=2), folder=tmp_path, settings={"width": 3})
    with pytest.raises(InputError, match="holds a run with settings"):
        train(Budget(steps=2), folder=tmp_path, settings={"width": 4})
    file = next(tmp_path.glob("checkpoint-*")) / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(CorruptionError, match="cannot be read"):
        train(Budget(steps=2), folder=tmp_path, settings={"width": 3})


def test_nothing_outside_is_changed():
    model = learner.make_model().eval()
    before = torch.get_rng_state()
    train(Budget(steps=3), model=model)
    assert torch.equal(torch.get_rng_state(), before)
    assert not model.training


def test_accumulated_batches_are_one_large_batch():
    rows, results = learner.rows()[:20], []
    for data, accumulate in (([rows], 1), ([rows[:10], rows[10:]], 2)):
        model = nn.Linear(6, 6)
        nn.init.eye_(model.weight)
        nn.init.ones_(model.bias)
        train(Budget(steps=3), model=model, data=data, accumulate=accumulate, clip_norm=0.5)
        results.append(weights(model))
    for name, tensor in results[0].items():
        torch.testing.assert_close(tensor, results[1][name])


def test_objectives_act_at_the_moments_they_are_promised():
    moments = []

    class Watching(Objective):
        def forward(self, model, batch):
            moments.append("forward")
            return Loss(model(batch).square().mean())

        def begin_step(self, _model, fraction):
            moments.append(fraction)

        def before_update(self, model):
            moments.append("gradient" if model[0].weight.grad is not None else "none")

        def after_update(self, _model):
            moments.append("update")

    train(Budget(steps=2), objective=Watching())
    assert moments == [0.0, "forward", "gradient", "update", 0.5, "forward", "gradient", "update"]


def test_schedules_rise_and_fall():
    for schedule in (constant(warmup=0.2), linear(warmup=0.2, decay=0.5), cosine(warmup=0.2)):
        assert schedule(0.1) == pytest.approx(0.5)
        assert schedule(0.0) > 0
        assert schedule(0.2) == pytest.approx(1.0)
    assert constant()(1.0) == 1.0
    assert linear(decay=0.5)(0.75) == pytest.approx(0.5)
    assert cosine(floor=0.1)(1.0) == pytest.approx(0.1)
    assert cosine()(0.5) == pytest.approx(0.5)


def test_rows_come_once_per_epoch_and_from_any_number():
    rows = torch.arange(10.0)[:, None]
    batches = RowBatches(rows, 3, seed=5)
    stream = batches.starting_at(0)
    seen = [next(stream) for _ in range(10)]
    flat = torch.cat(seen)[:, 0]
    for epoch in range(3):
        assert sorted(flat[10 * epoch : 10 * epoch + 10].tolist()) == list(range(10))
    for number in (0, 3, 7):
        assert torch.equal(next(batches.starting_at(number)), seen[number])
    with pytest.raises(InputError, match="no rows"):
        RowBatches(rows[:0], 3)
    with pytest.raises(InputError, match="no batches"):
        train(Budget(steps=1), data=[])
