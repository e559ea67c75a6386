"""Watched decoding: the same as transformers' own while nothing alarms, another way where something does."""

import numpy as np
import pytest
import torch

from interp.steering.models import VOCABULARY, WIDTH, language_model, prompts, vision_language_model, with_images
from seme.errors import InputError
from seme.interp.steering import (
    DirectionDetector,
    Intervention,
    ObjectNames,
    TokenEntropy,
    TokenProbability,
    TruthDetector,
    decode,
    random_direction,
    read,
    shifted,
    watching,
)
from seme.interp.steering.path import Path, Step

NONE = ObjectNames({"nothing": [[37]]})
ALL = ObjectNames({str(token): [[token]] for token in range(2, 38)})


@pytest.mark.parametrize("kind", ["language", "vision-language"])
def test_greedy_decoding_is_that_of_transformers(kind):
    batch = prompts() if kind == "language" else with_images(prompts())
    model = language_model() if kind == "language" else vision_language_model()
    site = "resid.1" if kind == "language" else "model.language_model.layers.1"
    wanted = model.generate(**batch, max_new_tokens=10, do_sample=False, pad_token_id=0)[
        :, batch["input_ids"].shape[1] :
    ]
    found = decode(model, batch, NONE, longest=10, ends=[1], keep=[site])
    for row, one in zip(wanted.tolist(), found, strict=True):
        assert one.ids == (row[: row.index(1)] if 1 in row else row)
        assert one.states[site].shape == (len(one.ids), WIDTH)
    again = read(model, batch, [one.ids for one in found], keep=[site])
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(one.log_probs, other.log_probs, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(one.entropies, other.entropies, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(one.states[site], other.states[site], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("start", ["least", "earliest", "nearest"])
@pytest.mark.parametrize("spent", ["calmest", "drop"])
def test_an_intervened_batch_gives_what_each_text_gives_alone(start, spent):
    model, batch = language_model(), prompts()
    detector = DirectionDetector(random_direction(WIDTH, 3))
    free = decode(model, batch, ALL, longest=8, ends=[1], boundaries=[5, 6, 7], keep=["resid.1"])
    # Between two scores, for one that is the threshold itself would alarm or not as the last bit of a batch has it.
    scores = np.unique(np.concatenate([detector(one.states["resid.1"]) for one in free]))
    threshold = float(scores[len(scores) // 2 - 1 : len(scores) // 2 + 1].mean())
    rule = Intervention(threshold, start=start, spent=spent, budget=3)
    options = {"longest": 8, "ends": [1], "boundaries": [5, 6, 7], "site": "resid.1"}
    together = decode(model, batch, ALL, **options, detector=detector, intervention=rule, keep=["resid.1"])
    assert any(one.interventions for one in together)
    for row, one in enumerate(together):
        kept = batch["attention_mask"][row].bool()
        lone = {"input_ids": batch["input_ids"][row][kept][None]}
        alone = decode(model, lone, ALL, **options, detector=detector, intervention=rule)[0]
        assert (one.ids, one.interventions) == (alone.ids, alone.interventions)
        if one.ids:  # what the kept states say is what reading the result afresh says
            afresh = read(model, lone, [one.ids], keep=["resid.1"])[0]
            np.testing.assert_allclose(one.states["resid.1"], afresh.states["resid.1"], rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(one.log_probs, afresh.log_probs, rtol=1e-3, atol=1e-3)


def test_nothing_changes_where_nothing_alarms():
    model, batch = language_model(), prompts()
    free = decode(model, batch, ALL, longest=8, ends=[1])
    calm = decode(
        model,
        batch,
        ALL,
        longest=8,
        ends=[1],
        site="resid.1",
        detector=DirectionDetector(random_direction(WIDTH)),
        intervention=Intervention(1e9),
    )
    assert [one.ids for one in calm] == [one.ids for one in free]
    assert not any(one.interventions for one in calm)


def _walk(rule, table, *, objects=(7, 8), boundaries=(5,), longest=6):
    """Walk a path through a table: what may follow each prefix, as tokens, probabilities and a score."""
    path = Path(lambda token: token in objects, boundaries, rule)
    while len(path.tokens) < longest and not path.dropped:
        before = list(path.tokens)
        back = path.advance(Step(*table(tuple(before))))
        assert path.tokens[: len(before) - back] == before[: len(before) - back]
    return path


def test_the_way_back_leads_to_the_least_confident_token_and_bans_it_there():
    def table(prefix):
        if not prefix:
            return (2, 3), (0.9, 0.1), 0.0
        if prefix == (2,):
            return (4, 9), (0.6, 0.4), 0.0  # the least confident: 4 leads to 7, which is hallucinated
        if prefix == (2, 4):
            return (7, 9), (0.99, 0.01), 1.0
        return (5, 9), (0.9, 0.1), 0.0

    assert _walk(Intervention(0.5), table).tokens[:3] == [2, 9, 5]
    assert _walk(Intervention(0.5, start="earliest"), table).tokens[:2] == [3, 5]
    assert _walk(Intervention(0.5, start="nearest", plausible=0.001), table).tokens[:3] == [2, 4, 9]
    for kind in ("reject", "avoid"):
        assert _walk(Intervention(0.5, kind=kind), table).tokens[:3] == [2, 4, 9]


def test_rejecting_takes_the_next_token_and_avoiding_the_next_that_names_nothing():
    def table(prefix):
        return ((7, 8, 9), (0.6, 0.3, 0.1), 1.0) if not prefix else ((5, 9), (0.9, 0.1), 0.0)

    assert _walk(Intervention(0.5, kind="reject"), table).tokens[:2] == [8, 5]
    assert _walk(Intervention(0.5, kind="avoid"), table).tokens[:2] == [9, 5]
    assert _walk(None, table).tokens[:2] == [7, 5]


def test_a_spent_budget_takes_the_calmest_way_or_drops_the_sentence():
    scores = {(2,): 0.9, (3,): 0.7, (4,): 0.8}

    def table(prefix):
        sentence = prefix[prefix.index(5) + 1 :] if 5 in prefix else prefix
        if 5 not in prefix:
            return (9, 5), (0.5, 0.4), 0.0
        if not sentence:
            return (2, 3, 4), (0.5, 0.3, 0.2), 0.0
        return (7, 8), (0.6, 0.4), scores.get(sentence, 0.0)

    def start(prefix):
        return ((5, 9), (0.9, 0.1), 0.0) if not prefix else table(prefix)

    calmest = _walk(Intervention(0.5, start="earliest", budget=2), start, longest=3)
    assert calmest.tokens == [5, 3, 7]
    assert calmest.interventions == 3
    dropped = _walk(Intervention(0.5, start="earliest", budget=2, spent="drop"), start, longest=3)
    assert (dropped.tokens, dropped.dropped) == ([5], True)


def test_watching_scores_what_generate_takes_with_any_detector():
    model, batch = language_model(), prompts()
    plain = model.generate(**batch, max_new_tokens=6, min_new_tokens=6, do_sample=False, pad_token_id=0)
    for detector in (TokenProbability(), TokenEntropy(), DirectionDetector(random_direction(WIDTH))):
        with watching(model, "resid.1", detector) as watch:
            text = model.generate(**batch, max_new_tokens=6, min_new_tokens=6, do_sample=False, pad_token_id=0)
        assert torch.equal(text, plain)
        ids = text[:, batch["input_ids"].shape[1] :]
        found = read(model, batch, ids.tolist(), keep=["resid.1"])
        wanted = {
            TokenProbability: lambda one: -one.log_probs,
            TokenEntropy: lambda one: one.entropies,
            DirectionDetector: lambda one: detector(one.states["resid.1"]),  # noqa: B023
        }[type(detector)]
        free = [row for row, one in enumerate(ids.tolist()) if 1 not in one]
        assert watch.scores.shape == (3, 6)
        if not isinstance(detector, TokenProbability):  # min_new_tokens bans the end, and so may change the likeliest
            for row in free:
                np.testing.assert_allclose(watch.scores[row], wanted(found[row]), rtol=1e-3, atol=1e-3)
    assert not any(module._forward_hooks for module in model.modules())


def test_a_shift_moves_the_states_and_is_gone_afterwards():
    model, batch = language_model(), prompts()
    direction = random_direction(WIDTH, 1)
    ids = [[3, 4]] * 3
    before = read(model, batch, ids, keep=["resid.1"])
    with shifted(model, "resid.1", direction, 2.5):
        moved = read(model, batch, ids, keep=["resid.1"])
    for one, other in zip(before, moved, strict=True):
        np.testing.assert_allclose(other.states["resid.1"][0] - one.states["resid.1"][0], 2.5 * direction, atol=1e-4)
    np.testing.assert_array_equal(read(model, batch, ids)[0].log_probs, before[0].log_probs)
    with pytest.raises(InputError, match="has 3 numbers"), shifted(model, "resid.1", [1.0, 0, 0], 1.0):
        model(**batch)


def test_what_cannot_be_used_is_refused():
    model, batch = language_model(), prompts()
    fitted = TruthDetector(4, epochs=1).fit(np.eye(WIDTH), np.arange(WIDTH) % 2)
    site = {"site": "resid.1", "detector": fitted}
    for wrong, words in (
        ({"longest": 0}, "longest is 0"),
        ({"ends": []}, "ends has 0"),
        ({"site": "resid.9", "detector": fitted, "intervention": Intervention(0.5)}, "no site"),
        ({"detector": fitted}, "belong together"),
        ({**site, "intervention": Intervention(1.5)}, "threshold is 1.5"),
    ):
        with pytest.raises(InputError, match=words):
            decode(model, batch, ALL, **{"longest": 4, "ends": [1], **wrong})
    with pytest.raises(InputError, match="without tokens") as caught:
        read(model, batch, [[3], [], [4]])
    assert "Leave empty captions out" in caught.value.hint
    with pytest.raises(InputError, match="no site"), watching(model, "resid.9", TokenEntropy()):
        pass
    with pytest.raises(InputError, match="nothing was generated"), watching(model, "resid.1", TokenEntropy()) as watch:
        print(watch.scores)  # noqa: T201
    for wrong in (
        {"threshold": np.nan},
        {"budget": -1},
        {"candidates": 1},
        {"plausible": 2},
        {"kind": "x"},
        {"start": "x"},
        {"spent": "x"},
    ):
        with pytest.raises(InputError, match=next(iter(wrong))):
            Intervention(**{"threshold": 0.5, **wrong})
    assert VOCABULARY == 40
