"""Utterances that name no emotion, and situations that are held out with their words."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from rich.console import Console

from seme.experiment import Context, find_experiment
from seme.report import Report

settings_of = find_experiment("emotion").settings
corpus = pytest.importorskip("seme.experiments.emotion.corpus")
situations = pytest.importorskip("seme.experiments.emotion.situations")

_NAMES = re.compile(
    r"\b(ang(er|ry)|disgust\w*|afraid|fear\w*|happ(y|ily|iness)|sad\w*|surpris\w*|neutral|furious|scared|joy\w*|glad)\b"
)


@pytest.fixture
def told(tmp_path):
    def build(**changes):
        report = Report(paper=41, slug="emotion", title="t")
        context = Context(tmp_path, tmp_path, console=Console(quiet=True))
        return corpus.build(settings_of(**changes), context, report)

    return build


def test_no_situation_names_an_emotion_and_none_is_told_twice():
    every = [one for of in situations.SITUATIONS.values() for one in of]
    assert [one for one in every if _NAMES.search(one)] == []
    assert len(set(every)) == len(every) == 7 * 30
    assert not any(_NAMES.search(frame) for frame in situations.FRAMES)


def test_situations_are_held_out_and_emotions_balanced(told):
    made = told(forms=3, situations=20)
    assert len(made.texts) == 7 * 20 * 3
    assert len(set(made.texts)) == len(made.texts)
    assert not set(made.situations[made.train]) & set(made.situations[made.test])
    assert set(Counter(made.labels[made.test].tolist()).values()) == {6 * 3}
    assert sorted([*made.train, *made.test]) == list(range(len(made.texts)))
    assert len(made.of_form(made.test, 1)) == 7 * 6


def test_more_forms_follow_after_the_first_and_leave_them_as_they_are(told):
    few, more = told(forms=1, situations=12), told(forms=3, situations=12)
    assert more.texts[: len(few.texts)] == few.texts
    assert sorted(more.of_form(more.test, 1)) == sorted(few.test)


def test_frames_are_the_same_for_every_emotion(told):
    made = told(forms=2, situations=10)
    frames = {
        label: Counter(
            made.texts[number].lower().replace(text, "")
            for number in np.flatnonzero(made.labels == label)
            for text in [situations.SITUATIONS[corpus.EMOTIONS[label]][made.situations[number] % 100].lower()]
        )
        for label in range(7)
    }
    assert all(one == frames[0] for one in frames.values())
