"""Paper 25: verdicts on planted figures, batches that can be reached, modules that are not mixed."""

from __future__ import annotations

from itertools import islice

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from seme.experiment import Context
from seme.experiments.p25_revela import RevelaSettings
from seme.experiments.revela import claims, corpus
from seme.experiments.revela.measuring import Measured, variants
from seme.experiments.revela.pretraining import Windows
from seme.experiments.revela.probing import KINDS, Probe, probe
from seme.experiments.revela.training import Crops
from seme.report import Report

COLLECTIONS = ("python-functions", "wordnet-terms")


class _Letters:
    """A tokenizer of letters."""

    eos_token_id = 0

    def __call__(self, texts, **_):
        return {"input_ids": [[ord(one) for one in text] for text in texts]}

    def decode(self, ids):
        return "".join(map(chr, ids))


def _values(level):
    return {name: {f"q{i}": level + 0.001 * (i % 3) for i in range(9)} for name in COLLECTIONS}


def _measured(**levels):
    scores = {"BM25": 0.6, "start": 0.1, "Revela": 0.4, "crops": 0.4, **dict.fromkeys(variants(8), 0.4), **levels}
    values = {name: [_values(level)] for name, level in scores.items()}
    before = Probe(dict.fromkeys(KINDS, 5.0), 0.14, 0.2)
    after = Probe(dict(zip(KINDS, (4.0, 4.2, 4.3, 4.5), strict=True)), 0.6, 0.7)
    return Measured(values, before, [after], 0.1, dict.fromkeys(COLLECTIONS, (20, 9)))


def _verdicts(found):
    report = Report(paper=25, slug="revela", title="t")
    claims.add(report, found, RevelaSettings.quick())
    return report, {claim.statement: claim.verdict for claim in report.claims}


def test_all_claims_hold_where_the_figures_say_so():
    report, verdicts = _verdicts(_measured())
    assert len(verdicts) == 12
    assert set(verdicts.values()) == {"holds"}
    assert len(report.figures) == 1
    assert len(report.tables) == 3


@pytest.mark.parametrize(
    ("levels", "part"),
    [
        ({"start": 0.38}, "without any pair"),
        ({"crops": 0.9}, "contrastive cropping"),
        ({"batch 16": 0.3}, "Larger batches"),
        ({"no value norm": 0.5}, "norm of the values"),
        ({"frozen model": 0.5}, "Training the language model"),
        ({"dual loss": 0.5}, "pass B alone"),
    ],
)
def test_each_claim_fails_where_its_own_figure_does(levels, part, monkeypatch):
    monkeypatch.setattr(claims, "_draw", lambda *_: None)
    _, verdicts = _verdicts(_measured(**levels))
    failed = [statement for statement, verdict in verdicts.items() if verdict == "fails"]
    assert failed
    assert all(part in statement for statement in failed)


def test_windows_and_crops_are_reached_by_their_numbers():
    texts = [chr(97 + i) * 40 for i in range(12)]
    windows = Windows(texts, _Letters(), width=7, steps=20, seed=1)
    third = list(islice(windows.starting_at(0), 3))[2]["input_ids"]
    assert third.shape == (8, 7)
    assert torch.equal(third, next(windows.starting_at(2))["input_ids"])
    crops = Crops(texts, _Letters(), size=5, longest=20, seed=1)
    batch = next(crops.starting_at(4))
    assert batch == list(islice(crops.starting_at(0), 5))[4]
    for query, passage in zip(batch["queries"], batch["passages"], strict=True):
        assert query[0] == passage[0]
        assert 12 <= len(query) <= 20


def test_modules_that_are_searched_are_not_learned_from(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "_terms", lambda _: corpus.Asked({}, {}, {}))  # all of WordNet takes seconds
    settings = RevelaSettings.quick().model_copy(update={"modules": 30, "queries": 10, "terms": 20})
    texts = corpus.make(settings, Context(folder=tmp_path, cache=tmp_path, quick=True))
    assert texts.seen
    assert not set(texts.seen) & set(texts.unseen)
    for one in texts.collections.values():
        assert set(one.queries) == set(one.judgements)
        assert all(document in one.documents for grades in one.judgements.values() for document in grades)


def test_a_probe_sees_whether_weights_are_on_neighbours():
    documents = [["aa", "ab"], ["ba", "bb"]]

    class Model:
        def weights(self, _):
            return torch.tensor([[0, 0.7, 0.2, 0.1], [0.9, 0, 0.1, 0], [0, 0.5, 0, 0.5], [0, 0, 1, 0]])

        def record(self, _):
            return None, torch.tensor(3.0)

        def help(self, _, __, weights):
            return (weights - self.weights(None)).abs().sum()

        def prediction_loss(self, states, _, *, helped_only):
            assert helped_only
            return states

    found = probe(Model(), [{"texts": ["aa", "ab", "ba", "bb"]}], documents, 0)
    assert found.neighbour == pytest.approx((0.7 + 0.9 + 0.5 + 1) / 4)
    assert found.largest == pytest.approx((0.7 + 0.9 + 0.5 + 1) / 4)
    assert found.losses["learned"] == 0
    assert found.losses["none"] == 3
    assert found.losses["uniform"] > 0
