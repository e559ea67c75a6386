"""External uncertainty: does the volume of clarified requests say that a request is ambiguous."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seme.experiments.semantic_volume import scoring
from seme.experiments.semantic_volume.drawing import Models
from seme.experiments.semantic_volume.scoring import VOLUME, Case, Scored, claim_beyond
from seme.experiments.semantic_volume.words import Word, choose_words
from seme.interp.uncertainty import AMBIGUOUS, Drawing, Samples, auroc
from seme.report import Claim, Report

_TEMPLATES = (
    "Tell me about {word}: {gloss}",
    "Tell me about {word}, meaning {gloss}",
    "Tell me about {word}, that is, {gloss}",
    "I want to know about {word} in the sense of {gloss}",
    "What should I know about {word}, {gloss}?",
)
_SHOWN = (
    "Request: Tell me about mercury\nClarified: Tell me about mercury, the metal that is liquid\n"
    "Request: Tell me about giraffe\nClarified: Tell me about giraffe, the tall animal of Africa\n"
    "Request: Tell me about bass\nClarified: Tell me about bass, the deep voice of a singer\n"
)


@dataclass(frozen=True, slots=True)
class External:
    """Scores of requests clarified with WordNet's glosses, and of those that the model clarified."""

    oracle: Scored
    model: Scored


def add(report: Report, models: Models) -> External:
    """Clarify requests in two ways, score them, and set the claims beside what was measured."""
    settings, context = models.settings, models.context
    words = choose_words(settings.words, models.nouns)
    ambiguous = np.array([word.ambiguous for word in words])
    asked = [f"Tell me about {word.text}" for word in words]
    rng = context.rng("glosses")
    glossed = Samples.of(
        [_glossed(word, settings.samples, rng) for word in words], encode=models.encode, questions=asked
    )
    drawing = Drawing(settings.longest)
    drawn = models.draw(
        [f"{_SHOWN}Request: {one}\nClarified: {one}," for one in asked],
        settings.samples,
        drawing,
        "Clarifying requests",
    )
    continued = Samples.of(
        [[f"{one}, {text.text}" for text in row] for one, row in zip(asked, drawn, strict=True)],
        questions=asked,
        encode=models.encode,
        log_probs=[[one.log_probs for one in row] for row in drawn],
        entropies=[[one.entropies for one in row] for row in drawn],
    )
    judged = {"asked whether ambiguous": models.judge(continued, (AMBIGUOUS, " No", " Yes"), "Asking for ambiguity")}
    split = [
        Case.split(name, samples, ambiguous, settings.validation, context.rng("split words"))
        for name, samples in (("oracle", glossed), ("external", continued))
    ]
    oracle = scoring.score(split[0], settings, context, judged, tokens=False)
    model = scoring.score(split[1], settings, context, judged)
    scoring.tabulate(report, oracle, "External: ambiguous words, clarified with WordNet's glosses", 200, context)
    scoring.tabulate(report, model, "External: ambiguous words, clarified by the model", 200, context)
    _claim(report, oracle, model)
    _claim_controls(report, words, ambiguous)
    report.note(
        "Words with five noun senses or more in three fields or more, and words with one sense, paired by frequency "
        "and length, stand in for the queries of CLAMBER and AmbigQA. The model continues 'Tell me about WORD,' behind "
        f"three clarified requests. Chosen on the validation part: dims {oracle.dims} and epsilon {oracle.epsilon:g} "
        f"with glosses, dims {model.dims} and epsilon {model.epsilon:g} with the model. An earlier run had 45 words of "
        "each kind; its interval of the difference to the best baseline was from -0.22 to 0.23, and their number was "
        "raised for that."
    )
    return External(oracle, model)


def _glossed(word: Word, count: int, rng: np.random.Generator) -> list[str]:
    """Draw senses by how often they were tagged (one is added), each in a random one of the same templates."""
    weights = np.array(word.counts) + 1.0
    senses = rng.choice(len(weights), count, p=weights / weights.sum())
    forms = rng.integers(len(_TEMPLATES), size=count)
    return [
        _TEMPLATES[form].format(word=word.text, gloss=word.senses[sense].definition)
        for sense, form in zip(senses, forms, strict=True)
    ]


def _claim(report: Report, oracle: Scored, model: Scored) -> None:
    report.claim(
        Claim.at_least(
            "Semantic volume of requests clarified with WordNet's glosses flags ambiguous words (AUROC)",
            measured=oracle.areas[VOLUME],
            floor=0.9,
            spread=oracle.interval(VOLUME),
        )
    )
    report.claim(
        Claim.at_least(
            "Semantic volume of requests that the model clarified flags ambiguous words (AUROC)",
            measured=model.areas[VOLUME],
            floor=0.6,
            spread=model.interval(VOLUME),
            paper_value="best of all methods on CLAMBER and AmbigQA",
        )
    )
    low = min(model.areas, key=lambda name: model.areas[name])
    claim_beyond(
        report,
        model,
        model.best_baseline(),
        "External: semantic volume outperforms every baseline",
        paper_value="consistently outperforms existing baselines",
        note=f"The lowest is {low}, with {model.areas[low]:.3f}: it tells as much the other way round as "
        f"{1 - model.areas[low]:.3f} does.",
    )


def _claim_controls(report: Report, words: Sequence[Word], ambiguous: np.ndarray) -> None:
    surface = {
        "letters": [len(word.text) for word in words],
        "rank by frequency": [word.rank for word in words],
        "words in the gloss": [len(word.senses[0].definition.split()) for word in words],
    }
    areas = {name: auroc(values, ambiguous) for name, values in surface.items()}
    columns = ["property", "AUROC of ambiguous", "mean, ambiguous", "mean, clear"]
    report.table(
        "External: surface of the words",
        columns,
        [
            [
                name,
                areas[name],
                float(np.mean(np.array(values)[ambiguous])),
                float(np.mean(np.array(values)[~ambiguous])),
            ]
            for name, values in surface.items()
        ],
    )
    worst = max(("letters", "rank by frequency"), key=lambda name: abs(areas[name] - 0.5))
    report.claim(
        Claim.equal(
            "Control: length and frequency do not tell ambiguous words from clear ones (AUROC, the worse one)",
            measured=areas[worst],
            value=0.5,
            tolerance=0.1,
            note=f"The worse one is {worst}.",
        )
    )
