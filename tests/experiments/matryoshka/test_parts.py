"""Parts of the experiment against closed forms and small cases."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from seme.experiments.keeping import fingerprint, kept
from seme.experiments.matryoshka.classifying import nearest
from seme.experiments.matryoshka.networks import Projection, Slimmable, descend
from seme.experiments.matryoshka.retrieving import judge, plans
from seme.experiments.matryoshka.texts import Material
from seme.retrieval.funnel import Stage


def test_the_nearest_neighbour_is_that_of_scikit_learn():
    neighbors = pytest.importorskip("sklearn.neighbors")
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(80, 5)).astype(np.float32), rng.normal(size=(30, 5)).astype(np.float32)
    labels, right = rng.integers(4, size=80), rng.integers(4, size=30)
    expected = neighbors.KNeighborsClassifier(1).fit(train, labels).score(test, right)
    assert nearest(torch.from_numpy(train), labels, torch.from_numpy(test), right) == pytest.approx(expected)


def test_a_result_is_measured_once(tmp_path):
    made = []
    for key in ("a", "a", "b"):
        found = kept(tmp_path, (key, 1), lambda key=key: made.append(key) or {"x": key})
        assert found == {"x": key}
    assert made == ["a", "b"]
    assert fingerprint(np.zeros((2, 3))) != fingerprint(np.zeros((3, 2)))


def test_the_head_begins_as_the_identity():
    x = torch.randn(4, 6)
    assert torch.equal(Projection(6)(x), x)


def test_a_slimmable_network_s_small_sizes_use_the_first_units_alone():
    torch.manual_seed(0)
    model, x = Slimmable(5, 8, (2, 4), 3), torch.randn(7, 5)
    before = model.vectors(x, 2)
    with torch.no_grad():
        model.first.weight[4:] += 1
        model.second.weight[2:] += 1
    assert torch.equal(model.vectors(x, 2), before)
    assert [one.shape for one in model(x)] == [(7, 3), (7, 3)]


def test_descent_takes_every_row_of_a_pass_once_and_ends_at_the_minimum():
    weight, seen = torch.nn.Parameter(torch.tensor(5.0)), []

    def loss(rows):
        seen.append(rows.tolist())
        return (weight - 1) ** 2

    descend([weight], loss, 6, steps=200, batch=3, rate=0.1, rng=np.random.default_rng(0))
    assert abs(weight.item() - 1) < 1e-2
    assert all(sorted(one + other) == list(range(6)) for one, other in zip(seen[::2], seen[1::2], strict=True))


def test_precision_and_rank_are_those_counted_by_hand():
    fields, rows = np.array([0, 0, 1, 1, 0]), np.array([1, 3])
    material = Material(list("abcde"), torch.zeros(5, 2), fields, torch.zeros(2, 2), rows, 2)
    found = judge([list("cab"), list("dce")], material)
    assert found["own"] == [1 / 3, 1.0]
    assert found["field"] == pytest.approx([(1 / 2 + 2 / 3) / 10, 2 / 10])


def test_plans_keep_their_lists_and_end_with_all_coordinates():
    found = plans((12, 24, 48, 96, 192, 384), shortlist=200, widest=800)
    assert found["AR, 24"] == (Stage(24, 200), Stage(384, 200))
    assert [one.dim for one in found["funnel"]] == [24, 48, 96, 192, 384]
    assert [one.keep for one in found["funnel"]] == [800, 400, 200, 100, 100]
