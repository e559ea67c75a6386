"""All scores on one set of questions: chosen on the validation part, measured on the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.intervals import interval
from seme.interp.uncertainty import (
    EigenScore,
    LastTokenEntropy,
    LengthNormalisedEntropy,
    LexicalDissimilarity,
    MeanDistance,
    MeaningCount,
    Meanings,
    PredictiveEntropy,
    Samples,
    Score,
    SemanticEntropy,
    SemanticVolume,
    auroc,
    best_threshold,
    decision_quality,
    mixture_threshold,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p34_semantic_volume import SemanticVolumeSettings

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
VOLUME = "semantic volume"


@dataclass(frozen=True, slots=True)
class Case:
    """Samples of questions, which of those are uncertain, and which are held out (`test`)."""

    name: str
    samples: Samples
    uncertain: Mask
    test: Mask

    @classmethod
    def split(cls, name: str, samples: Samples, uncertain: Mask, share: float, rng: np.random.Generator) -> Case:
        """Take a share of either class for validation."""
        test = np.ones(len(uncertain), dtype=bool)
        for label in (False, True):
            places = rng.permutation(np.flatnonzero(uncertain == label))
            if len(places) < 2:
                raise InputError(
                    f"{len(places)} of the {len(uncertain)} questions ({name}) are {'un' * label}certain, expected "
                    "2 or more",
                    hint="Ask more questions, or of another model",
                )
            test[places[: max(1, round(share * len(places)))]] = False
        return cls(name, samples, uncertain, test)


@dataclass(frozen=True, slots=True)
class Scored:
    """What came out: scores of all questions, AUROC on the test part, and its resamples (resamples,) by score.

    `draws` are the places within the test part of each resample, the same ones for every score.
    """

    case: Case
    scores: dict[str, Floats]
    areas: dict[str, float]
    resampled: dict[str, Floats]
    draws: Sequence[Places]
    dims: int
    epsilon: float

    def interval(self, name: str, other: str | None = None) -> tuple[float, float]:
        """Return the 95 % interval of a score's AUROC, or of its difference to another's on the same resamples."""
        return interval(self.resampled[name] - (self.resampled[other] if other else 0))

    def best_baseline(self) -> str:
        """Return the baseline with the highest AUROC on the test part."""
        return max((name for name in self.areas if name != VOLUME), key=lambda name: self.areas[name])


def score(
    case: Case, settings: SemanticVolumeSettings, context: Context, judged: dict[str, Floats], *, tokens: bool = True
) -> Scored:
    """Choose dims, epsilon and the cosine of equal meaning on the validation part, and measure on the test part."""
    dims, epsilon = choose_volume(case, settings)
    meanings = max(
        (Meanings(cosine) for cosine in settings.cosines), key=lambda one: _validated(case, SemanticEntropy(one))
    )
    named: dict[str, Score] = {
        VOLUME: SemanticVolume(dims, epsilon=epsilon).fit(case.samples),
        "semantic entropy": SemanticEntropy(meanings),
        "number of meanings": MeaningCount(meanings),
        "mean cosine distance": MeanDistance(),
        "EigenScore": EigenScore(),
        "lexical dissimilarity": LexicalDissimilarity(),
        "length of the samples": mean_words,
    }
    if tokens:
        named |= {
            "predictive entropy": PredictiveEntropy(),
            "length-normalised entropy": LengthNormalisedEntropy(),
            "last-token entropy": LastTokenEntropy(),
        }
    scores = {name: one(case.samples) for name, one in named.items()} | judged
    labels = case.uncertain[case.test]
    areas = {name: auroc(values[case.test], labels) for name, values in scores.items()}
    draws = _resamples(labels, settings.resamples, context.rng("resamples", case.name))
    resampled = {name: resample(case, values, draws) for name, values in scores.items()}
    return Scored(case, scores, areas, resampled, draws, dims, epsilon)


def resample(case: Case, values: Floats, draws: Sequence[Places]) -> Floats:
    """Return the AUROC of a score on each resample (resamples,) of the test part."""
    held, labels = values[case.test], case.uncertain[case.test]
    return np.array([_area(held[one], labels[one]) for one in draws])


def choose_volume(case: Case, settings: SemanticVolumeSettings) -> tuple[int, float]:
    """Return the dims and the epsilon that separate best on the validation part."""
    grid = product(usable(case, settings.dims), settings.epsilons)
    return max(grid, key=lambda one: _validated(case, SemanticVolume(one[0], epsilon=one[1]).fit(case.samples)))


def usable(case: Case, dims: Iterable[int]) -> list[int]:
    """Return the numbers of components that the pool has."""
    shape = case.samples.needed_embeddings("SemanticVolume").shape
    return [one for one in dims if one <= min(shape[0] * shape[1], shape[2])]


def mean_words(samples: Samples, /) -> Floats:
    """Return the mean number of words of a question's samples: a control, for long texts are spread out more."""
    return np.array([np.mean([len(text.split()) for text in row]) for row in samples.texts])


def claim_beyond(
    report: Report,
    scored: Scored,
    other: str,
    statement: str,
    *,
    slack: float = 0.0,
    paper_value: str = "",
    note: str = "",
) -> None:
    """Claim that the volume's AUROC is above another score's by more than the noise of the questions."""
    spread, areas = scored.interval(VOLUME, other), scored.areas
    report.claim(
        Claim.at_least(
            f"{statement} (lower end of the 95 % interval of the difference in AUROC)",
            measured=spread[0],
            floor=-slack if slack else 0.0,
            spread=spread,
            paper_value=paper_value,
            note=f"{areas[VOLUME]:.3f} against {areas[other]:.3f} of {other}, on the same resampled "
            f"questions. {note}".strip(),
        )
    )


def tabulate(report: Report, scored: Scored, name: str, shuffles: int, context: Context) -> None:
    """Add the table of all scores, and the controls to the baselines."""
    case = scored.case
    labels = case.uncertain[case.test]
    rows = []
    for one, values in scored.scores.items():
        tuned = best_threshold(values[~case.test], case.uncertain[~case.test])
        tuned_f1 = best_threshold(values[~case.test], case.uncertain[~case.test], measure="f1")
        accuracy, _ = decision_quality(values[case.test], labels, tuned)
        _, f1 = decision_quality(values[case.test], labels, tuned_f1)
        free = _label_free(values, case)
        rows.append([one, scored.areas[one], *scored.interval(one), accuracy, f1, free])
    columns = ["score", "AUROC", "low", "high", "accuracy", "F1", "accuracy, threshold without labels"]
    report.table(name, columns, rows)
    rng = context.rng("shuffled", case.name)
    shuffled = [_area(scored.scores[VOLUME][case.test], rng.permutation(labels)) for _ in range(shuffles)]
    report.baseline(f"{name}: shuffled labels", {"AUROC": float(np.mean(shuffled)), "sd": float(np.std(shuffled))})
    best = scored.best_baseline()
    report.baseline(f"{name}: {best}, the best baseline", {"AUROC": scored.areas[best]})
    majority = float(max(labels.mean(), 1 - labels.mean()))
    report.baseline(f"{name}: the commoner class", {"accuracy": majority})


def _label_free(values: Floats, case: Case) -> float | str:
    if len(np.unique(values)) < 4:
        return "-"
    return decision_quality(values[case.test], case.uncertain[case.test], mixture_threshold(values))[0]


def _validated(case: Case, one: Score) -> float:
    return auroc(one(case.samples)[~case.test], case.uncertain[~case.test])


def _resamples(labels: Mask, count: int, rng: np.random.Generator) -> Sequence[Places]:
    """Draw questions with replacement within either class, so that both are always there."""
    groups = [np.flatnonzero(labels == label) for label in (False, True)]
    return [np.concatenate([rng.choice(group, len(group)) for group in groups]) for _ in range(count)]


def _area(values: Floats, labels: Mask) -> float:
    ranks = rankdata(values)
    positive = int(labels.sum())
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * (len(labels) - positive)))
