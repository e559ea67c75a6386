"""What counts as a win over BM25."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

from seme.experiments.contriever.claims import _result


@pytest.mark.parametrize(
    ("mine", "words", "random", "expected"),
    [
        (0.8, 0.6, 0.5, "win"),
        (0.6, 0.8, 0.5, "loss"),
        (0.6, 0.6, 0.5, "tie"),
        (0.6, 0.5, 0.64, "below a random ranking"),  # BM25 found fewer than a hundred documents
        (0.6, 0.5, None, "win"),
    ],
)
def test_a_win_is_over_bm25_and_over_chance(mine, words, random, expected):
    assert _result(mine, words, random) == expected
