"""It begins as the query encoder, leaves that as it is, learns what was planted, and is saved as it was trained."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.feedback import (
    FeedbackBatches,
    FeedbackEncoder,
    FeedbackObjective,
    hard_negatives,
)
from seme.errors import CorruptionError, InputError
from seme.training import Budget, Trainer

PAIRS = [("sun", ["cat mat", "dog"]), ("sea", ["mat"]), ("one two", [])]


def test_before_training_it_is_the_query_encoder_over_the_joined_text(base):
    found = FeedbackEncoder(base, passages=2, trained=1).encode(PAIRS)
    texts = ["sun [SEP] cat mat [SEP] dog", "sea [SEP] mat", "one two"]
    ids = [[2, *base.tokenizer(t, add_special_tokens=False)["input_ids"], 3] for t in texts]
    expected = [base({"input_ids": torch.tensor([one]), "attention_mask": torch.ones(1, len(one))}) for one in ids]
    assert np.allclose(found, torch.cat(expected).detach().numpy(), atol=1e-5)


def test_states_below_may_be_computed_before(base):
    encoder = FeedbackEncoder(base, passages=2, trained=2).eval()
    batch = encoder.tokenise(PAIRS)
    with torch.no_grad():
        kept = {"states": encoder.lower(batch), "attention_mask": batch["attention_mask"]}
        assert torch.equal(encoder(kept), encoder(batch))


def test_tct_leaves_its_prefix_out_of_the_mean(base):
    encoder = FeedbackEncoder(base, passages=1, family="tct", longest=12).eval()
    batch = encoder.tokenise([("sun", ["cat"])])
    with torch.no_grad():
        states = base.states(batch)[:, 4:].mean(1)
        assert torch.allclose(encoder(batch), torch.nn.functional.normalize(states, dim=-1), atol=1e-6)


def _planted(base):
    """Make queries that say nothing, whose passages say which document is right."""
    rng = np.random.default_rng(0)
    words = ["cat", "dog", "mat", "sun"]
    documents = np.linalg.qr(rng.normal(size=(base.dim, base.dim)))[0][:8].astype(np.float32)
    pairs = [("q", [words[i % 4]]) for i in range(32)]
    encoder = FeedbackEncoder(base, passages=1, trained=2)
    batch = encoder.tokenise(pairs)
    relevant = [np.array([i % 4]) for i in range(32)]
    negatives = [hard_negatives(range(8), one, depth=8, count=7, rng=rng) for one in relevant]
    data = FeedbackBatches(
        encoder.lower(batch).numpy(), batch["attention_mask"], documents, relevant, negatives, size=16, hard=4
    )
    return encoder, data, documents, pairs


def test_training_finds_what_was_planted_and_leaves_the_query_encoder(base):
    before = {name: value.clone() for name, value in base.state_dict().items()}
    encoder, data, documents, pairs = _planted(base)

    def accuracy():
        return float(((encoder.encode(pairs) @ documents.T).argmax(1) == np.arange(32) % 4).mean())

    untrained = accuracy()
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=3e-3)
    Trainer(
        encoder, FeedbackObjective(temperature=0.1), data, Budget(steps=60), optimizer=optimizer, device="cpu"
    ).run()
    assert untrained < 0.6
    assert accuracy() == 1.0
    assert all(torch.equal(before[name], value) for name, value in base.state_dict().items())


def test_a_broken_training_goes_on_to_the_same_weights(base, tmp_path):
    found = []
    for stops in ((6,), (3, 6)):
        for steps in stops:
            encoder, data, _, _ = _planted(base)
            optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3)
            Trainer(
                encoder,
                FeedbackObjective(),
                data,
                Budget(steps=steps),
                folder=tmp_path / str(stops),
                optimizer=optimizer,
                device="cpu",
            ).run()
        found.append(encoder.state_dict())
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_hard_negatives_only_is_the_loss_without_the_batch(base):
    encoder, data, _, _ = _planted(base)
    encoder.eval()
    batch = next(data.starting_at(0))
    alone = FeedbackObjective(temperature=1.0, in_batch=False)(encoder, batch).total
    q = encoder(batch)
    right = (q * batch["documents"]).sum(1, keepdim=True)
    wrong = torch.einsum("qd,qhd->qh", q, batch["hard"])
    expected = -torch.log_softmax(torch.cat([right, wrong], 1), dim=1)[:, 0].mean()
    assert torch.allclose(alone, expected, atol=1e-5)
    assert FeedbackObjective(temperature=1.0)(encoder, batch).total > alone


def test_negatives_are_from_the_best_and_never_right():
    rng = np.random.default_rng(0)
    found = hard_negatives([5, 3, 9, 1, 7, 2], [3, 7], depth=4, count=10, rng=rng)
    assert found.tolist() == [1, 5, 9]
    assert len(hard_negatives(range(100), [], depth=50, count=10, rng=rng)) == 10


def test_a_saved_encoder_is_the_one_that_was_trained(base, tmp_path):
    encoder = FeedbackEncoder(base, passages=2, trained=1, longest=20)
    with torch.no_grad():
        for number, weights in enumerate(encoder.blocks.parameters()):
            weights.add_(0.3 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(number)))
    expected = encoder.encode(PAIRS)
    again = FeedbackEncoder.load(encoder.save(tmp_path / "encoder"))
    assert (again.passages, again.longest, len(again.blocks)) == (2, 20, 1)
    assert np.allclose(again.encode(PAIRS), expected, atol=1e-6)
    assert not np.allclose(base.encode(["sun"]), TextEncoder.load(str(tmp_path / "encoder")).encode(["sun"]))
    (tmp_path / "encoder" / "feedback.json").write_text("{")
    with pytest.raises(CorruptionError, match="cannot be read"):
        FeedbackEncoder.load(tmp_path / "encoder")


def test_what_cannot_be_used_is_refused(base):
    with pytest.raises(InputError, match="passages is 0"):
        FeedbackEncoder(base, passages=0)
    with pytest.raises(InputError, match="trained is 4"):
        FeedbackEncoder(base, trained=4)
    with pytest.raises(InputError, match="family is 'x'"):
        FeedbackEncoder(base, family="x")
    with pytest.raises(InputError, match="the encoder is for 1"):
        FeedbackEncoder(base, passages=1).encode([("sun", ["cat", "dog"])])
    with pytest.raises(InputError, match="depth is 0"):
        hard_negatives([1], [], depth=0, rng=np.random.default_rng(0))
    states, mask, documents = np.zeros((1, 2, 4), np.float32), torch.ones(1, 2), np.zeros((2, 4), np.float32)
    with pytest.raises(InputError, match="query 0 has no negative"):
        FeedbackBatches(states, mask, documents, [np.array([0])], [np.array([], dtype=np.int64)])
    with pytest.raises(InputError, match="must be as many"):
        FeedbackBatches(states, mask, documents, [], [])
