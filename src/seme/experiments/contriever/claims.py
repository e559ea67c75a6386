"""What the paper says, beside what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seme.experiments.contriever import crossing, drawing
from seme.experiments.contriever.judging import MEASURES, Values, chance, mean
from seme.experiments.contriever.measuring import (
    BM25,
    CONTINUED,
    GLOVE,
    ICT,
    IN_BATCH,
    MAIN,
    MINED,
    MLM,
    NONE,
    PLAIN,
    SCRATCH,
    SHORT,
    TINY,
    TUNED,
    UNTRAINED,
    Found,
)
from seme.report import Claim, Report
from seme.retrieval.significance import holm, paired_randomisation

if TYPE_CHECKING:
    from seme.experiments.contriever.material import Material
    from seme.experiments.p23_contriever import ContrieverSettings

_RECALL, _NDCG = MEASURES
_LEAST = 1e-9
_TOLERANCE = 0.02
"""Difference of Recall@100 below which two systems count as alike."""


def add(report: Report, found: Found, material: Material, settings: ContrieverSettings) -> None:
    """Add claims, tables, the figure and notes."""
    _add_baselines(report, found, settings)
    _add_lexical(report, found, material, settings)
    _add_views(report, found)
    _add_negatives(report, found, settings)
    _add_tuning(report, found, settings)
    _add_scripts(report, found, material)
    _add_tables(report, found)
    drawing.add(report, found, material)
    _add_notes(report, settings)


def over_seeds(runs: list[Values], measure: str, collection: str | None = None) -> float:
    """Return the mean over seeds, of one collection or of all."""
    return float(np.mean([mean(one, measure, collection) for one in runs]))


def per_query(runs: list[Values], measure: str, collection: str) -> dict[str, float]:
    """Return the mean over seeds of each query."""
    return {
        one: float(np.mean([run[collection][measure][one] for run in runs])) for one in runs[0][collection][measure]
    }


def _add_baselines(report: Report, found: Found, settings: ContrieverSettings) -> None:
    main = found.systems[MAIN]
    for rival in (UNTRAINED, MLM, GLOVE):
        for measure in MEASURES:
            wins = [
                over_seeds(main, measure, one) > over_seeds(found.systems[rival], measure, one)
                for one in settings.collections
            ]
            report.claim(
                Claim.at_least(
                    f"Trained on crops it finds more than {rival} on every collection ({measure}, share of them)",
                    measured=float(np.mean(wins)),
                    floor=1.0,
                    paper_value="better than REALM, SimCSE and ICT on BEIR",
                    note=f"Means of all: {over_seeds(main, measure):.3f} against "
                    f"{over_seeds(found.systems[rival], measure):.3f}.",
                )
            )


def _add_lexical(report: Report, found: Found, material: Material, settings: ContrieverSettings) -> None:
    """Count wins over BM25 in both measures, and show losses as they are."""
    random = chance(material)
    for system in (MAIN, IN_BATCH, TUNED, CONTINUED):
        if system not in found.systems:
            report.claim(
                Claim.not_tested(
                    "An encoder that is continued on crops beats BM25 on most collections",
                    "No step of it was asked for.",
                )
            )
            continue
        rows, tests = [], []
        for one in settings.collections:
            for measure in MEASURES:
                runs = found.systems[system]
                tests.append(
                    paired_randomisation(per_query(found.systems[BM25], measure, one), per_query(runs, measure, one))
                )
                mine, words = over_seeds(runs, measure, one), over_seeds(found.systems[BM25], measure, one)
                floor = random[one] if measure == _RECALL else None
                rows.append([one, measure, mine, words, _result(mine, words, floor), floor])
        corrected = holm([one.p for one in tests])
        report.table(
            f"{system} against BM25",
            ["collection", "measure", system, BM25, "result", "random ranking", "p (randomisation, Holm)"],
            [[*row, p] for row, p in zip(rows, corrected, strict=True)],
        )
        for measure in MEASURES:
            wins = sum(row[1] == measure and row[4] == "win" for row in rows)
            report.claim(
                Claim.at_least(
                    f"It beats BM25 on half of the collections at least ({system}; {measure}, share of wins)",
                    measured=wins / len(settings.collections),
                    floor=0.5,
                    paper_value="11 of 15 without labels (Recall@100)"
                    if measure == _RECALL
                    else "average 37.7 without labels, 46.6 fine-tuned (nDCG@10)",
                    note=f"{wins} of {len(settings.collections)}.",
                )
            )


def _result(mine: float, words: float, random: float | None) -> str:
    """Return who wins; where a random ranking finds more than either, nobody does.

    A ranking of BM25 ends with the documents that share a word with the query; a random one has a hundred.
    """
    if random is not None and mine <= random:
        return "below a random ranking"
    return "win" if mine > words else "loss" if mine < words else "tie"


def _difference(report: Report, found: Found, statement: str, better: str, worse: str, paper: str) -> None:
    pairs = list(zip(found.systems[better], found.systems[worse], strict=True))
    gains = [mean(one, _RECALL) - mean(other, _RECALL) for one, other in pairs]
    collections = list(found.systems[better][0])
    sides = [
        {
            f"{one} {query}": value
            for one in collections
            for query, value in per_query(found.systems[name], _RECALL, one).items()
        }
        for name in (worse, better)
    ]
    test = paired_randomisation(*sides)
    ndcg = over_seeds(found.systems[better], _NDCG) - over_seeds(found.systems[worse], _NDCG)
    report.claim(
        Claim.at_least(
            statement,
            measured=float(np.mean(gains)),
            floor=0.0,
            spread=(min(gains), max(gains)),
            paper_value=paper,
            note=f"p = {test.p:.3g} (randomisation over {test.queries} queries, mean of the seeds); nDCG@10 "
            f"differs by {ndcg:+.3f}.",
        )
    )


def _add_views(report: Report, found: Found) -> None:
    _difference(
        report,
        found,
        "Crops are better views than the inverse cloze task (Recall@100, difference)",
        MAIN,
        ICT,
        "cropping is best in the ablation",
    )
    _difference(
        report,
        found,
        "Deleting words is no worse than no augmentation (Recall@100, difference)",
        MAIN,
        NONE,
        "deletion with 0.1 is in the published model",
    )


def _add_negatives(report: Report, found: Found, settings: ContrieverSettings) -> None:
    gap = abs(over_seeds(found.systems[TINY], _RECALL) - over_seeds(found.systems[IN_BATCH], _RECALL))
    runs = [
        mean(a, _RECALL) - mean(b, _RECALL) for a, b in zip(found.systems[TINY], found.systems[IN_BATCH], strict=True)
    ]
    report.claim(
        Claim.at_most(
            "With as many negatives, momentum contrast and in-batch contrast are alike (Recall@100, distance)",
            measured=gap,
            ceiling=_TOLERANCE,
            paper_value="similar at equal numbers",
            note=f"A queue of {settings.batch} keys, and {settings.batch - 1} others of the batch. By seed, momentum "
            f"less in-batch: {', '.join(f'{one:+.3f}' for one in runs)}.",
        )
    )
    _difference(
        report,
        found,
        f"More negatives help: a queue of {settings.queue} is no worse than one of "
        f"{settings.short} (Recall@100, difference)",
        MAIN,
        SHORT,
        "grows with the queue",
    )


def _add_tuning(report: Report, found: Found, settings: ContrieverSettings) -> None:
    labelled = settings.labelled * len(settings.collections)
    for measure in MEASURES:
        report.claim(
            Claim.ordered(
                f"Fine-tuning needs both: no labels < labels alone < crops and then labels ({measure})",
                {name: over_seeds(found.systems[name], measure) for name in (MAIN, SCRATCH, TUNED)},
                paper_value="few-shot BEIR; average nDCG@10 37.7 -> 46.6 with MS MARCO",
                note=f"Up to {labelled} training queries, {settings.tuned} steps; with negatives that the first round "
                f"mined: {over_seeds(found.systems[MINED], measure):.3f}.",
            )
        )


def _add_scripts(report: Report, found: Found, material: Material) -> None:
    random = crossing.chance(material)
    means = {name: float(np.mean([one[name] for one in found.crossed])) for name in found.crossed[0]}
    for kind in (crossing.WITHOUT, crossing.WITH):
        values = [one[f"trained, {kind}"] for one in found.crossed]
        report.claim(
            Claim.ratio_at_least(
                f"Trained on texts of two scripts, it finds across them ({kind}; Recall@10 over a random ranking)",
                measured=means[f"trained, {kind}"],
                baseline=random,
                factor=2.0,
                spread=(min(values) / random, max(values) / random),
                paper_value="English documents from Arabic queries",
                note=f"Without training {means[f'untrained, {kind}']:.3f}, BM25 {means[f'BM25, {kind}']:.3f}.",
            )
        )
    report.claim(
        Claim.at_most(
            "Where no word is shared BM25 finds nothing (Recall@10)",
            measured=means[f"BM25, {crossing.WITHOUT}"],
            ceiling=0.001,
        )
    )
    kinds = (crossing.WITHOUT, crossing.WITH, crossing.SAME)
    report.table(
        "Recall@10 of documents in the first script, mean of the collections and seeds",
        ["system", *kinds],
        [["random ranking", *[random] * len(kinds)]]
        + [[name, *(means[f"{name}, {kind}"] for kind in kinds)] for name in ("BM25", "untrained", "trained")],
    )


def _add_tables(report: Report, found: Found) -> None:
    rows = []
    for name, runs in found.systems.items():
        figures = {measure: over_seeds(runs, measure) for measure in MEASURES}
        spread = [
            float(np.std([mean(one, measure) for one in runs])) if len(runs) > 1 else None for measure in MEASURES
        ]
        rows.append([name, len(runs), *figures.values(), *spread])
        if name in (BM25, GLOVE, UNTRAINED, MLM, ICT, IN_BATCH, SCRATCH, PLAIN):
            report.baseline(name, figures)
    report.table(
        "All systems, mean of the collections and seeds",
        ["system", "seeds", *MEASURES, *(f"sd of {measure}" for measure in MEASURES)],
        rows,
    )
    for measure in MEASURES:
        report.table(
            f"{measure} by collection",
            ["system", *found.systems[MAIN][0]],
            [[name, *(over_seeds(runs, measure, one) for one in runs[0])] for name, runs in found.systems.items()],
        )


def _add_notes(report: Report, settings: ContrieverSettings) -> None:
    report.note(
        f"Wikipedia, CCNet and BEIR are stood in for by {len(settings.collections)} collections of at most "
        f"{settings.documents} documents (more where more are right), whose documents, unlabelled, are the training "
        "corpus as well; the paper's unlabelled corpus is not the one that is searched. Test judgements are read for "
        "judging alone. Documents are short: a text that is shorter than a chunk is a chunk, none runs into the next."
    )
    report.note(
        f"The student is a BERT of {settings.layers} blocks and width {settings.width} with a random start (the paper: "
        f"12 and 768, pretrained) and those of {settings.encoder}'s word pieces that the documents have; "
        f"{settings.steps} steps of {settings.batch} pairs of chunks of {settings.chunk} tokens (the paper: 500,000 "
        f"steps of 2,048 and 256 tokens), momentum {settings.momentum} (0.9995), queue {settings.queue} (131,072). So "
        "short a training tells what helps at its start, not where it ends."
    )
    report.note(
        "Learning rate, momentum and queue, as they come by default, were chosen among a few by Recall@100 on "
        "wordnet-examples, of whose test queries these figures are too: they favour the students a little there."
    )
    report.note(
        "The queue begins with keys of texts, where the paper's begins with random ones: in short runs those made the "
        "student put all texts in one place, below the untrained one."
        if settings.filled
        else "The queue begins with random keys, as the paper's."
    )
    report.note(
        f"{CONTINUED}: {settings.continued} steps with a queue of {settings.short}, the last block alone trained. "
        "MiniLM has learned from labelled pairs: its wins over BM25 are not wins without labels. A BM25 ranking may "
        "hold fewer than 100 documents, a dense one never does; the random ranking says what that is worth."
    )
    report.note(
        "The second script is an invertible substitution of letters in all words but names and identifiers, each "
        "document being there in one script only; its word pieces have ids of their own. No real language is tested."
    )
