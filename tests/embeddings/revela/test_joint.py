"""Two passes over a batch: who is helped by whom, and where gradients go."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from seme.embeddings.revela import (
    DecoderRetriever,
    Revela,
    RevelaObjective,
    add_lora,
    merge_lora,
    uniform_weights,
)
from seme.embeddings.revela.batches import make_batch
from seme.errors import InputError
from seme.training import Budget, Trainer


def _states(revela, batch, weights):
    with torch.no_grad():
        recorder, alone = revela.record(batch)
        return alone, revela.help(batch, recorder, weights)


def test_first_halves_are_as_without_help_and_second_halves_are_not(revela, batch):
    alone, helped = _states(revela, batch, uniform_weights(5))
    first = batch["attention_mask"].bool() & ~batch["helped"]
    assert torch.equal(alone[first], helped[first])
    assert ((alone - helped).abs().amax(-1)[batch["helped"]] > 1e-5).all()


def test_a_chunk_of_zero_weight_does_not_matter_and_padding_never_does(revela, batch, tokenizer):
    weights = torch.zeros(5, 5)
    weights[:, 0], weights[0] = 1, torch.tensor([0, 1.0, 0, 0, 0])
    _, before = _states(revela, batch, weights)
    other = dict(batch, input_ids=batch["input_ids"].clone())
    other["input_ids"][3, 2] = 5  # chunk 3, that nobody reads
    other["input_ids"][~batch["attention_mask"].bool()] = 7
    _, after = _states(revela, other, weights)
    for chunk in (0, 1, 2, 4):
        kept = batch["attention_mask"][chunk].bool()
        torch.testing.assert_close(before[chunk][kept], after[chunk][kept], atol=1e-6, rtol=0)


def test_a_diagonal_would_be_read_and_is_excluded(revela, batch):
    weights = revela.weights(batch)
    assert not weights.diagonal().any()
    assert (weights.sum(1) - 1).abs().max() < 1e-6


def test_the_retriever_learns_through_the_weights_alone(revela, batch):
    loss = RevelaObjective(dual=True)(revela, batch)
    loss.total.backward()
    through_all = [one.grad.clone() for one in revela.retriever.parameters() if one.grad is not None]
    assert sum(float(one.abs().sum()) for one in through_all) > 0
    assert revela.language_model.model.layers[0].self_attn.k_proj.weight.grad.abs().sum() > 0
    revela.zero_grad()
    weights = revela.weights(batch)
    recorder, _ = revela.record(batch)
    held = weights.detach().requires_grad_()
    revela.prediction_loss(revela.help(batch, recorder, held), batch).backward()
    assert all(one.grad is None for one in revela.retriever.parameters())
    weights.backward(held.grad)
    for ours, theirs in zip(
        through_all, (one.grad for one in revela.retriever.parameters() if one.grad is not None), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-7, rtol=1e-4)


def test_gradient_of_the_weights_is_that_of_finite_differences(revela, batch):
    revela.double()
    recorder, _ = revela.record(batch)

    def loss(weights):
        return revela.prediction_loss(revela.help(batch, recorder, weights), batch).double()

    weights = uniform_weights(5).double().requires_grad_()
    loss(weights).backward()
    step = torch.zeros(5, 5, dtype=torch.float64)
    step[0, 1], step[0, 2] = 1e-2, -1e-2
    with torch.no_grad():
        slope = (loss(weights + step) - loss(weights - step)) / 2
    assert abs(float(slope - (weights.grad * step).sum())) < 0.02 * abs(float(slope)) + 1e-7


def test_a_frozen_language_model_stays_and_the_retriever_learns(language_model, tokenizer, batch):
    retriever = DecoderRetriever(copy.deepcopy(language_model.base_model), tokenizer, longest=64)
    model = Revela(retriever, language_model, frozen=True)
    before = copy.deepcopy(language_model.state_dict())
    first = next(retriever.parameters()).detach().clone()
    wanted = [one for one in model.parameters() if one.requires_grad]
    Trainer(
        model, RevelaObjective(), [batch], Budget(steps=2), optimizer=torch.optim.AdamW(wanted, lr=1e-2), device="cpu"
    ).run()
    assert all(torch.equal(one, before[name]) for name, one in language_model.state_dict().items())
    assert not torch.equal(first, next(retriever.parameters()))


@pytest.mark.parametrize("options", [{}, {"value_norm": False}, {"shortcut": True}, {"block": 2}])
def test_training_lowers_the_loss_of_a_batch(language_model, tokenizer, batch, options):
    retriever = DecoderRetriever(copy.deepcopy(language_model.base_model), tokenizer, longest=64)
    model, objective = Revela(retriever, language_model, **options), RevelaObjective()
    before = float(objective(model, batch).total.detach())
    Trainer(
        model,
        objective,
        [batch],
        Budget(steps=8),
        optimizer=torch.optim.AdamW(model.parameters(), lr=3e-3),
        device="cpu",
    ).run()
    assert float(objective(model, batch).total.detach()) < before - 0.2


def test_weights_that_are_shared_and_chunks_that_are_the_same_are_refused(language_model, tokenizer):
    shared = DecoderRetriever(language_model.base_model, tokenizer, longest=64)
    with pytest.raises(InputError, match="share weights"):
        Revela(shared, language_model)
    for texts in (["one chunk alone"], ["twice the same", "twice the same"], ["a", "long enough"]):
        with pytest.raises(InputError, match="expected"):
            make_batch(texts, tokenizer)


def test_low_rank_corrections_are_trained_alone_and_merge(revela, batch):
    torch.manual_seed(0)
    add_lora(revela.retriever.model, rank=2, alpha=8, dropout=0.0)
    add_lora(revela.language_model, rank=2, alpha=8, dropout=0.0)
    names = [name for name, one in revela.named_parameters() if one.requires_grad]
    assert names
    assert all("lora_" in name for name in names)
    assert not any("lm_head" in name for name in names)
    wanted = [one for one in revela.parameters() if one.requires_grad]
    Trainer(
        revela, RevelaObjective(), [batch], Budget(steps=3), optimizer=torch.optim.AdamW(wanted, lr=1e-2), device="cpu"
    ).run()
    before = revela.retriever.encode(batch["passages"])
    merge_lora(revela.retriever.model)
    assert not any("lora_" in name for name, _ in revela.retriever.named_parameters())
    torch.testing.assert_close(torch.tensor(before), torch.tensor(revela.retriever.encode(batch["passages"])))
    with pytest.raises(InputError, match="rank is 0"):
        add_lora(revela.language_model, rank=0)
