"""Texts of known kinds hold what they are said to hold."""

from __future__ import annotations

import numpy as np
import pytest

from seme.experiments.attention_influence import texts


@pytest.mark.parametrize("two_steps", [False, True])
def test_what_is_looked_up_was_stated_before(two_steps):
    for seed in range(20):
        found = texts.look_up(np.random.default_rng(seed), two_steps=two_steps)
        facts = found.text.partition("\n")[0]
        assert len(found.answers) == 4
        for start, end in found.answers:
            assert start > len(facts)
            assert found.text[start:end] in facts


def test_shuffles_keep_the_parts_and_change_their_order():
    rng = np.random.default_rng(0)
    lines = "\n".join(f"line {one}" for one in range(9))
    assert sorted(texts.shuffled_lines(lines, rng).split("\n")) == lines.split("\n")
    assert texts.shuffled_lines(lines, rng) != lines
    prose = "One is here. Two is there! Is three? Four it is."
    assert sorted(texts.sentences(texts.shuffled_sentences(prose, rng))) == sorted(texts.sentences(prose))
    assert texts.noise(rng, 30) != texts.noise(rng, 30)
    assert "{" not in texts.boilerplate(rng)
