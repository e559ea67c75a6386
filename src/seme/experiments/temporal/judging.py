"""The model's judgements of similarity, of years and of numbers, and the distances that explain them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from seme.assets.language_models import LanguageModel
from seme.experiment import Context
from seme.experiments.clear import clearly_above, clearly_near
from seme.experiments.intervals import interval
from seme.experiments.keeping import kept
from seme.experiments.temporal.years import KINDS, PRESENT, candidates, grid
from seme.interp.activations.fingerprint import model_hash
from seme.interp.temporal import (
    JUDGEMENT,
    HeldOut,
    Ratings,
    Reference,
    edit_distance,
    find_reference,
    fit_distance,
    fit_distances,
    held_out,
    log_distance,
    rate_pairs,
    reference_distance,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

_AROUND = ("reference",)
"""The law with a reference point, among the others of a fit."""
_SOME = 0.01
"""Held-out R² that is more than nothing."""
_FLOOR = "The interval is over samples of years; a distance that explains nothing of unseen years counts as 0."


@dataclass(frozen=True, slots=True)
class _Judged:
    ratings: Ratings
    reference: Reference
    out: HeldOut

    @property
    def held(self) -> dict[str, float]:
        """Held-out R² of each distance."""
        return self.out.r2


def _lead(held: Mapping[str, Any], first: Sequence[str], others: Sequence[str]) -> Any:
    """Return how much more the best of some distances explains than the best of others, which may explain nothing."""
    best = np.max([held[name] for name in first], axis=0)
    return best - np.maximum(0.0, np.max([held[name] for name in others], axis=0))


def add(report: Report, loaded: LanguageModel, settings: TemporalSettings, context: Context) -> None:
    """Have both kinds judged and hold them against the three theories."""
    years = grid(settings, settings.judged)
    folds = min(5, len(years) // 3)
    judged = {}
    for kind in KINDS:
        ratings = _rate(loaded, kind.lower(), years, context)
        tried = candidates(settings, years)
        judged[kind] = _Judged(
            ratings,
            find_reference(ratings.similarity, years, candidates=tried, draws=settings.draws, seed=context.seed),
            held_out(
                ratings.similarity,
                years,
                candidates=tried,
                folds=folds,
                divisions=settings.divisions,
                draws=settings.draws,
                seed=context.seed,
            ),
        )
    _add_table(report, judged, years, settings)
    _claim(report, judged)
    _draw(report, judged, years)


def _rate(loaded: LanguageModel, kind: str, years: np.ndarray, context: Context) -> Ratings:
    def make() -> dict[str, Any]:
        found = rate_pairs(loaded.model, loaded.tokenizer, years, kind=kind, show=context.progress)
        return {**asdict(found), "similarity": found.similarity.tolist()}

    key = ("temporal", model_hash(loaded.model), JUDGEMENT, kind, years.tolist())
    found = kept(context.cache, key, make)
    return Ratings(np.array(found["similarity"]), found["asymmetry"], found["mass"])


def _claim(report: Report, judged: dict[str, _Judged]) -> None:
    year, number = judged["Year"], judged["Number"]
    numbers = f"{number.reference.year} ({number.reference.low} to {number.reference.high})"
    _claim_laws(report, year, number, numbers)
    _claim_reference(report, year, number, numbers)
    report.claim(
        Claim.not_tested(
            "Larger models have the clearer reference",
            "There is one language model offline, of 135 million parameters; --model takes another.",
            paper_value="12 models",
        )
    )


def _claim_laws(report: Report, year: _Judged, number: _Judged, numbers: str) -> None:
    where = f"Years: reference {year.reference.year}; numbers: {numbers}."
    plain, around = ("log", "edit"), _AROUND
    for statement, of, first, others, paper, note in (
        (
            "Years are judged around a reference (held-out R² less the best of logarithm, digits and 0)",
            year,
            around,
            plain,
            "in larger models; not in small ones",
            where,
        ),
        (
            "Judgements of a small model follow logarithm or digits (held-out R² over the reference and 0)",
            year,
            plain,
            around,
            "for the smallest models",
            "",
        ),
        (
            "Numbers are judged by their logarithm (held-out R² above that of the best reference and 0)",
            number,
            ("log",),
            around,
            "the control of all models",
            "",
        ),
    ):
        lead = float(_lead(of.out.r2, first, others))
        report.claim(
            clearly_above(
                statement,
                lead,
                interval(_lead(of.out.draws, first, others)),
                floor=_SOME,
                paper_value=paper,
                note=f"{note} {_FLOOR}".strip(),
            )
        )


def _claim_reference(report: Report, year: _Judged, number: _Judged, numbers: str) -> None:
    found = year.reference
    report.claim(
        clearly_near(
            "The reference of judged years is near the present",
            found.year,
            (found.low, found.high),
            value=PRESENT,
            tolerance=50,
            paper_value="about 2025 in larger models",
            note=f"{'Inside' if found.interior else 'At the end of'} the years; held-out R² "
            f"{year.held['reference']:.3f}. Numbers: {numbers}.",
        )
    )
    leads = [_lead(one.out.r2, _AROUND, ("log",)) for one in (year, number)]
    drawn = [_lead(one.out.draws, _AROUND, ("log",)) for one in (year, number)]
    report.claim(
        clearly_above(
            "A reference helps with years more than with numbers (difference of leads over logarithm and 0)",
            float(leads[0] - leads[1]),
            interval(drawn[0] - drawn[1]),
            floor=_SOME,
            note=f"Leads {leads[0]:.3f} for years and {leads[1]:.3f} for numbers.",
        )
    )


def _add_table(report: Report, judged: dict[str, _Judged], years: np.ndarray, settings: TemporalSettings) -> None:
    rows = []
    for kind, one in judged.items():
        s = one.ratings.similarity
        distances = {
            "log": log_distance(years),
            "edit": edit_distance(years),
            "reference": reference_distance(years, one.reference.year),
        }
        joint = fit_distances(s, distances)
        for name, distance in distances.items():
            label = {"log": "logarithm", "edit": "digits", "reference": f"around {one.reference.year}"}[name]
            fit = fit_distance(s, distance)
            rows.append([kind, label, fit.r2, one.held[name], fit.slope, joint.coefficients[name], joint.r2])
    columns = ["asked of", "distance", "signed R²", "held-out R²", "slope", "β with all three", "R² of all three"]
    report.table(f"Judged similarities of {settings.model}", columns, rows)
    rows = [
        [
            kind,
            len(years),
            one.ratings.mass,
            float(one.ratings.similarity[~np.eye(len(years), dtype=bool)].std()),
            one.ratings.asymmetry,
        ]
        for kind, one in judged.items()
    ]
    columns = ["asked of", "years", "probability of a digit", "deviation between pairs", "difference of the two orders"]
    report.table("The answers", columns, rows)
    shift = judged["Number"]
    report.baseline(
        "The same digits called numbers (control)",
        {
            "best reference": shift.reference.year,
            "held-out R² around it": shift.held["reference"],
            "of the logarithm": shift.held["log"],
            "of digits": shift.held["edit"],
        },
    )


def _draw(report: Report, judged: dict[str, _Judged], years: np.ndarray) -> None:
    figure = Figure(figsize=(9.6, 3.3), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    ends = (years[0], years[-1])
    for panel, (kind, one) in zip(axes, judged.items(), strict=False):
        s = np.where(np.eye(len(years), dtype=bool), np.nan, one.ratings.similarity)
        shown = panel.imshow(s, cmap="cividis", extent=(*ends, *ends[::-1]), interpolation="nearest")
        panel.set(title=kind, xlabel="second", ylabel="first")
        figure.colorbar(shown, ax=panel, shrink=0.8, label="judged similarity")
    for (kind, one), style in zip(judged.items(), ("-", "--"), strict=True):
        axes[2].plot(one.reference.candidates, one.reference.profile, style, color="black", label=kind)
        axes[2].axvspan(one.reference.low, one.reference.high, alpha=0.15, color="0.3", lw=0)
    axes[2].axvline(PRESENT, color="0.5", lw=0.8, ls=":")
    axes[2].set(xlabel="reference", ylabel="signed R²", title="the best reference")
    axes[2].legend(fontsize=8)
    report.figure(
        "Judged similarities",
        figure,
        "Left and middle: the model's judgements of pairs of years and of the same numbers, mean of both orders. "
        "Right: what the distance around each reference explains; the bands hold 95 % of the best references over "
        "samples of years, the dotted line is the present.",
    )
