"""Parts of the experiment of paper 17, beside what the model itself computes."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import binom

from seme.assets import load_instructions
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.p17_selection import SelectionSettings
from seme.experiments.selection.comparing import BM25, MONA, RANDOM
from seme.experiments.selection.drawing import best, draw_task, precisions
from seme.experiments.selection.losses import measure_losses
from seme.experiments.selection.pooling import Pool, batches, make_pool, read_samples
from seme.experiments.selection.statistics import paired_bootstrap, sign_test
from seme.experiments.selection.tiny import train_tiny
from seme.experiments.selection.tuning import add as add_tuning
from seme.interp.activations import record
from seme.report import Report

TOPICS = ("python:turtle", "python:statistics")
SETTINGS = SelectionSettings.quick().model_copy(update={"topics": TOPICS, "tuned": TOPICS[:1], "examples": 4})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    context = Context(folder, folder)
    instructions = [one for topic in TOPICS for one in load_instructions(topic, 16)]
    language_model = train_tiny(instructions, context, steps=2)
    samples = sorted(read_samples(language_model.tokenizer, instructions), key=lambda one: len(one.tokens))
    pool = Pool(tuple(samples), {TOPICS[0]: tuple(samples[:6])}, TOPICS)
    return language_model, pool, context


def test_samples_are_the_template_and_know_where_answers_begin(made):
    language_model, pool, _ = made
    decode = language_model.tokenizer.decode
    for sample in pool.samples:
        assert decode(sample.tokens) == sample.text
        assert decode(sample.tokens[sample.answer :]).startswith(sample.instruction.response)
        assert sample.text.startswith(decode(sample.tokens[: pool.first]))
    assert len({sample.tokens[: pool.first + 1] for sample in pool.samples}) > 1


def test_losses_of_the_recording_are_those_of_the_model(made):
    language_model, pool, context = made
    model = language_model.model
    site = f"resid.{model.config.num_hidden_layers - 1}"
    store = record(model, batches(language_model, pool.samples), [site], folder=context.folder / "rows")[site]
    found = measure_losses(language_model, pool, store, context)
    for number in (0, 7, 31):
        sample = pool.samples[number]
        ids = torch.tensor([sample.tokens])
        labels = ids.clone()
        labels[0, : sample.answer] = -100
        loss = model(input_ids=ids, labels=labels).loss
        (gradient,) = torch.autograd.grad(loss, model.model.norm.weight)
        assert found.means[number] == pytest.approx(float(loss.detach()), rel=1e-4)
        expected = (gradient * model.model.norm.weight.detach()).numpy()
        assert np.allclose(found.gradients[number], expected, atol=1e-5)


def test_examples_are_never_selected_and_a_perfect_score_is_perfectly_precise(made):
    _, pool, context = made
    task = draw_task(pool, 0, 0, SETTINGS, context)
    assert (pool.labels[task.examples] == 0).all()
    assert set(task.examples.tolist()) <= set(task.excluded.tolist())
    assert not set(best(np.ones(len(pool.samples)), task, 10).tolist()) & set(task.excluded.tolist())
    oracle = precisions(lambda examples: (pool.labels == pool.labels[examples[0]]) * 1.0, pool, SETTINGS, context)
    assert (oracle == 1.0).all()


def test_tuning_changes_no_weight_and_lowers_the_loss(made):
    language_model, pool, context = made
    before = copy.deepcopy(language_model.model.state_dict())
    report = Report(paper=17, slug="selection", title="Tuning")
    scorers = {name: lambda examples: (pool.labels == pool.labels[examples[0]]) * 1.0 for name in (MONA, BM25, RANDOM)}
    add_tuning(report, language_model, pool, scorers, SETTINGS.model_copy(update={"epochs": 8}), context)
    after = language_model.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    (table,) = report.tables
    assert all(row[3] < row[2] for row in table.rows)
    assert len({row[3] for row in table.rows}) == 1  # the same samples and seed give the same model


def test_the_sign_test_is_the_tail_of_the_binomial_and_leaves_out_ties():
    a, b = np.array([3.0, 2.0, 5.0, 1.0, 4.0]), np.array([1.0, 1.0, 5.0, 2.0, 1.0])
    assert sign_test(a, b) == pytest.approx(float(binom.sf(2, 4, 0.5)))
    assert sign_test(a, a) == 1.0


def test_the_bootstrap_covers_the_mean_of_a_known_spread():
    rng = np.random.default_rng(0)
    a = rng.normal(0.5, 1.0, size=(400, 3)).mean(axis=1)
    found = paired_bootstrap(a, np.zeros(400), rng)
    error = a.std() / np.sqrt(400)
    assert found.mean == pytest.approx(a.mean())
    assert (found.low, found.high) == pytest.approx((a.mean() - 1.96 * error, a.mean() + 1.96 * error), abs=0.2 * error)
    same = paired_bootstrap(a, a, rng)
    assert (same.low, same.high) == (0.0, 0.0)


def test_settings_that_do_not_fit_are_refused(tmp_path):
    context = Context(tmp_path, tmp_path)
    with pytest.raises(InputError, match="--tuned has"):
        make_pool(SETTINGS.model_copy(update={"tuned": ("python:email",)}), context)
    with pytest.raises(InputError, match=r"python:statistics has \d+ samples, and 500 are needed"):
        make_pool(SETTINGS.model_copy(update={"topics": TOPICS[1:], "tuned": (), "each": 500}), context)
