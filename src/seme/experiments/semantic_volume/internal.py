"""Internal uncertainty: does the volume of sampled answers say that the likeliest answer is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.experiments.intervals import interval
from seme.experiments.semantic_volume import questions, scoring
from seme.experiments.semantic_volume.drawing import Models
from seme.experiments.semantic_volume.scoring import VOLUME, Case, Floats, Scored, claim_beyond
from seme.interp.uncertainty import P_TRUE, Drawing, Samples, SemanticVolume, auroc
from seme.report import Claim, Report

_TITLE = "Internal: wrong answers"
_DRAWS = 8


@dataclass(frozen=True, slots=True)
class Point:
    """AUROC of the volume in one setting: on the test part, its resamples (resamples,), and on the validation part."""

    area: float
    resampled: Floats
    validated: float


@dataclass(frozen=True, slots=True)
class Internal:
    """The scores, and AUROC by number of samples (mean over subsets) and by components."""

    scored: Scored
    by_count: dict[int, Point]
    by_dims: dict[int, Point]


def add(report: Report, models: Models) -> Internal:
    """Ask, score, and set the claims on wrong answers beside what was measured."""
    settings, context = models.settings, models.context
    asked = questions.ask(settings, models.nouns, context)
    prompts = [one.prompt for one in asked]
    greedy = models.draw(prompts, 1, Drawing(settings.longest, temperature=0), "Answering")
    drawn = models.draw(prompts, settings.samples, Drawing(settings.longest), "Sampling answers")
    samples = Samples.drawn(drawn, questions=[one.text for one in asked], encode=models.encode)
    wrong = np.array([not one.accepts(row[0].text) for one, row in zip(asked, greedy, strict=True)])
    case = Case.split("internal", samples, wrong, settings.validation, context.rng("split"))
    judged = {"P(True), asked": models.judge(samples, (P_TRUE, " True", " False"), "Asking for P(True)")}
    scored = scoring.score(case, settings, context, judged)
    scoring.tabulate(report, scored, _TITLE, 200, context)
    _tabulate_families(report, scored, [one.family for one in asked])
    _claim(report, scored)
    report.note(
        f"The judged answer is the greedy one; {int(wrong.sum())} of {len(wrong)} are wrong. "
        f"{int(samples.empty.sum())} of {samples.empty.size} samples are empty, in {int(samples.empty.any(1).sum())} "
        f"questions, {int(samples.empty.all(1).sum())} of them wholly. Settings of semantic volume (dims "
        f"{scored.dims}, epsilon {scored.epsilon:g}) and the cosine of equal meanings were chosen on "
        f"{int((~case.test).sum())} questions; all figures are of the other {int(case.test.sum())}. Equal meaning is a "
        "cosine of the encoder: no package carries a model of entailment. Facts about countries are a table of the "
        "experiment, words and their hypernyms are WordNet's; they stand in for TriviaQA and SQuAD."
    )
    return _ablations(report, scored, models)


def _claim(report: Report, scored: Scored) -> None:
    areas = scored.areas
    report.claim(
        Claim.at_least(
            "Semantic volume of sampled answers tells wrong answers from right ones (AUROC)",
            measured=areas[VOLUME],
            floor=0.65,
            spread=scored.interval(VOLUME),
            paper_value="best of all methods on TriviaQA and SQuAD",
        )
    )
    for name, slack in (
        ("mean cosine distance", 0.0),
        ("lexical dissimilarity", 0.0),
        ("number of meanings", 0.01),
        ("semantic entropy", 0.0),
    ):
        claim_beyond(
            report,
            scored,
            name,
            f"Internal: semantic volume separates better than {name}"
            if not slack
            else f"Internal: semantic volume separates no worse than {name} by more than {slack:g}",
            slack=slack,
        )
    claim_beyond(
        report,
        scored,
        scored.best_baseline(),
        "Internal: semantic volume outperforms every baseline",
        paper_value="consistently outperforms existing baselines",
    )


def _tabulate_families(report: Report, scored: Scored, families: list[str]) -> None:
    case, rows = scored.case, []
    family = np.array(families)
    for name in dict.fromkeys(families):
        here = case.test & (family == name)
        labels = case.uncertain[here]
        both = len(np.unique(labels)) == 2
        rows.append(
            [
                name,
                int(here.sum()),
                float(labels.mean()) if len(labels) else "-",
                *(auroc(values[here], labels) if both else "-" for values in scored.scores.values()),
            ]
        )
    report.table("Internal: AUROC by family", ["family", "questions", "wrong", *scored.scores], rows)


def _ablations(report: Report, scored: Scored, models: Models) -> Internal:
    """Measure fewer samples (several subsets of each question's), and every number of components."""
    settings, case = models.settings, scored.case
    counts = sorted({max(2, settings.samples // 4), max(2, settings.samples // 2), settings.samples})
    by_count = {}
    for count in models.context.progress(counts, "Fewer samples"):
        rng = models.context.rng("subsets", count)
        drawn = [case.samples.take(count, rng) for _ in range(_DRAWS if count < settings.samples else 1)]
        by_count[count] = _mean([_curve(scored, samples, scored.dims, scored.epsilon) for samples in drawn])
    dims = scoring.usable(case, settings.dims)
    grid = {(d, e): _curve(scored, case.samples, d, e) for d in dims for e in settings.epsilons}
    report.table(
        "Internal: AUROC of semantic volume by components and epsilon",
        ["components", *(f"epsilon {one:g}" for one in settings.epsilons)],
        [[d, *(grid[d, e].area for e in settings.epsilons)] for d in dims],
    )
    by_dims = {d: grid[d, scored.epsilon] for d in dims}
    _claim_counts(report, by_count)
    _claim_dims(report, case, by_dims)
    return Internal(scored, by_count, by_dims)


def _curve(scored: Scored, samples: Samples, dims: int, epsilon: float) -> Point:
    case = scored.case
    values = SemanticVolume(dims, epsilon=epsilon).fit(samples)(samples)
    chosen = auroc(values[~case.test], case.uncertain[~case.test])
    area = auroc(values[case.test], case.uncertain[case.test])
    return Point(area, scoring.resample(case, values, scored.draws), chosen)


def _mean(points: list[Point]) -> Point:
    return Point(
        float(np.mean([one.area for one in points])),
        np.mean([one.resampled for one in points], axis=0),
        float(np.mean([one.validated for one in points])),
    )


def _claim_counts(report: Report, by_count: dict[int, Point]) -> None:
    few, half, full = (by_count[count] for count in sorted(by_count))
    names = [f"{count} samples {by_count[count].area:.3f}" for count in sorted(by_count)]
    gained = interval(full.resampled - few.resampled)
    report.claim(
        Claim.at_least(
            "More samples separate better (lower end of the 95 % interval of the AUROC gained from the "
            "fewest to the most)",
            measured=gained[0],
            floor=0.0,
            spread=gained,
            paper_value="rises with n, then saturates",
            note=f"{', '.join(names)}; the mean over {_DRAWS} subsets of the samples, on the same resampled questions.",
        )
    )
    slows = interval((half.resampled - few.resampled) - (full.resampled - half.resampled))
    report.claim(
        Claim.at_least(
            "The gain saturates (lower end of the 95 % interval of the AUROC that the first doubling of the "
            "samples gains above the second)",
            measured=slows[0],
            floor=0.0,
            spread=slows,
            note=f"{half.area - few.area:.3f} by the first, {full.area - half.area:.3f} by the second.",
        )
    )


def _claim_dims(report: Report, case: Case, by_dims: dict[int, Point]) -> None:
    low, *inner, high = sorted(by_dims)
    inside = max(inner, key=lambda one: by_dims[one].validated)
    ends = np.maximum(by_dims[low].resampled, by_dims[high].resampled)
    above = interval(by_dims[inside].resampled - ends)
    report.claim(
        Claim.at_least(
            "The best number of components lies inside the range (lower end of the 95 % interval of the "
            "AUROC above the better end)",
            measured=above[0],
            floor=0.0,
            spread=above,
            paper_value="a tuned hyper-parameter",
            note=f"Best inside, on the validation part of {int((~case.test).sum())} questions: {inside}, "
            f"with {by_dims[inside].area:.3f} on the rest; ends: {low} with "
            f"{by_dims[low].area:.3f}, {high} with {by_dims[high].area:.3f}.",
        )
    )
