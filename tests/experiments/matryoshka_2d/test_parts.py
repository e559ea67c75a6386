"""Parts of the experiment of paper 29 against SciPy and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scipy.stats import spearmanr

from seme.assets.wordnet import Synset
from seme.experiment import Context
from seme.experiments.matryoshka_2d import texts
from seme.experiments.matryoshka_2d.judging import Judge
from seme.experiments.matryoshka_2d.reading import correlations
from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings


def _context(folder: Path) -> Context:
    return Context(folder=folder, cache=folder)


def test_correlations_are_scipy_s_and_samples_repeat_pairs():
    rng = np.random.default_rng(0)
    scores, likeness = rng.normal(size=(2, 3, 40)), rng.integers(0, 9, size=40) / 8.0
    expected = [[spearmanr(one, likeness).statistic for one in row] for row in scores]
    assert np.allclose(correlations(scores, likeness), expected)
    sampled = correlations(scores, likeness, np.stack([np.ones(40), np.arange(40.0)]))
    assert sampled.shape == (2, 2, 3)
    assert np.allclose(sampled[0], expected)


def test_weights_count_ranks_as_often_as_they_say():
    rng = np.random.default_rng(1)
    scores, likeness = rng.permutation(12.0 * np.arange(12)), rng.permutation(12) / 12.0
    counts = rng.integers(0, 4, size=12)
    ranks = [np.repeat(np.argsort(np.argsort(one)), counts) for one in (scores, likeness)]
    found = correlations(scores, likeness, counts[None].astype(float))
    assert found[0] == pytest.approx(np.corrcoef(*ranks)[0, 1])


def test_an_interval_tells_a_planted_lead_from_none(tmp_path):
    rng = np.random.default_rng(0)
    likeness = rng.random(300)
    noise = rng.normal(size=(3, 2, 4, 300))
    scores = {name: likeness + scale * noise for name, scale in (("plain", 1.0), ("2dmse", 0.3), ("last", 1.0))}
    judge = Judge(scores, likeness, _context(tmp_path))
    seeds, interval = judge.gaps("2dmse", "last", judge.shallow)
    assert seeds.shape == (3,)
    assert seeds.min() > 0.2
    assert "from +0." in interval
    none, _ = judge.gaps("last", "plain", (-1, 0))
    assert np.allclose(none, 0)


def _tree() -> dict[str, Synset]:
    """Return a ternary tree of nouns, six deep; the names of a synset's children are its own and a digit."""
    names = [""]
    for name in names:
        if len(name) < 5:
            names.extend(name + digit for digit in "012")
    ids = set(names)
    return {
        f"noun{name}": Synset(
            f"noun{name}",
            "noun.Tops",
            (f"word{name}",),
            f'what is called {name}; "it is {name}"',
            (f"noun{name[:-1]}",) if name else (),
            tuple(f"noun{name}{digit}" for digit in "012" if name + digit in ids),
        )
        for name in names
    }


def test_held_definitions_are_in_one_part_alone(tmp_path, monkeypatch):
    known = _tree()
    monkeypatch.setattr(texts, "synsets", lambda *_: iter(known.values()))
    found = texts.make(Matryoshka2dSettings(pairs=40, validation=20), _context(tmp_path))
    test, validation = ({*one.first, *one.second} for one in (found.test, found.validation))
    trained = {text for pair in found.hypernyms for text in pair}
    assert not test & validation
    assert not (test | validation) & trained
    assert not any(first.partition(": ")[2] in test | validation for first, _ in found.examples)
    assert len(found.examples) == len(known) - len(test | validation)
    assert found.hypernyms
    assert len(found.test.first) == len(found.test.likeness) == 40
    assert len(found.validation.second) == 20
    for one, other, likeness in zip(found.test.first, found.test.second, found.test.likeness, strict=True):
        first, second = (f"noun{text.removeprefix('what is called').strip()}" for text in (one, other))
        shared = next(size for size in range(len(first), 0, -1) if second.startswith(first[:size]))
        assert likeness == pytest.approx(2 * (shared - 3) / (len(first) + len(second) - 6))  # the root's name has 4
