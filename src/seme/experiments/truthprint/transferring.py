"""Third question: does a detector read another model, and is the direction of truth a shared one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.truthprint.detecting import Found
from seme.experiments.truthprint.telling import Labels, Rows
from seme.interp.steering import ComnHallu, TruthDetector, auroc, read, truthful_direction
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p48_truthprint import TruthprintSettings

RAW, PCA, CORAL, SUBSPACE, ANCHORS, ORACLE = (
    "raw states",
    "components alone",
    "CORAL",
    "subspace alignment",
    "ComnHallu",
    "labels of the target",
)
_HOW = {RAW: "none", PCA: "pca", CORAL: "coral", SUBSPACE: "subspace", ANCHORS: "anchors"}
_LIMIT = 0.01


@dataclass(frozen=True, slots=True)
class Moved:
    """A detector of one captioner read on another: AUROC by alignment, and what their directions have in common."""

    source: str
    target: str
    aurocs: dict[str, float]
    cosine: float
    chance: Rows

    @property
    def p(self) -> float:
        """Share of shuffles of the target's labels with a cosine as high."""
        return float((1 + (self.chance >= self.cosine).sum()) / (1 + len(self.chance)))


def add(report: Report, found: Sequence[Found], settings: TruthprintSettings, context: Context) -> None:
    """Move each captioner's detector to the next, round the ring."""
    pairs = [(found[place], found[(place + 1) % len(found)]) for place in range(len(found))]
    moved = [_move(one, other, settings, context) for one, other in context.progress(pairs, "Moving detectors")]
    mean = {name: np.array([one.aurocs[name] for one in moved if name in one.aurocs]) for name in (*_HOW, ORACLE)}
    report.claim(
        Claim.at_least(
            "An aligned detector reads another model better than components alone do (AUROC, difference)",
            measured=float((mean[ANCHORS] - mean[PCA]).mean()),
            floor=0.03,
            spread=_range(mean[ANCHORS] - mean[PCA]),
            paper_value="common latent subspaces",
            note=f"ComnHallu {mean[ANCHORS].mean():.3f}, components alone {mean[PCA].mean():.3f}, over "
            f"{len(moved)} pairs of captioners of other seeds and worlds. Their dimensions have no "
            "meaning in common, so that states of the same captions under both anchor the rotation; "
            f"without anchors, subspace alignment comes to {_shown(mean[SUBSPACE])}.",
        )
    )
    same = [one for one in moved if RAW in one.aurocs]
    if same:
        report.claim(
            Claim.ordered(
                "Components alone read another model no worse than raw states do (AUROC)",
                {RAW: float(mean[RAW].mean()), PCA: float(np.mean([one.aurocs[PCA] for one in same]))},
                strict=False,
                note=f"Over the {len(same)} pairs of the same width. Both may be at chance.",
            )
        )
    report.claim(
        Claim.ordered(
            "Alignment without labels reaches no more than labels of the target do (AUROC)",
            {ANCHORS: float(mean[ANCHORS].mean()), ORACLE: float(mean[ORACLE].mean())},
            strict=False,
            spread=_range(mean[ORACLE] - mean[ANCHORS]),
        )
    )
    _claim_direction(report, moved, settings)
    _table(report, moved)
    _draw(report, moved)


def _claim_direction(report: Report, moved: Sequence[Moved], settings: TruthprintSettings) -> None:
    worst = max(one.p for one in moved)
    cosines = np.array([one.cosine for one in moved])
    report.claim(
        Claim.at_most(
            "Models share a direction of truth (p of the aligned cosine, worst pair)",
            measured=worst,
            ceiling=_LIMIT,
            spread=_range(np.array([one.p for one in moved])),
            paper_value="generic truthful directions",
            note=f"Cosines of {cosines.min():.2f} to {cosines.max():.2f}, against {settings.permutations} "
            "shuffles of the target's labels.",
        )
    )


def _move(one: Found, other: Found, settings: TruthprintSettings, context: Context) -> Moved:
    site = one.site
    ours, theirs = (found.mentions["fit"] for found in (one, other))
    x, y = ours.before[site], theirs.before[site]
    test, labels = other.mentions["test"].before[site], other.mentions["test"].hallucinated
    anchors = _anchors(one, other, site)
    aurocs = {}
    for name, how in _HOW.items():
        if x.shape[1] != y.shape[1] and name in (RAW, CORAL, SUBSPACE):
            continue
        common = ComnHallu(settings.subspace, how=how)  # type: ignore[arg-type]
        common.fit(x, y, anchors=anchors if how == "anchors" else None)
        detector = TruthDetector(settings.hidden, seed=context.seed).fit(common.source(x), ours.hallucinated)
        aurocs[name] = auroc(detector(common.target(test)), labels)
        if name == ANCHORS:
            cosine, chance = _cosines(
                common.source(x),
                ours.hallucinated,
                common.target(y),
                theirs.hallucinated,
                settings,
                context.rng("shuffles", one.teller.name),
            )
    oracle = TruthDetector(settings.hidden, seed=context.seed).fit(y, theirs.hallucinated)
    aurocs[ORACLE] = auroc(oracle(test), labels)
    return Moved(one.teller.name, other.teller.name, aurocs, cosine, chance)


def _anchors(one: Found, other: Found, site: str) -> tuple[Rows, Rows]:
    """Return the states of both models at every token of the target's validation captions."""
    texts = [caption.ids for caption in other.captions["validation"]]
    pairs: tuple[list[Rows], list[Rows]] = ([], [])
    start = 0
    for batch in other.teller.parts["validation"].batches:
        part = texts[start : start + len(batch["input_ids"])]
        start += len(part)
        kept = [row for row, ids in enumerate(part) if ids]
        chosen = {name: value[kept] for name, value in batch.items()}
        for side, found in zip(pairs, (one, other), strict=True):
            told = read(found.teller.model, chosen, [part[row] for row in kept], keep=[site])
            side.extend(caption.states[site].astype(np.float64) for caption in told)
    return np.concatenate(pairs[0]), np.concatenate(pairs[1])


def _cosines(
    x: Rows, x_labels: Labels, y: Rows, y_labels: Labels, settings: TruthprintSettings, rng: np.random.Generator
) -> tuple[float, Rows]:
    ours = truthful_direction(x, x_labels)
    drawn = [truthful_direction(y, rng.permutation(y_labels)) @ ours for _ in range(settings.permutations)]
    return float(ours @ truthful_direction(y, y_labels)), np.array(drawn)


def _range(values: Rows) -> tuple[float, float] | None:
    return (float(values.min()), float(values.max())) if len(values) > 1 else None


def _shown(values: Rows) -> str:
    return f"{values.mean():.3f}" if len(values) else "nothing, as widths differ"


def _table(report: Report, moved: Sequence[Moved]) -> None:
    names = [*_HOW, ORACLE]
    rows = [
        [
            f"{one.source} to {one.target}",
            *[one.aurocs.get(name) for name in names],
            one.cosine,
            float(np.quantile(one.chance, 0.99)),
            one.p,
        ]
        for one in moved
    ]
    columns = ["detector of", *names, "cosine of directions", "99 % of shuffles", "p"]
    report.table("Detectors on other captioners (AUROC)", columns, rows)


def _draw(report: Report, moved: Sequence[Moved]) -> None:
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    names = [*_HOW, ORACLE]
    for place, name in enumerate(names):
        values = [one.aurocs[name] for one in moved if name in one.aurocs]
        left.plot(values, [place] * len(values), "o", color="C0", alpha=0.6, ms=5)
        if values:
            left.plot(np.mean(values), place, "|", color="black", ms=16, mew=2)
    left.axvline(0.5, color="0.5", lw=0.8, ls="--")
    left.set_yticks(range(len(names)), names)
    left.set_xlabel("AUROC on the other model")
    for place, one in enumerate(moved):
        low, high = np.quantile(one.chance, [0.005, 0.995])
        right.plot(
            [low, high],
            [place, place],
            color="0.6",
            lw=5,
            solid_capstyle="butt",
            label="99 % of shuffles" if place == 0 else None,
        )
        right.plot(one.cosine, place, "D", color="black", ms=6, label="aligned" if place == 0 else None)
    right.set_yticks(range(len(moved)), [f"{one.source.split()[-1]} to {one.target.split()[-1]}" for one in moved])
    right.set_xlim(-1, 1)
    right.set_ylim(-1.9, len(moved) - 0.5)  # room for the legend
    right.set_xlabel("cosine of the directions of truth")
    right.legend(fontsize=7, loc="lower left")
    report.figure(
        "Detectors and directions on other models",
        figure,
        "Left: detectors of one captioner read on the next, by alignment; bars are means. Right: cosine of the two "
        "directions of truth in the common subspace, beside shuffles of the target's labels.",
    )
