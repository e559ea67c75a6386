"""Internal uncertainty: does the volume of sampled answers say that the likeliest answer is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seme.experiments.semantic_volume import questions, scoring
from seme.experiments.semantic_volume.drawing import Models
from seme.experiments.semantic_volume.scoring import VOLUME, Case, Scored
from seme.interp.uncertainty import P_TRUE, Drawing, Samples, SemanticVolume, auroc
from seme.report import Claim, Report

_TITLE = "Internal: wrong answers"
_DRAWS = 8


@dataclass(frozen=True, slots=True)
class Internal:
    """The scores, and AUROC by number of samples (mean and sd over subsets) and by components."""

    scored: Scored
    by_count: dict[int, tuple[float, float]]
    by_dims: dict[int, float]


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
        Claim.at_least("Semantic volume of sampled answers tells wrong answers from right ones (AUROC)",
                       measured=areas[VOLUME], floor=0.65, spread=scored.interval(VOLUME),
                       paper_value="best of all methods on TriviaQA and SQuAD")
    )  # fmt: skip
    for name, slack in (
        ("mean cosine distance", 0.0), ("lexical dissimilarity", 0.0), ("number of meanings", 0.01),
        ("semantic entropy", 0.0),
    ):  # fmt: skip
        report.claim(
            Claim.at_least(f"Internal: semantic volume separates as well as {name} (difference in AUROC)",
                           measured=areas[VOLUME] - areas[name], floor=-slack if slack else 0.0,
                           spread=scored.interval(VOLUME, name),
                           note=f"{areas[VOLUME]:.3f} against {areas[name]:.3f}; the spread is the 95 % interval of "
                                "the difference over resampled questions.")
        )  # fmt: skip
    best = scored.best_baseline()
    report.claim(
        Claim.at_least("Internal: semantic volume outperforms every baseline (difference in AUROC to the best one)",
                       measured=areas[VOLUME] - areas[best], floor=0.0, spread=scored.interval(VOLUME, best),
                       paper_value="consistently outperforms existing baselines", note=f"The best one is {best}.")
    )  # fmt: skip


def _tabulate_families(report: Report, scored: Scored, families: list[str]) -> None:
    case, rows = scored.case, []
    family = np.array(families)
    for name in dict.fromkeys(families):
        here = case.test & (family == name)
        labels = case.uncertain[here]
        both = len(np.unique(labels)) == 2
        rows.append([
            name, int(here.sum()), float(labels.mean()) if len(labels) else "-",
            *(auroc(values[here], labels) if both else "-" for values in scored.scores.values()),
        ])  # fmt: skip
    report.table("Internal: AUROC by family", ["family", "questions", "wrong", *scored.scores], rows)


def _ablations(report: Report, scored: Scored, models: Models) -> Internal:
    """Measure fewer samples (several subsets of each question's), and every number of components."""
    settings, case = models.settings, scored.case
    counts = sorted({max(2, settings.samples // 4), max(2, settings.samples // 2), settings.samples})
    by_count = {}
    for count in models.context.progress(counts, "Fewer samples"):
        rng = models.context.rng("subsets", count)
        areas = [
            _area(case, case.samples.take(count, rng), scored.dims, scored.epsilon)
            for _ in range(_DRAWS if count < settings.samples else 1)
        ]
        by_count[count] = (float(np.mean(areas)), float(np.std(areas)))
    dims = scoring.usable(case, settings.dims)
    grid = {(d, e): _area(case, case.samples, d, e) for d in dims for e in settings.epsilons}
    report.table(
        "Internal: AUROC of semantic volume by components and epsilon",
        ["components", *(f"epsilon {one:g}" for one in settings.epsilons)],
        [[d, *(grid[d, e] for e in settings.epsilons)] for d in dims],
    )
    by_dims = {d: grid[d, scored.epsilon] for d in dims}
    _claim_ablations(report, by_count, by_dims)
    return Internal(scored, by_count, by_dims)


def _area(case: Case, samples: Samples, dims: int, epsilon: float) -> float:
    values = SemanticVolume(dims, epsilon=epsilon).fit(samples)(samples)
    return auroc(values[case.test], case.uncertain[case.test])


def _claim_ablations(report: Report, by_count: dict[int, tuple[float, float]], by_dims: dict[int, float]) -> None:
    few, half, full = sorted(by_count)
    report.claim(
        Claim.ordered("More samples separate better (AUROC)",
                      {f"{few} samples": by_count[few][0], f"{half} samples": by_count[half][0],
                       f"{full} samples": by_count[full][0]},
                      strict=False, spread=by_count[few][1], paper_value="rises with n, then saturates",
                      note=f"Mean over {_DRAWS} subsets of the samples; the spread is over those of {few}.")
    )  # fmt: skip
    report.claim(
        Claim.ordered("The gain saturates (AUROC gained by doubling the samples)",
                      {f"{half} to {full}": by_count[full][0] - by_count[half][0],
                       f"{few} to {half}": by_count[half][0] - by_count[few][0]})
    )  # fmt: skip
    dims = sorted(by_dims)
    inside = max(dims[1:-1], key=lambda one: by_dims[one])
    report.claim(
        Claim.at_least("The best number of components lies inside the range (AUROC above the better end)",
                       measured=by_dims[inside] - max(by_dims[dims[0]], by_dims[dims[-1]]), floor=0.0,
                       paper_value="a tuned hyper-parameter",
                       note=f"Best inside: {inside} with {by_dims[inside]:.3f}; ends: {dims[0]} with "
                            f"{by_dims[dims[0]]:.3f}, {dims[-1]} with {by_dims[dims[-1]]:.3f}.")
    )  # fmt: skip
