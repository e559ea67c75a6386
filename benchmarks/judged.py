"""`python -m benchmarks.judged`: which configuration of search is best on the judged queries of the catalogue.

The configuration is chosen by cross-validation: each fold of queries is scored by the configuration that was best on
the others, so that the figure of the choice is of queries that had no say in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from seme.papers.catalogue import catalogue_number, catalogue_papers
from seme.papers.indexing import embedded_text, indexed_text, open_encoder
from seme.retrieval import BM25Index, DenseIndex
from seme.retrieval.evaluation import ndcg, per_query, reciprocal_rank_at
from seme.retrieval.feedback import PLACES, RM3, Rocchio, interpolated_feedback
from seme.retrieval.pipelines import Dense, Lexical, RankFusion, Step
from seme.retrieval.significance import paired_randomisation
from seme.settings import Settings

_QUERIES = Path(__file__).parent.parent / "tests" / "papers" / "judged_queries.jsonl"
_RESULTS = Path(__file__).parent / "results" / "judged.md"
_FOLDS = 10
_CURRENT = "words 0.4, then feedback of 1 to meaning"
"""What the service does (`Settings.lexical_weight`, `feedback_hits`)."""


def main() -> None:
    """Measure every configuration, choose, and write the table."""
    asked = [json.loads(line) for line in _QUERIES.read_text(encoding="utf-8").splitlines()]
    judgements = {one["query"]: one["relevant"] for one in asked}
    values = {name: _values(step, judgements) for name, step in configurations().items()}
    scores = np.array([[values[name]["nDCG@10"][query] for query in judgements] for name in values])
    honest, votes = cross_validated(scores, folds=_FOLDS)
    lines = _lines(values, list(judgements), honest, votes)
    _RESULTS.write_text("\n".join([*lines, ""]))


def configurations() -> dict[str, Step]:
    """Return what is compared, by name."""
    papers = {str(catalogue_number(paper.id)): paper for paper in catalogue_papers()}
    encoder = open_encoder(Settings(threads=1))
    texts = {number: indexed_text(paper) for number, paper in papers.items()}
    bm25, vectors = BM25Index(), DenseIndex(encoder.dim, encoder=encoder.name)
    bm25.add(list(texts), list(texts.values()))
    vectors.add(list(papers), encoder.encode([embedded_text(paper) for paper in papers.values()]))
    words, meaning = Lexical(bm25), Dense(vectors, encoder.encode)
    found: dict[str, Step] = {"words": words, "meaning": meaning, "reciprocal ranks": RankFusion([words, meaning])}
    found |= {f"words {w:.1f}": w * words + (1 - w) * meaning for w in np.arange(1, 10) / 10}
    for k in (1, 3, 5):
        moved = meaning >> Rocchio(meaning, k=k, alpha=0.8, beta=0.2) >> meaning
        found |= {f"words {w:.1f}, feedback of {k} to meaning": w * words + (1 - w) * moved for w in (0.3, 0.5)}
        first = (0.4 * words + 0.6 * meaning) >> Rocchio(meaning, k=k, alpha=0.8, beta=0.2)
        found[f"words 0.4, then feedback of {k} to meaning"] = first >> (0.4 * words + 0.6 * meaning)
    found["words 0.4 after RM3"] = 0.4 * (words >> RM3(texts, k=3, original=0.8) >> words) + 0.6 * meaning
    for place in PLACES:
        feedback = Rocchio(meaning, k=3, alpha=0.8, beta=0.2)
        found[f"interpolated {place}, feedback of 3"] = interpolated_feedback(
            words, meaning, feedback, where=place, alpha=0.4
        )
    return found


def cross_validated(scores: np.ndarray, *, folds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each query's score by what was best on the other folds, (queries,), and how many folds chose each.

    Parameters
    ----------
    scores
        (configurations, queries).
    folds
        Query i is in fold i mod `folds`.
    """
    fold = np.arange(scores.shape[1]) % folds
    chosen = np.array([scores[:, fold != one].mean(axis=1).argmax() for one in range(folds)])
    return scores[chosen[fold], np.arange(scores.shape[1])], np.bincount(chosen, minlength=len(scores))


def _values(step: Step, judgements: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    hits = step.search(list(judgements), 10)
    run = {
        query: dict(zip(one.ids, one.scores.tolist(), strict=True)) for query, one in zip(judgements, hits, strict=True)
    }
    measures = {"nDCG@10": ndcg(10), "MRR@10": reciprocal_rank_at(10)}
    return {name: per_query(judgements, run, measure) for name, measure in measures.items()}


def _lines(
    values: Mapping[str, Mapping[str, Mapping[str, float]]], queries: list[str], honest: np.ndarray, votes: np.ndarray
) -> list[str]:
    table = Table("configuration", "nDCG@10", "MRR@10", "p against now", "folds", title="Judged queries")
    lines = [
        "# Which search is best on the judged queries",
        "",
        f"Made by `python -m benchmarks.judged`: {len(queries)} queries over the catalogue's papers.",
        f"*p*: paired randomisation of nDCG@10 against `{_CURRENT}`, which the service uses.",
        f"*Folds*: how many of {_FOLDS} folds chose it.",
        "",
        "| configuration | nDCG@10 | MRR@10 | p | folds |",
        "|---|---:|---:|---:|---:|",
    ]
    order = sorted(values, key=lambda name: -float(np.mean(list(values[name]["nDCG@10"].values()))))
    places = {name: row for row, name in enumerate(values)}
    for name in order:
        quality, rank = (float(np.mean(list(one.values()))) for one in values[name].values())
        p = paired_randomisation(values[name]["nDCG@10"], values[_CURRENT]["nDCG@10"]).p
        row = (name, f"{quality:.4f}", f"{rank:.4f}", f"{p:.3f}", str(votes[places[name]]))
        table.add_row(*row)
        lines.append(f"| {' | '.join(row)} |")
    said = f"Chosen by cross-validation: nDCG@10 {honest.mean():.4f} on queries that had no say in the choice."
    Console().print(table, said)
    return [*lines, "", said]


if __name__ == "__main__":
    main()
