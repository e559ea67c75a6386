"""Pseudo-words stand where their words stood, and the verdicts follow from the figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.disambiguated_skipgram import claims, corpus
from seme.experiments.disambiguated_skipgram.measuring import Found, _share
from seme.experiments.p19_disambiguated_skipgram import DisambiguatedSkipgramSettings
from seme.report import Report

SMALL = DisambiguatedSkipgramSettings(pairs=1, frequent=20, rare=10, limit=4000)


def texts(_name: str, _limit: int) -> list[str]:
    rng = np.random.default_rng(0)
    frequent, rare = [f"word{a}{b}" for a in "abcdef" for b in "xy"], [f"seldom{a}{b}" for a in "abcdef" for b in "xy"]
    filling = [f"filling{a}{b}{c}" for a in "abcdefghij" for b in "abcdefghij" for c in "abcdefghij"]
    words = [one for name, n in ((frequent, 15), (rare, 7)) for one in name for _ in range(n)] + filling * 40
    return [" ".join(part) for part in np.array_split(rng.permutation(words), 3000)]


def test_labels_are_in_the_order_of_the_corpus(monkeypatch, tmp_path):
    monkeypatch.setattr(corpus, "load_texts", texts)
    hidden = corpus.make(SMALL, Context(tmp_path, tmp_path))
    before = [text.split() for text in texts("", 0)]
    assert [one.setting for one in hidden.pseudo] == list(corpus.SETTINGS)
    assert len({word for one in hidden.pseudo for word in one.name.split("/")}) == 8
    for one in hidden.pseudo:
        pair = one.name.split("/")
        pairs = zip(before, hidden.texts, strict=True)
        stood = [old for text, changed in pairs for old, new in zip(text, changed, strict=True) if new == one.name]
        assert [pair[label] for label in one.labels] == stood
        assert len(stood) == (20 if one.setting.startswith("frequent") else 10)
        assert one.share == pytest.approx(0.7 if "unbalanced" in one.setting else 0.5)
    with pytest.raises(InputError, match="no word is left that occurs"):
        corpus.make(SMALL.model_copy(update={"frequent": 2000}), Context(Path(tmp_path), tmp_path))


def test_priors_are_counted_to_the_word_that_senses_mostly_mean():
    labels, senses = np.array([0, 0, 0, 1, 1]), np.array([2, 2, 0, 1, 1])
    priors = np.array([0.2, 0.3, 0.4, 0.1], dtype=np.float32)
    assert _share(labels, senses, priors) == pytest.approx(0.6 / 0.9)


@pytest.mark.parametrize(("ours", "verdict"), [(0.5, "holds"), (0.1, "fails")])
def test_verdicts_follow_from_the_figures(ours, verdict):
    pseudo = tuple(
        corpus.PseudoWord(f"{n}/w", setting, (0,) * 7 + (1,) * 3) for n, setting in enumerate(corpus.SETTINGS * 2)
    )
    systems = {"Disambiguated Skip-gram": ours, "MSSG": 0.3, "k-means of GloVe windows": 0.2}
    off = 0.0 if verdict == "holds" else 0.3
    found = Found(
        {name: [value + 0.01 * n for n in range(8)] for name, value in systems.items()},
        [0.7 - off] * 8,
        [2 if verdict == "holds" else 5] * 8,
        [1.0],
    )
    report = Report(paper=19, slug="disambiguated-skipgram", title="t")
    claims.add(report, [found] * 3, corpus.Hidden((("a",),), pseudo), SMALL)
    assert [one.verdict for one in report.claims] == [verdict] * 4 + ["not tested"]
