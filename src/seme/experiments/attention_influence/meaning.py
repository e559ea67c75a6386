"""What the score means: which kinds of text need the heads, whether others would do, and how it goes with the loss."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from seme.experiment import Context
from seme.experiments.attention_influence.scorer import Subject
from seme.experiments.attention_influence.scores import CONTROLS, ZEROED, Floats, Scored
from seme.experiments.clear import clearly_above, paired
from seme.experiments.intervals import difference_interval
from seme.interp.heads import Head
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

_SHUFFLED = "tokens shuffled"
_TINY = 1e-3
_RESAMPLES = 1000


def add(
    report: Report,
    subject: Subject,
    heads: list[Head],
    scored: Scored,
    settings: AttentionInfluenceSettings,
    context: Context,
) -> None:
    """Hold the scores of kinds of text against each other."""
    _claim_order(report, scored, context)
    _claim_sentences(report, scored)
    _claim_random(report, scored, settings)
    _claim_loss(report, scored, context)
    report.claim(
        Claim.at_most(
            "Scoring takes two forward passes at most, without gradients (blocks computed, in passes)",
            measured=scored.passes,
            ceiling=2.0,
            paper_value="two forward passes",
            note=f"Blocks below layer {min(layer for layer, _ in heads)}, where the first masked head is, "
            "are run once for both.",
        )
    )
    _add_table(report, scored)
    _draw(report, scored)
    report.note(
        f"{len(subject.documents)} documents of {settings.tokens} tokens each. Heads are masked at all positions; "
        "`uniform` is the paper's way, and the scores below are by it where nothing else is said."
    )


def _means(scored: Scored) -> dict[str, float]:
    return {kind: float(scored.scores[scored.of(kind)].mean()) for kind in dict.fromkeys(scored.kinds)}


def _claim_order(report: Report, scored: Scored, context: Context) -> None:
    means = _means(scored)
    shuffled = scored.scores[[number for number, kind in enumerate(scored.kinds) if _SHUFFLED in kind]]
    order = {"shuffled tokens": float(shuffled.mean())}
    order |= {kind: means[kind] for kind in ("documentation", "code", "look-up")}
    report.claim(
        Claim.ordered(
            "The score rises with what there is to look up",
            order,
            note="Mean relative increase of the loss. " + _spread_note(scored, context),
        )
    )
    parts = [shuffled, *(scored.scores[scored.of(kind)] for kind in ("documentation", "code", "look-up"))]
    gaps = [difference_interval(upper, lower) for lower, upper in itertools.pairwise(parts)]
    number = int(np.argmin([low for low, _ in gaps]))
    names = list(order)
    report.claim(
        clearly_above(
            "Each kind scores above the next by more than its spread (smallest difference of mean scores)",
            float(parts[number + 1].mean() - parts[number].mean()),
            gaps[number],
            note=f"The nearest are {names[number]} and {names[number + 1]}.",
        )
    )
    real = scored.scores[np.concatenate([scored.of("code"), scored.of("documentation")])]
    report.claim(
        Claim.ratio_at_least(
            "Real text scores three times as high as the same with its tokens shuffled (mean score)",
            measured=float(real.mean()),
            baseline=max(float(shuffled.mean()), _TINY),
            factor=3.0,
            note=""
            if shuffled.mean() >= _TINY
            else f"Shuffled text has {shuffled.mean():.4f}; {_TINY} was taken for it.",
        )
    )
    area = float(roc_auc_score([1] * len(real) + [0] * len(shuffled), np.concatenate([real, shuffled])))
    report.claim(
        Claim.at_least(
            "The score tells real text from text with its tokens shuffled (area under the ROC curve)",
            measured=area,
            floor=0.85,
            spread=_area_spread(real, shuffled, context),
        )
    )
    report.baseline("Shuffled tokens", {"mean score": float(shuffled.mean())})


def _spread_note(scored: Scored, context: Context) -> str:
    rng = context.rng("means")
    said = []
    for kind in ("documentation", "code", "look-up"):
        values = scored.scores[scored.of(kind)]
        low, high = np.quantile(rng.choice(values, (_RESAMPLES, len(values))).mean(axis=1), [0.025, 0.975])
        said.append(f"{kind} {low:.3f} to {high:.3f}")
    return "95 % intervals over documents: " + ", ".join(said) + "."


def _area_spread(real: Floats, shuffled: Floats, context: Context) -> tuple[float, float]:
    rng = context.rng("areas")
    truth = [1] * len(real) + [0] * len(shuffled)
    areas = [
        roc_auc_score(truth, np.concatenate([rng.choice(real, len(real)), rng.choice(shuffled, len(shuffled))]))
        for _ in range(100)
    ]
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


def _claim_sentences(report: Report, scored: Scored) -> None:
    for kind, parts in (("documentation", "sentences"), ("code", "lines")):
        statement = f"Order within {kind} counts: the score falls when {parts} are shuffled (mean difference)"
        numbers = scored.of(f"{kind}, {parts} shuffled")
        if not len(numbers):
            report.claim(Claim.not_tested(statement, "The planted model's texts have no sentences or lines."))
            continue
        change = scored.scores[scored.of(kind)[: len(numbers)]] - scored.scores[numbers]
        report.claim(
            paired(statement, change, note=f"{len(change)} pairs; higher in {float((change > 0).mean()):.0%} of them.")
        )


def _claim_random(report: Report, scored: Scored, settings: AttentionInfluenceSettings) -> None:
    found = [_without_random(scored, kind) for kind in CONTROLS]
    rows = [
        [kind, float(each.mean()), *_range(draws.mean(axis=0))]
        for kind, (each, draws) in zip(CONTROLS, found, strict=True)
    ]
    each, by_document = found[0]
    ours, draws = float(each.mean()), by_document.mean(axis=0)
    columns = ["text", "retrieval heads", "random heads, mean", "lowest draw", "highest draw"]
    report.table(f"Relative increase of the loss without heads ({settings.draws} draws of random ones)", columns, rows)
    baseline = max(float(draws.mean()), _TINY)
    report.claim(
        Claim.ratio_at_least(
            "On look-ups retrieval heads cost twice as much as random ones (mean score)",
            measured=ours,
            baseline=baseline,
            factor=2.0,
            spread=(ours / max(float(draws.max()), _TINY), ours / max(float(draws.min()), _TINY)),
            note=f"Random heads cost {draws.min():.4f} to {draws.max():.4f}; no less than {_TINY} is taken for them.",
        )
    )
    report.claim(
        paired(
            "On look-ups they cost more than random ones (difference of scores)",
            each - by_document.mean(axis=1),
            note=f"{len(each)} documents; random: the mean of {settings.draws} draws.",
        )
    )
    report.baseline("Random heads masked", {"mean score on look-ups": float(draws.mean())})


def _without_random(scored: Scored, kind: str) -> tuple[Floats, Floats]:
    """Return the scores of some documents (n,), and what they are without random heads instead, (n, draws)."""
    numbers = [one for one in scored.random if scored.kinds[one] == kind]
    draws = [(scored.random[one] - scored.base[one]) / scored.base[one] for one in numbers]
    return scored.scores[numbers], np.asarray(draws)


def _range(draws: Floats) -> list[float]:
    return [float(draws.mean()), float(draws.min()), float(draws.max())]


def _claim_loss(report: Report, scored: Scored, context: Context) -> None:
    def related(chosen: npt.NDArray[np.int64]) -> tuple[float, float]:
        base = scored.base[chosen]
        relative = abs(float(np.corrcoef(scored.scores[chosen], base)[0, 1]))
        return relative, abs(float(np.corrcoef(scored.uniform[chosen] - base, base)[0, 1]))

    count, rng = len(scored.base), context.rng("correlations")
    relative, absolute = related(np.arange(count))
    drawn = np.array([related(rng.integers(0, count, count)) for _ in range(_RESAMPLES)])
    low, high = np.quantile(drawn[:, 1] - drawn[:, 0], [0.025, 0.975])
    report.claim(
        clearly_above(
            "The relative score goes less with the loss than the difference does (correlation of the "
            "difference less that of the score, absolute)",
            absolute - relative,
            (float(low), float(high)),
            note="Pearson correlation with the loss of the unmasked model, over all documents: "
            f"{absolute:.3f} and {relative:.3f}.",
        )
    )


def _add_table(report: Report, scored: Scored) -> None:
    rows = []
    for kind in dict.fromkeys(scored.kinds):
        numbers = scored.of(kind)
        base, scores = scored.base[numbers], scored.scores[numbers]
        rows.append([kind, len(numbers), float(base.mean()), float(scores.mean()), float(scores.std())])
    report.table("Influence by kind of text", ["text", "documents", "loss", "score", "deviation"], rows)
    rows = []
    for kind in ZEROED:
        numbers = np.array([one for one in scored.zero if scored.kinds[one] == kind])
        base = scored.base[numbers]
        zero = (np.array([scored.zero[one] for one in numbers]) - base) / base
        uniform = scored.scores[numbers]
        rows.append(
            [kind, len(numbers), float(uniform.mean()), float(zero.mean()), float(spearmanr(uniform, zero).statistic)]
        )
    columns = ["text", "documents", "score, uniform", "score, zero", "rank correlation"]
    report.table("Two ways to mask the heads", columns, rows)
    rows = []
    for count in sorted({*scored.fewer, scored.heads}):
        mine = {one: scored.uniform[one] for one in scored.zero} if count == scored.heads else scored.fewer[count]
        means = []
        for kind in ZEROED:
            members = [one for one in scored.zero if scored.kinds[one] == kind]
            means.append(float(np.mean([mine[one] / scored.base[one] - 1 for one in members])))
        rows.append([count, *means])
    report.table(
        f"Numbers of heads that are masked (mean score of the first {len(scored.zero) // len(ZEROED)} of each kind)",
        ["heads", *ZEROED],
        rows,
    )


def _draw(report: Report, scored: Scored) -> None:
    means = _means(scored)
    kinds = sorted(means, key=means.__getitem__)
    figure = Figure(figsize=(7, 0.32 * len(kinds) + 1.1), layout="constrained")
    axes = figure.subplots()
    shown = axes.boxplot(
        [scored.scores[scored.of(kind)] for kind in kinds],
        orientation="horizontal",
        widths=0.6,
        patch_artist=True,
        flierprops={"marker": ".", "ms": 3},
    )
    for box in shown["boxes"]:
        box.set(facecolor="0.85", edgecolor="0.2")
    for line in shown["medians"]:
        line.set(color="black", lw=1.5)
    axes.set_yticks(np.arange(1, len(kinds) + 1), kinds, fontsize=8)
    axes.axvline(0, color="0.4", lw=0.8, ls="--")
    axes.set_xlabel("relative increase of the loss without retrieval heads")
    report.figure(
        "Influence by kind of text",
        figure,
        "Scores of the documents of each kind: the line is the median, the box half of them, and the whiskers reach "
        "one and a half times as far.",
    )
