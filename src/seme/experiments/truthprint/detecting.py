"""First question: do states tell a hallucinated thing before it is named, with hardly a false alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.intervals import interval
from seme.experiments.truthprint.telling import Mentions, Rows, Teller, greedy, mentions
from seme.interp.steering import (
    Caption,
    DirectionDetector,
    TruthDetector,
    auroc,
    caught_at,
    random_direction,
    truthful_direction,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p48_truthprint import TruthprintSettings

DETECTOR, PROBABILITY, ENTROPY = "detector", "token probability", "token entropy"
PLAIN = "thing and place alone"
_FALSE = 0.05
_RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What was learned of one teller: its texts and mentions by part, the layer, the detector and test scores."""

    teller: Teller
    captions: dict[str, list[Caption]]
    mentions: dict[str, Mentions]
    site: str
    detector: TruthDetector
    by_layer: dict[str, tuple[float, float]]
    scores: dict[str, Rows]
    """Of the test mentions, by detector."""

    unseen: float
    """AUROC on things that the detector was not fitted on; NaN where there are too few."""

    def auroc(self, name: str) -> float:
        """Return the AUROC of a detector on the test part."""
        return auroc(self.scores[name], self.mentions["test"].hallucinated)

    def caught(self, name: str, false: float = _FALSE) -> float:
        """Return the share of hallucinated mentions that it catches at a share of false alarms."""
        return caught_at(self.scores[name], self.mentions["test"].hallucinated, false)


def measure(teller: Teller, settings: TruthprintSettings, context: Context) -> Found:
    """Generate, choose the layer on validation texts, fit, and score the test part with all detectors."""
    captions = {part: greedy(teller, part) for part in ("fit", "validation", "test")}
    found = {part: mentions(teller, texts, part) for part, texts in captions.items()}
    fit, validation, test = (found[part] for part in ("fit", "validation", "test"))
    fitted = {site: _fitted(fit.before[site], fit.hallucinated, settings, context) for site in teller.sites}
    by_layer = {
        site: (
            auroc(one(validation.before[site]), validation.hallucinated),
            auroc(one(test.before[site]), test.hallucinated),
        )
        for site, one in fitted.items()
    }
    site = max(by_layer, key=lambda one: by_layer[one][0])
    rng = context.rng("controls", teller.name)
    controls = _controls(fit, test, site, settings, context, rng)
    scores = {DETECTOR: fitted[site](test.before[site]), PROBABILITY: -test.log_probs, ENTROPY: test.entropies}
    unseen = _unseen(fit, test, site, settings, context)
    return Found(teller, captions, found, site, fitted[site], by_layer, {**scores, **controls}, unseen)


def _fitted(
    states: Rows, hallucinated: npt.NDArray[np.bool_], settings: TruthprintSettings, context: Context
) -> TruthDetector:
    return TruthDetector(settings.hidden, seed=context.seed).fit(states, hallucinated)


def _controls(
    fit: Mentions, test: Mentions, site: str, settings: TruthprintSettings, context: Context, rng: np.random.Generator
) -> dict[str, Rows]:
    x, y = fit.before[site], fit.hallucinated
    things = np.unique(np.concatenate([fit.thing, test.thing]))
    # Without states: which thing, and where in the text and in the sentence it stands.
    plain = [
        np.column_stack([one.thing[:, None] == things, one.place, one.within]).astype(float) for one in (fit, test)
    ]
    return {
        "truthful direction": DirectionDetector(truthful_direction(x, y))(test.before[site]),
        "state at the thing": _fitted(fit.after[site], y, settings, context)(test.after[site]),
        PLAIN: _fitted(plain[0], y, settings, context)(plain[1]),
        "random direction": DirectionDetector(random_direction(x.shape[1], context.seed))(test.before[site]),
        "shuffled labels": _fitted(x, rng.permutation(y), settings, context)(test.before[site]),
    }


def _unseen(fit: Mentions, test: Mentions, site: str, settings: TruthprintSettings, context: Context) -> float:
    """Return the AUROC on one half of the hallucinated things when fitted on the other, both ways."""
    wrong = np.unique(fit.thing[fit.hallucinated])
    found = []
    for kept in (wrong[::2], wrong[1::2]):
        known = fit.where(np.isin(fit.thing, kept) | (~np.isin(fit.thing, wrong) & (fit.text % 2 == 0)))
        new = test.where(~np.isin(test.thing, kept) & np.isin(test.thing, wrong))
        labels = known.hallucinated, new.hallucinated
        if any(one.all() or not one.any() for one in labels):
            return float("nan")
        detector = _fitted(known.before[site], known.hallucinated, settings, context)
        found.append(auroc(detector(new.before[site]), new.hallucinated))
    return float(np.mean(found))


def add(report: Report, found: Sequence[Found], who: str, rng: np.random.Generator) -> None:
    """Claim, tabulate and draw what the detectors of some tellers found."""
    scores = {name: np.array([one.auroc(name) for one in found]) for name in found[0].scores}
    caught = {name: np.array([one.caught(name) for one in found]) for name in found[0].scores}
    shares = np.array([one.mentions["test"].hallucinated.mean() for one in found])
    count = sum(len(one.mentions["test"].hallucinated) for one in found)
    wrong = sum(int(one.mentions["test"].hallucinated.sum()) for one in found)
    controls = ", ".join(f"{name} {scores[name].mean():.3f}" for name in (PLAIN, "shuffled labels"))
    told = f"{wrong} of {count} test mentions are hallucinated ({shares.mean():.1%}). Controls: {controls}."
    best = max((PROBABILITY, ENTROPY), key=lambda name: caught[name].mean())
    drawn = np.mean([_resampled(one, best, rng) for one in found], axis=0)
    report.claim(
        Claim.at_least(
            f"States foretell hallucinated objects (AUROC, {who})",
            measured=float(scores[DETECTOR].mean()),
            floor=0.8,
            spread=interval(drawn[:, 0]),
            paper_value="high-specificity indicators",
            note=told,
        )
    )
    report.claim(
        Claim.at_least(
            f"They do so with few false alarms (share caught at 5 % false alarms, {who})",
            measured=float(caught[DETECTOR].mean()),
            floor=0.3,
            spread=interval(drawn[:, 1]),
            note="Spreads are 95 % intervals over resampled texts." + _over_models(caught[DETECTOR]),
        )
    )
    _claim_more(report, scores, caught, drawn, best, who)
    for name in (PROBABILITY, ENTROPY, "random direction"):
        report.baseline(f"{name}, {who}", {"AUROC": float(scores[name].mean()), "caught": float(caught[name].mean())})
    _table(report, found, scores, caught, who)
    _draw(report, found, who)


def _claim_more(
    report: Report, scores: dict[str, Rows], caught: dict[str, Rows], drawn: Rows, best: str, who: str
) -> None:
    """Claim that states say more than the better of the tokens' figures, and than thing and place."""
    more = interval(drawn[:, 1] - drawn[:, 2])
    report.claim(
        Claim.at_least(
            f"They beat the token's probability and entropy at 5 % false alarms (lower end of the 95 % "
            f"interval of the difference in the share caught, {who})",
            measured=more[0],
            floor=0.0,
            spread=more,
            note=f"{caught[DETECTOR].mean():.3f} against {caught[best].mean():.3f} of {best}, the better of "
            f"the two; texts are resampled. {_turned(scores)}".strip(),
        )
    )
    alone = interval(drawn[:, 0] - drawn[:, 3])
    report.claim(
        Claim.at_least(
            f"They know more than which thing is named and where (lower end of the 95 % interval of the "
            f"difference in AUROC, {who})",
            measured=alone[0],
            floor=0.0,
            spread=alone,
            note=f"{scores[DETECTOR].mean():.3f} against {scores[PLAIN].mean():.3f}. This claim is ours.",
        )
    )


def _resampled(found: Found, best: str, rng: np.random.Generator) -> Rows:
    """Return four figures over resamples of the texts (resamples, 4).

    They are the detector's AUROC and the share it catches, the share that the best of the model's own scores catches,
    and the AUROC of thing and place alone.
    """
    test = found.mentions["test"]
    places = [np.flatnonzero(test.text == text) for text in np.unique(test.text)]
    rows: list[list[float]] = []
    while len(rows) < _RESAMPLES:
        taken = np.concatenate([places[one] for one in rng.integers(len(places), size=len(places))])
        labels = test.hallucinated[taken]
        if labels.any() and not labels.all():
            own, other, plain = (found.scores[name][taken] for name in (DETECTOR, best, PLAIN))
            rows.append(
                [
                    auroc(own, labels),
                    caught_at(own, labels, _FALSE),
                    caught_at(other, labels, _FALSE),
                    auroc(plain, labels),
                ]
            )
    return np.array(rows)


def _over_models(values: Rows) -> str:
    return f" Over models: {values.min():.3f} to {values.max():.3f}." if len(values) > 1 else ""


def _turned(scores: dict[str, Rows]) -> str:
    low = [name for name in (PROBABILITY, ENTROPY) if scores[name].mean() < 0.5]
    if not low:
        return ""
    best = max(1 - float(scores[name].mean()) for name in low)
    return (
        f"Below chance are {' and '.join(low)}: the model is surer of what it makes up; turned round, AUROC {best:.3f}."
    )


def _table(report: Report, found: Sequence[Found], scores: dict[str, Rows], caught: dict[str, Rows], who: str) -> None:
    rows = []
    for name, values in scores.items():
        at = [float(np.mean([one.caught(name, false) for one in found])) for false in (0.01, 0.1)]
        rows.append([name, float(values.mean()), float(values.std()), at[0], float(caught[name].mean()), at[1]])
    unseen = np.array([one.unseen for one in found])
    rows.append(
        ["detector, on things it was not fitted on", float(unseen.mean()), float(unseen.std()), None, None, None]
    )
    columns = ["detector", "AUROC", "std", "caught at 1 %", "caught at 5 %", "caught at 10 %"]
    report.table(f"Detectors on test texts of the {who}", columns, rows)
    layers = [
        [one.teller.name, site, *one.by_layer[site], "chosen" if site == one.site else ""]
        for one in found
        for site in one.teller.sites
    ]
    report.table(f"Layers of the {who}", ["model", "site", "AUROC, validation", "AUROC, test", ""], layers)


def _draw(report: Report, found: Sequence[Found], who: str) -> None:
    figure = Figure(figsize=(5.2, 3.8), layout="constrained")
    axes = figure.subplots()
    grid = np.linspace(0.005, 0.995, 100)
    styles = {
        DETECTOR: "-",
        "truthful direction": "-.",
        PROBABILITY: "--",
        ENTROPY: ":",
        PLAIN: (0, (5, 1, 1, 1, 1, 1)),
    }
    for number, (name, style) in enumerate(styles.items()):
        curves = np.array([[one.caught(name, false) for false in grid] for one in found])
        axes.plot(grid, curves.mean(axis=0), ls=style, color=f"C{number}", label=name)
        axes.fill_between(grid, curves.min(axis=0), curves.max(axis=0), color=f"C{number}", alpha=0.12, lw=0)
    axes.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    axes.axvline(_FALSE, color="0.3", lw=0.8)
    axes.set_xlabel("truthful mentions that are flagged")
    axes.set_ylabel("hallucinated mentions that are caught")
    axes.legend(fontsize=8, loc="lower right")
    report.figure(
        f"Caught and falsely flagged, {who}",
        figure,
        "Hallucinated objects that are caught before they are named, against truthful ones that are flagged"
        + ("; mean and range over models" if len(found) > 1 else "")
        + ". The bar is at 5 %.",
    )
