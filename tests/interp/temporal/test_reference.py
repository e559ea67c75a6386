"""A planted logarithmic scale is found with its reference; where there is none, nothing is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from seme.errors import InputError
from seme.interp.temporal import (
    edit_distance,
    find_reference,
    held_out,
    held_out_r2,
    layer_fits,
    linear_distance,
    log_distance,
    probe,
    reference_distance,
    signed_log,
    state_similarity,
)

YEARS = np.arange(1525, 2525, 20)
COARSE = np.arange(1530, 2501, 10)


def _noisy(distance, seed, noise=0.5):
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=distance.shape) * noise * distance.std()
    return 1 - distance + (drawn + drawn.T) / np.sqrt(2)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_reference_is_found_and_explains_most(seed):
    s = _noisy(reference_distance(YEARS, 1990), seed)
    found = find_reference(s, YEARS, candidates=np.arange(1900, 2101), draws=30, seed=seed)
    assert abs(found.year - 1990) <= 5
    assert found.low <= 1990 <= found.high
    assert found.high - found.low < 60
    assert found.interior
    held = held_out_r2(s, YEARS, candidates=COARSE[::2])
    assert held["reference"] > 0.7
    assert held["reference"] > max(held["log"], held["edit"], held["linear"]) + 0.05


@pytest.mark.parametrize(
    ("name", "distance"), [("log", log_distance), ("edit", edit_distance), ("linear", linear_distance)]
)
def test_another_scale_is_not_taken_for_a_reference(name, distance):
    held = held_out_r2(_noisy(distance(YEARS), 5, noise=0.3), YEARS, candidates=COARSE)
    # Over these years logarithms are nearly lines, so that the two may tie.
    assert held[name] >= max(held.values()) - 0.01
    assert held[name] > held["reference"] + 0.05


def test_similarities_by_chance_are_explained_by_nothing():
    scores = []
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(size=(len(YEARS), len(YEARS)))
        scores.append(held_out_r2(noise + noise.T, YEARS, candidates=COARSE[::4], seed=seed))
    for name in scores[0]:
        assert abs(np.mean([one[name] for one in scores])) < 0.04


def test_a_reference_at_the_end_is_no_reference():
    assert not find_reference(_noisy(reference_distance(YEARS, 1525), 0), YEARS, candidates=COARSE, draws=5).interior


def test_layers_that_go_from_number_to_time_are_seen_to():
    rng = np.random.default_rng(0)
    early = np.outer(np.log(YEARS), rng.normal(size=16))
    line = (signed_log(YEARS, 2025) / 8)[:, None]
    centres = np.linspace(-1, 1, 24)
    late = np.exp(-((line - centres) ** 2) / 0.3)
    # Few dimensions that are standardised make cosines level off, which looks as a reference in the middle does.
    fits = layer_fits([_bumps(np.log(YEARS)), late], YEARS, candidates=COARSE, draws=10, standardise=False)
    assert fits[0].log > fits[0].around
    assert fits[1].around > max(fits[1].log, fits[1].edit)
    assert abs(fits[1].reference - 2025) <= 20
    assert fits[1].draws["around"].shape == (10,)
    assert np.allclose(np.diag(state_similarity(early + rng.normal(size=early.shape))), 1)


def _bumps(values):
    line = (values - values.mean()) / np.ptp(values)
    return np.exp(-((line[:, None] - np.linspace(-0.5, 0.5, 24)) ** 2) / 0.1)


def test_a_probe_reads_what_is_there_and_not_what_is_not():
    rng = np.random.default_rng(0)
    years = np.arange(1525, 2525, 2)
    digits = np.array([[int(one) for one in str(year)] for year in years])
    states = np.hstack([np.eye(10)[digits[:, 3]], signed_log(years, 2000)[:, None]]) @ rng.normal(size=(11, 32))
    found = probe(states + 0.01 * rng.normal(size=states.shape), years, 2000)
    assert found.time > 0.99
    assert found.digits[3] > 0.95
    assert found.digits[2] < 0.4
    blind = probe(rng.normal(size=(len(years), 32)), years, 2000)
    assert blind.year < 0.05
    assert blind.digits[3] < 0.2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: find_reference(np.eye(3), [1, 2]), "2 distinct years"),
        (lambda: find_reference(np.eye(4), [1, 2, 3]), "similarity is of 4 years, and years has 3"),
        (lambda: find_reference(np.ones((3, 3)), [1, 2, 3]), "not defined where nothing varies"),
        (
            lambda: find_reference(np.diag(range(5)) + np.eye(5)[::-1], [1, 2, 3, 4, 9], candidates=[2, 3, 12]),
            "expected at least 3 whole years",
        ),
        (lambda: find_reference(_noisy(log_distance(YEARS), 0), YEARS, draws=0), "draws is 0"),
        (lambda: held_out_r2(_noisy(log_distance(YEARS), 0), YEARS, folds=40), "folds is 40"),
        (lambda: layer_fits([], YEARS, candidates=COARSE), "states is empty"),
        (lambda: layer_fits([np.eye(3)], YEARS, candidates=COARSE), "layer 0 has 3 states"),
        (lambda: layer_fits([np.eye(50)], YEARS, candidates=[]), "candidates has the shape"),
        (lambda: state_similarity(np.ones((4, 2))), "the same for all years"),
        (lambda: state_similarity([[np.nan], [1], [2]]), "is not finite"),
        (lambda: state_similarity(np.zeros((3, 2)), standardise=False), "state 0 is zero"),
        (lambda: probe(np.eye(3), [998, 999, 1000], 999), "different numbers of digits"),
        (lambda: probe(np.eye(4), [1, 2, 3], 2), "4 rows for 3 years"),
        (lambda: probe(np.eye(3), [1, 2, 3], 2, folds=3), "folds is 3"),
    ],
)
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()


def test_held_out_draws_hold_the_figure_and_leave_chance_without_explanation() -> None:
    years = np.arange(1600, 2400, 20)
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(len(years), len(years)))
    s = -reference_distance(years, 1990) + 0.3 * (noise + noise.T)
    found = held_out(s, years, candidates=np.arange(1900, 2101, 10), divisions=3, draws=300)
    low, high = np.nanquantile(found.draws["reference"], [0.025, 0.975])
    assert low < found.r2["reference"] < high
    assert np.nanquantile(found.draws["reference"] - found.draws["log"], 0.025) > 0
    chance = held_out(noise + noise.T, years, candidates=np.arange(1900, 2101, 10), divisions=3)
    assert all(np.nanquantile(one, 0.025) <= 0.01 for one in chance.draws.values())


def test_held_out_of_one_division_is_brute_force() -> None:
    years = np.arange(1900, 2000, 10)
    noise = np.random.default_rng(5).normal(size=(10, 10))
    s = noise + noise.T
    fold = np.random.default_rng(0).permutation(10) % 2
    wrong = total = 0.0
    for number in range(2):
        train = [(i, j) for i, j in combinations(range(10), 2) if fold[i] != number and fold[j] != number]
        test = [(i, j) for i, j in combinations(range(10), 2) if fold[i] == fold[j] == number]
        d = {pair: abs(np.log(years[pair[0]]) - np.log(years[pair[1]])) for pair in train + test}
        slope, start = np.polyfit([d[one] for one in train], [s[one] for one in train], 1)
        mean = np.mean([s[one] for one in train])
        line = (slope, start) if slope < 0 else (0.0, mean)
        wrong += sum((s[one] - line[0] * d[one] - line[1]) ** 2 for one in test)
        total += sum((s[one] - mean) ** 2 for one in test)
    assert held_out_r2(s, years, folds=2)["log"] == pytest.approx(1 - wrong / total)
