"""What every dictionary owes: scikit-learn's rules, files that give the same, and errors that help."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone

from seme.errors import CorruptionError, InputError
from seme.interp.activations import as_store
from seme.interp.dictionaries import (
    TSAE,
    BatchTopK,
    Gated,
    JumpReLU,
    KMeansDictionary,
    Matryoshka,
    NeuronBasis,
    NMFDictionary,
    PCADictionary,
    RandomDictionary,
    ReLU,
    SparseAutoencoder,
    TopK,
    evaluate,
    load_dictionary,
    planted_truth,
    train_together,
)
from seme.training import Budget

TRAINED = [
    TSAE(64, l0=4, learning_rate=5e-3),
    TSAE(64, l0=4, learning_rate=5e-3, shared_threshold=True),
    JumpReLU(64, sparsity=0.01, learning_rate=5e-3),
    TopK(64, k=4, learning_rate=5e-3),
    BatchTopK(64, k=4, learning_rate=5e-3),
    ReLU(64, sparsity=0.1, learning_rate=5e-3),
    Gated(64, sparsity=0.1, learning_rate=5e-3),
    Matryoshka(64, k=4, learning_rate=5e-3),
]
BASELINES = [
    PCADictionary(),
    PCADictionary(8, k=3),
    KMeansDictionary(64),
    NMFDictionary(16, max_iter=5),
    RandomDictionary(64, k=4),
    NeuronBasis(),
    NeuronBasis(k=5),
]
for dictionary in TRAINED:
    dictionary.set_params(batch_size=128, steps=60, device="cpu", revive_every=20)


@pytest.fixture(scope="module")
def planted():
    return planted_truth(n=3000, atoms=64, width=24, active=4, seed=0)


@pytest.fixture(scope="module")
def rows(planted):
    return planted.rows * 7 + 3  # far from the origin, and not of unit scale


def named(dictionaries):
    return pytest.mark.parametrize("dictionary", dictionaries, ids=lambda found: type(found).__name__)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@named(TRAINED + BASELINES)
def test_codes_decode_to_what_is_scored_and_files_give_the_same_bits(dictionary, rows, tmp_path):
    store = as_store(rows, site="resid.3", model_name="a model")
    fitted = clone(dictionary).fit(store)
    codes = fitted.encode(rows[:500])
    assert codes.indices.dtype == np.int32
    assert codes.values.dtype == np.float32
    decoded = fitted.decode(codes)
    np.testing.assert_allclose(decoded, codes.dense() @ fitted.atoms_ + fitted.bias_, rtol=1e-3, atol=1e-3)
    assert np.array_equal(fitted.transform(rows[:500]), codes.dense())
    for row in codes.indices[:20] * (codes.values[:20] != 0) - (codes.values[:20] == 0):
        assert len(set(row[row >= 0])) == np.count_nonzero(row >= 0)
    loaded = load_dictionary(fitted.save(tmp_path / "saved"))
    again = loaded.encode(rows[:500])
    assert np.array_equal(again.indices, codes.indices)
    assert np.array_equal(again.values, codes.values)
    assert np.array_equal(loaded.decode(again), decoded)
    assert (loaded.site_, loaded.model_name_, loaded.get_params()) == ("resid.3", "a model", fitted.get_params())
    np.testing.assert_allclose(np.linalg.norm(fitted.atoms_, axis=1), 1, rtol=1e-4)


@named(TRAINED)
def test_training_explains_more_than_chance_and_is_the_same_twice(dictionary, rows):
    first, second = clone(dictionary).fit(rows), clone(dictionary).fit(rows)
    assert np.array_equal(first.atoms_, second.atoms_)
    figures = first.score(rows)
    assert figures["r2"] > 0.3
    assert figures["l0"] < 32
    other = clone(dictionary).set_params(seed=1).fit(rows)
    assert not np.array_equal(first.atoms_, other.atoms_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@named(TRAINED + BASELINES)
def test_an_encoding_does_not_depend_on_the_batch(dictionary, rows):
    fitted = clone(dictionary).fit(rows)
    whole, alone = fitted.transform(rows[:50]), np.concatenate([fitted.transform(row[None]) for row in rows[:50]])
    close = np.isclose(whole, alone, rtol=2e-2, atol=2e-2).mean()  # NMF iterates, and sums are taken in another order
    assert close > 0.99


@named(TRAINED)
def test_scale_is_no_matter(dictionary, rows):
    plain, large = clone(dictionary).fit(rows), clone(dictionary).fit(rows * 1024)
    figures = [plain.score(rows)["fvu"], large.score(rows * 1024)["fvu"]]
    assert figures[0] == pytest.approx(figures[1], rel=1e-3)


@pytest.mark.filterwarnings("ignore:.*worse than their mean")
@named(TRAINED)
def test_single_steps_learn_and_go_on_after_loading(dictionary, rows, tmp_path):
    stepwise = clone(dictionary)
    before = stepwise.partial_fit(rows[:256]).score(rows)["fvu"]
    for start in range(0, 2560, 256):
        stepwise.partial_fit(rows[start : start + 256])
    for start in range(0, 2560, 256):
        stepwise.partial_fit(torch.from_numpy(rows[start : start + 256]))
    middle = stepwise.score(rows)["fvu"]
    assert middle < before
    loaded = load_dictionary(stepwise.save(tmp_path / "saved"))
    assert isinstance(loaded, SparseAutoencoder)
    for start in range(0, 2560, 256):
        loaded.partial_fit(rows[start : start + 256])
    assert loaded.score(rows)["fvu"] < middle * 1.1


def test_several_are_trained_in_one_pass_as_if_each_were_alone(rows):
    alone = [clone(dictionary).fit(rows) for dictionary in TRAINED]
    together = [clone(dictionary) for dictionary in TRAINED]
    train_together(together, rows)  # in one pass
    for first, second in zip(alone, together, strict=True):
        assert np.array_equal(first.atoms_, second.atoms_), type(first).__name__
        assert np.array_equal(first.transform(rows[:100]), second.transform(rows[:100]))


def test_an_interrupted_fit_goes_on_to_the_same_bits(rows, tmp_path):
    class StopError(Exception):
        pass

    def stop(progress):
        if progress.steps == 520:
            raise StopError

    whole, stopped = (TopK(64, k=4, batch_size=64, device="cpu", revive_every=30) for _ in range(2))
    budget = Budget(steps=540)
    whole.fit(rows, budget=budget)
    with pytest.raises(StopError):
        stopped.fit(rows, budget=budget, folder=tmp_path, progress=stop)
    seen = []
    stopped.fit(rows, budget=budget, folder=tmp_path, progress=lambda progress: seen.append(progress.steps))
    assert seen[0] == 510
    assert np.array_equal(stopped.atoms_, whole.atoms_)
    with pytest.raises(InputError, match="holds a run with settings"):
        TopK(64, k=5, batch_size=64, device="cpu").fit(rows, budget=budget, folder=tmp_path)


@pytest.mark.parametrize("revive_every", [0, 20])
@named([TopK(64, k=4), TSAE(64, l0=4), Gated(64), BatchTopK(64, k=4)])
def test_dead_units_are_revived(dictionary, revive_every, rows):
    fitted = clone(dictionary).set_params(steps=20, device="cpu", revive_every=revive_every).fit(rows)
    fitted.network_.encoder_bias[:32] = -1e4
    assert not fitted.transform(rows)[:, :32].any()
    for _ in range(45):
        fitted.partial_fit(rows[:500])
    alive = fitted.transform(rows).any(axis=0)[:32].mean()
    assert alive > 0.5 if revive_every else alive == 0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@named(TRAINED + BASELINES)
def test_bad_data_is_refused(dictionary, rows):
    spoiled = rows[:200].copy()
    spoiled[3, 4] = np.nan
    for bad, message in (
        (spoiled, "NaN or infinity"),
        (rows[:0], "at least one row"),
        (rows[0], "shape"),
        (rows[:0].tolist(), "shape"),
    ):
        with pytest.raises(InputError, match=message):
            clone(dictionary).fit(bad)
    with pytest.raises(InputError, match=f"this {type(dictionary).__name__} was not fitted"):
        clone(dictionary).encode(rows)
    fitted = clone(dictionary).fit(as_store(rows, site="resid.3"))
    with pytest.raises(InputError, match=r"width 23, but .* was fitted to width 24 at resid.3"):
        fitted.encode(rows[:, 1:])
    with pytest.raises(InputError, match=r"site 'resid.4', and 'resid.3' is needed"):
        fitted.encode(as_store(rows, site="resid.4"))
    with pytest.raises(InputError, match="NaN or infinity"):
        fitted.encode(spoiled)
    with pytest.raises(InputError, match="the codes are of 3 units"):
        fitted.decode(NeuronBasis().fit(rows[:, :3]).encode(rows[:, :3]))


@pytest.mark.parametrize(
    ("dictionary", "least"),
    [(TopK(64), 2), (TSAE(), 2), (PCADictionary(8), 8), (KMeansDictionary(64), 64), (NMFDictionary(9), 9)],
)
def test_too_few_rows_are_refused(dictionary, least, rows):
    with pytest.raises(InputError, match=f"there are {least - 1} rows.*at least {least}"):
        dictionary.fit(rows[: least - 1])


@pytest.mark.parametrize(
    "dictionary",
    [
        TopK(0),
        TopK(k=0),
        TopK(batch_size=0),
        TopK(learning_rate=-1.0),
        TSAE(l0=0),
        TSAE(bandwidth=0),
        JumpReLU(sparsity=0),
        ReLU(sparsity=float("nan")),
        Gated(sparsity=-1),
        BatchTopK(k=0.5),
        Matryoshka(groups=[0.5, 0.6]),
        PCADictionary(0),
        KMeansDictionary(-1),
        RandomDictionary(k=0),
        NeuronBasis(k=0),
    ],
    ids=str,
)
def test_bad_arguments_are_refused_when_fitted(dictionary, rows):
    with pytest.raises(InputError, match=r"it may be|has to be|have to be"):
        dictionary.fit(rows)


def test_equal_rows_have_nothing_to_explain_and_zeros_nothing_to_learn():
    with pytest.raises(InputError, match="all activations are 0"):
        TopK(8, k=2).fit(np.zeros((10, 4)))
    with pytest.raises(InputError, match="no variance"):
        NeuronBasis().fit(np.ones((10, 4))).score(np.ones((10, 4)))


def test_the_figures_are_those_of_the_definition(rows):
    fitted = clone(TRAINED[3]).fit(rows)
    found = evaluate(fitted, rows)
    exact, made = rows.astype(np.float64), fitted.reconstruct(rows).astype(np.float64)
    error = ((exact - made) ** 2).sum()
    assert found.fvu == pytest.approx(error / ((exact - exact.mean(axis=0)) ** 2).sum(), rel=1e-6)
    assert found.fvu_uncentred == pytest.approx(error / (exact**2).sum(), rel=1e-6)
    assert found.r2 == 1 - found.fvu
    dense = fitted.transform(rows)
    assert found.l0 == pytest.approx(np.count_nonzero(dense, axis=1).mean())
    assert found.dead == pytest.approx(np.mean(~dense.any(axis=0)))
    with pytest.warns(UserWarning, match="worse than their mean"):
        evaluate(fitted, rows / 100 - 5)


def test_neurons_and_all_components_are_exact(rows):
    for dictionary in (NeuronBasis(), PCADictionary()):
        assert dictionary.fit(rows).score(rows)["r2"] == pytest.approx(1, abs=1e-6)
    sixteen = PCADictionary(16).fit(rows)
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
    assert sixteen.score(rows)["r2"] == pytest.approx(values[:16].sum() / values.sum(), rel=1e-4)


def test_k_means_takes_the_nearest_centre(rows):
    fitted = KMeansDictionary(30).fit(rows)
    centres = fitted.atoms_ * fitted.lengths_[:, None]
    nearest = ((rows[:200, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_allclose(fitted.reconstruct(rows[:200]), centres[nearest], rtol=1e-4, atol=1e-3)


def test_the_first_units_of_a_matryoshka_explain_more_alone(rows):
    settings = {"n_atoms": 64, "k": 4, "batch_size": 256, "steps": 250, "learning_rate": 5e-3, "device": "cpu"}
    nested, flat = Matryoshka(**settings).fit(rows), BatchTopK(**settings).fit(rows)

    def explained(dictionary):
        dense = dictionary.transform(rows)
        dense[:, 16:] = 0
        made = dense @ dictionary.atoms_ + dictionary.bias_
        return 1 - ((rows - made) ** 2).sum() / ((rows - rows.mean(axis=0)) ** 2).sum()

    assert explained(nested) > explained(flat) + 0.05


def test_gates_do_not_shrink_what_an_l1_penalty_shrinks(rows):
    settings = {"n_atoms": 64, "sparsity": 0.3, "batch_size": 256, "steps": 300, "learning_rate": 5e-3, "device": "cpu"}
    slopes = []
    for dictionary in (Gated(**settings), ReLU(**settings)):
        made = dictionary.fit(rows).reconstruct(rows) - dictionary.bias_
        slopes.append((made * (rows - dictionary.bias_)).sum() / (made**2).sum())
    assert abs(slopes[0] - 1) < abs(slopes[1] - 1)


def test_folders_that_hold_something_else_are_left_alone(rows, tmp_path):
    fitted = NeuronBasis().fit(rows)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"thesis.txt and is no dictionary's folder"):
        fitted.save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    with pytest.raises(InputError, match=r"no dictionary.json"):
        load_dictionary(tmp_path)
    place = fitted.save(tmp_path / "neurons")
    assert fitted.save(place) == place
    assert sorted(path.name for path in tmp_path.iterdir()) == ["neurons", "thesis.txt"]
    config = json.loads((place / "dictionary.json").read_text())
    for change, kind, message in (
        ({"kind": "Wizard"}, InputError, r"holds a 'Wizard'; known are .*TSAE"),
        ({"format": 99}, InputError, "format 99"),
        ({"width": 5}, CorruptionError, "width is 5"),
        ({"arguments": {"magic": 1}}, CorruptionError, "contradict"),
    ):
        (place / "dictionary.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(kind, match=message):
            load_dictionary(place)
    (place / "dictionary.json").write_text(json.dumps(config))
    (place / "dictionary.safetensors").write_bytes(b"short")
    with pytest.raises(CorruptionError, match="cannot be read"):
        load_dictionary(place)
