"""A cell is measured once, and anew where anything is another."""

from __future__ import annotations

from seme.experiments.collecting import Asked, Corpus
from seme.experiments.interpolation.cell import Cell
from seme.experiments.interpolation.keeping import kept_cell
from seme.experiments.p28_interpolation import InterpolationSettings


def test_a_cell_is_kept_until_something_changes(tmp_path):
    made = []

    def make() -> Cell:
        values = {"both": {"nDCG@10": {"q": 0.1 + len(made)}}}
        made.append(Cell("c", "bm25", "minilm", values, {"both": 0.5}, {"both": {0.0: 0.1, 0.5: 0.2}}, {}))
        return made[-1]

    def ask(text: str, name: str, **given: int) -> Cell:
        corpus = Corpus("c", {"d": text}, {"test": Asked({"q": "x"}, {"q": {"d": 1}})})
        return kept_cell(corpus, ("bm25", name), InterpolationSettings(**given), tmp_path, make)

    first = ask("one", "minilm")
    assert ask("one", "minilm") == first == made[0]
    assert len(made) == 1
    ask("two", "minilm")
    ask("one", "glove-6b-50d")
    ask("one", "minilm", k=3)
    assert len(made) == 4
