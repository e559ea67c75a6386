"""Losses and gradients against brute force, the queue, the momentum encoder, and training that goes on."""

from __future__ import annotations

import copy
import math

import pytest

torch = pytest.importorskip("torch")

from embeddings.contriever import learner
from seme.embeddings.contriever import InBatchContrast, MomentumContrast, gather_rows
from seme.embeddings.contriever.batches import padded
from seme.errors import InputError


@pytest.fixture
def encoder():
    return learner.make_encoder()


@pytest.fixture
def batch():
    return next(learner.make_data().starting_at(0))


def by_hand(rows):
    """Mean over rows of -log of the first one's share, in float64."""
    return sum(math.log(sum(math.exp(x - row[0]) for x in row)) for row in rows) / len(rows)


def numbers(vectors):
    return vectors.detach().double().tolist()


def dot(a, b, temperature):
    return sum(x * y for x, y in zip(a, b, strict=True)) / temperature


def gradients(encoder, loss):
    encoder.zero_grad()
    loss.backward()
    return [one.grad.clone() for one in encoder.parameters()]


def test_moco_sets_the_own_key_against_the_queue_alone(encoder, batch):
    objective = MomentumContrast(encoder.double(), queue=12, temperature=7.0).double()
    loss = objective(encoder, batch).total.detach()
    queries, keys = numbers(encoder(batch["query"])), numbers(objective.key_encoder(batch["key"]))
    queue = numbers(objective.queue)
    rows = [[dot(q, k, 7.0), *(dot(q, n, 7.0) for n in queue)] for q, k in zip(queries, keys, strict=True)]
    assert float(loss) == pytest.approx(by_hand(rows), rel=1e-9)


def test_moco_has_the_gradients_of_plain_cross_entropy_and_none_for_keys(encoder, batch):
    objective = MomentumContrast(encoder, queue=12, temperature=0.7)
    found = gradients(encoder, objective(encoder, batch).total)
    queries, keys = encoder(batch["query"]), objective.key_encoder(batch["key"]).detach()
    logits = torch.cat([(queries * keys).sum(1, keepdim=True), queries @ objective.queue.T], dim=1) / 0.7
    plain = torch.nn.functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))
    for one, expected in zip(found, gradients(encoder, plain), strict=True):
        assert torch.allclose(one, expected, atol=1e-6, rtol=1e-4)
    assert all(one.grad is None and not one.requires_grad for one in objective.key_encoder.parameters())


def test_in_batch_is_plain_cross_entropy_over_all_keys_and_negatives(encoder, batch):
    objective = InBatchContrast(temperature=0.7)
    batch = {**batch, "negative": batch["key"] | {"input_ids": batch["key"]["input_ids"].flip(0)}}
    batch["negative"]["attention_mask"] = batch["key"]["attention_mask"].flip(0)
    found = objective(encoder, batch)
    keys = torch.cat([encoder(batch["key"]), encoder(batch["negative"])])
    logits = encoder(batch["query"]) @ keys.T / 0.7
    plain = torch.nn.functional.cross_entropy(logits, torch.arange(learner.SIZE))
    assert float(found.total.detach()) == pytest.approx(float(plain.detach()), rel=1e-5)
    for one, expected in zip(gradients(encoder, found.total), gradients(encoder, plain), strict=True):
        assert torch.allclose(one, expected, atol=1e-6, rtol=1e-4)


def test_the_queue_is_first_in_first_out_and_a_buffer(encoder):
    objective = MomentumContrast(encoder, queue=6)
    assert {"queue", "place"} <= dict(objective.named_buffers()).keys()
    assert {"queue", "place"} <= objective.state_dict().keys()
    assert torch.allclose(objective.queue.norm(dim=1), torch.ones(6))
    rows = torch.arange(10 * encoder.dim, dtype=torch.float).view(10, encoder.dim)
    start = objective.queue.clone()
    for first in range(0, 8, 2):
        objective.enqueue(rows[first : first + 2])
        if first == 0:
            assert torch.equal(objective.queue[2:], start[2:])
    assert {tuple(one) for one in objective.queue.tolist()} == {tuple(one) for one in rows[2:8].tolist()}
    assert int(objective.place) == 2


def test_a_queue_that_is_no_multiple_of_the_batch_is_refused(encoder):
    with pytest.raises(InputError, match="queue is 6 keys and a step has 4"):
        MomentumContrast(encoder, queue=6).enqueue(torch.ones(4, encoder.dim))


def test_the_key_encoder_is_the_moving_average_of_closed_form(encoder):
    objective = MomentumContrast(encoder, queue=6, momentum=0.9)
    start = [one.detach().clone() for one in encoder.parameters()]
    with torch.no_grad():
        for one in encoder.parameters():
            one.add_(1.0)
    for _ in range(7):
        objective.move(encoder)
    for old, kept in zip(start, objective.key_encoder.parameters(), strict=True):
        assert torch.allclose(kept, old + 1 - 0.9**7, atol=1e-5)


def test_the_key_encoder_moves_before_keys_and_the_queue_after_the_update(encoder, batch):
    objective = MomentumContrast(encoder, queue=12, momentum=0.0)
    with torch.no_grad():
        next(encoder.parameters()).add_(0.1)
    objective.begin_step(encoder, 0.0)
    before = objective.queue.clone()
    objective(encoder, batch).total.backward()
    assert torch.equal(objective.queue, before)
    objective.after_update(encoder)
    assert torch.allclose(objective.queue[: learner.SIZE], encoder(batch["key"]), atol=1e-6)
    assert torch.equal(objective.queue[learner.SIZE :], before[learner.SIZE :])


def test_the_queue_can_begin_with_keys_of_texts(encoder):
    objective = MomentumContrast(encoder, queue=15).train()
    data = learner.make_data()
    objective.fill(data.starting_at(0))
    batches = data.starting_at(0)
    keys = torch.cat([encoder(next(batches)["key"]) for _ in range(3)])[:15]
    assert torch.allclose(objective.queue, keys, atol=1e-5)
    assert int(objective.place) == 0
    assert objective.key_encoder.training
    with pytest.raises(InputError, match="9 keys of 15 missing"):
        objective.fill([next(batches)])


@pytest.mark.parametrize("wanted", [True, False])
def test_dropout_of_the_key_encoder_can_be_left_out(wanted):
    objective = MomentumContrast(learner.make_encoder(dropout=0.5), queue=12, key_dropout=wanted).train()
    assert objective.key_encoder.training is wanted
    assert objective.eval().key_encoder.training is False


def test_evaluating_leaves_the_queue_alone(encoder, batch):
    objective = MomentumContrast(encoder, queue=12).eval()
    for _ in range(2):
        objective(encoder, batch)
    objective.train()
    objective.begin_step(encoder, 0.0)
    objective(encoder, batch)
    objective.after_update(encoder)
    assert int(objective.place) == learner.SIZE


@pytest.mark.parametrize("kind", ["moco", "in-batch"])
def test_a_run_that_was_broken_off_goes_on_to_the_same_bits(kind, tmp_path):
    whole = learner.learn(kind, learner.make_data(), steps=6, dropout=0.2)
    learner.learn(kind, learner.make_data(), folder=tmp_path, steps=4, dropout=0.2)
    encoder, objective, outcome = learner.learn(kind, learner.make_data(), folder=tmp_path, steps=6, dropout=0.2)
    assert outcome.resumed_at == 4
    states = zip((whole[0], whole[1].inner), (encoder, objective.inner), strict=True)
    for expected, found in ((a.state_dict(), b.state_dict()) for a, b in states):
        assert all(torch.equal(found[name], one) for name, one in expected.items())


@pytest.mark.parametrize("kind", ["moco", "in-batch"])
def test_crops_of_a_theme_come_to_lie_together(kind):
    """The planted truth: texts of one theme share its words alone, of which two crops may have none in common."""
    from seme.training import Budget, Trainer

    encoder, themes = learner.make_encoder(), torch.arange(40) // 4
    words = padded([torch.tensor([5 + i]).numpy() for i in range(40)], encoder.tokenizer)

    def together(model):
        vectors = torch.nn.functional.normalize(model.eval()(words).detach(), dim=1)
        likeness = vectors @ vectors.T - 2 * torch.eye(40)
        return float((themes[likeness.argmax(1)] == themes).float().mean())

    before = together(copy.deepcopy(encoder))
    objective = learner.make_objective(kind, encoder)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=3e-3)
    Trainer(encoder, objective, learner.make_data(18), Budget(steps=60), optimizer=optimizer, device="cpu").run()
    assert before < 0.4
    assert together(encoder) > 0.9


def test_rows_of_a_single_process_are_as_they_were():
    rows = torch.ones(2, 3, requires_grad=True)
    assert gather_rows(rows) is rows


def test_a_view_without_tokens_is_an_error_and_no_nan(encoder, batch):
    batch["query"]["attention_mask"][2] = 0
    with pytest.raises(InputError, match="text 2 of the batch has no token"):
        InBatchContrast()(encoder, batch)


@pytest.mark.parametrize("bad", [{"queue": 0}, {"momentum": 1.5}, {"momentum": float("nan")}, {"temperature": 0.0}])
def test_settings_that_cannot_be_used_are_refused(encoder, bad):
    with pytest.raises(InputError, match=f"{next(iter(bad))} "):
        MomentumContrast(encoder, **{"queue": 6, **bad})
