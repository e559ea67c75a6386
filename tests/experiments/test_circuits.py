"""What the experiment of paper 05 makes itself: a language whose answers follow from its sentences, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from seme.errors import InputError
from seme.experiment import find_experiment, run_experiment


def test_sentences_say_one_of_two_names_again_and_questions_ask_for_the_later_one():
    pytest.importorskip("torch")
    from seme.experiments.circuits.language import Sentences, sentences

    pairs = sentences(50, np.random.default_rng(0))
    rows = zip(pairs.positive.tolist(), pairs.negative.tolist(), pairs.answers, pairs.distractors, strict=True)
    for positive, negative, (right,), (wrong,) in rows:
        names = [token for token in positive[:-1] if 1 <= token <= 32]
        assert sorted(names) == sorted([right, wrong])
        assert positive[-1] == wrong
        assert positive[:-1] == negative[:-1]
        assert negative[-1] not in names
        assert 1 <= negative[-1] <= 32
    batch = next(Sentences(0).starting_at(3))
    for ids, label in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True):
        names = [token for token in ids[:-1] if 1 <= token <= 32]
        assert label == (names[1] if ids[-1] == 49 else next(name for name in names if name != ids[-1]))
    assert (batch["input_ids"][:64, -1] == 49).all()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"tasks": ("sorting",)}, "--tasks has 'sorting'"),
        ({"prompts": 5, "training": 11}, "--training is 11"),
        ({"prompts": 5, "patched": 6}, "--patched is 6"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given, named, tmp_path):
    experiment = find_experiment("circuits")
    if experiment.missing:
        pytest.skip(f"circuits needs {', '.join(experiment.missing)}: make methods")
    with pytest.raises(InputError, match=named):
        run_experiment(experiment, experiment.settings(**given), home=tmp_path, device="cpu", folder=tmp_path / "run")
