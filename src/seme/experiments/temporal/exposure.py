"""Embeddings of years without a language model around them: what the texts alone have left in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.assets import load_sentence_encoder, load_word_vectors
from seme.experiment import Context
from seme.experiments.clear import clearly_above, clearly_near
from seme.experiments.intervals import interval
from seme.experiments.temporal.years import KINDS, PRESENT, candidates, grid
from seme.interp.temporal import (
    ExposureGap,
    Reference,
    edit_distance,
    exposure_gap,
    find_reference,
    fit_distance,
    held_out_r2,
    log_distance,
    year_prompts,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

Rows = npt.NDArray[np.float64]
Embed = Callable[[npt.NDArray[np.int64], str], Rows]
_SHIFTS = (-300, 300)
_ABOUT = 2000
"""Middle of the years that count as the present of an encoder whose texts end before today."""


def add(report: Report, settings: TemporalSettings, context: Context) -> None:
    """Compare future and past years, and the references, in three embeddings."""
    encode = _encoder(settings, context)
    years = grid(settings, settings.encoded)
    known, glove = _glove()
    spaces: dict[str, Embed] = {settings.encoder: encode, "GloVe": glove, "WordLlama": _wordllama()}
    rows, gaps, matrices, counts = [], {}, {}, {}
    for name, embed in context.progress(spaces.items(), "Embedding years", len(spaces)):
        kept = np.array([year for year in years if name != "GloVe" or str(year) in known])
        counts[name] = len(kept)
        cosines = {kind: _cosines(embed(kept, kind)) for kind in KINDS}
        gaps[name] = exposure_gap(cosines["Year"], cosines["Number"], kept, draws=settings.draws, seed=context.seed)
        matrices[name] = cosines
        rows += [_row(name, kind, cosines[kind], kept, settings, context) for kind in KINDS]
    columns = [
        "space",
        "asked of",
        "years",
        "logarithm",
        "digits",
        "best reference",
        "reference",
        "from",
        "to",
        "held-out: logarithm",
        "held-out: digits",
        "held-out: reference",
    ]
    report.table("Embeddings: signed R² of the distances", columns, rows)
    _claim_gaps(report, gaps, counts)
    _claim_reference(report, matrices[settings.encoder], years, settings, context)
    _claim_shifted(report, spaces, known, settings, context)
    _draw(report, gaps, matrices[settings.encoder], years, settings)


def _encoder(settings: TemporalSettings, context: Context) -> Embed:
    model = load_sentence_encoder(settings.encoder, device=context.device)

    def embed(years: npt.NDArray[np.int64], kind: str) -> Rows:
        found: Rows = model.encode(year_prompts(years, kind), show_progress_bar=False).astype(np.float64)
        return found

    return embed


def _glove() -> tuple[dict[str, int], Embed]:
    table = load_word_vectors("glove-6b-50d")

    def embed(years: npt.NDArray[np.int64], kind: str) -> Rows:
        rows = table.vectors[[table.index[str(year)] for year in years]].astype(np.float64)
        both: Rows = (rows + table.vectors[table.index[kind.lower()]]) / 2
        return both

    return table.index, embed


def _wordllama() -> Embed:
    table = load_word_vectors("wordllama-256")

    def embed(years: npt.NDArray[np.int64], kind: str) -> Rows:
        start = [table.index[piece] for piece in (f"▁{kind}", ":")]
        pieces = [[*start, *(table.index[digit] for digit in "-".join(str(year)))] for year in years]
        return np.stack([table.vectors[one].mean(axis=0, dtype=np.float64) for one in pieces])

    return embed


def _cosines(rows: Rows) -> Rows:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    found: Rows = unit @ unit.T
    return (found + found.T) / 2


def _row(
    name: str, kind: str, cosines: Rows, years: npt.NDArray[np.int64], settings: TemporalSettings, context: Context
) -> list[object]:
    found = _reference(cosines, years, settings, context)
    folds = min(5, len(years) // 3)
    held = held_out_r2(cosines, years, candidates=_coarse(settings, years), folds=folds, seed=context.seed)
    return [
        name,
        kind,
        len(years),
        fit_distance(cosines, log_distance(years)).r2,
        fit_distance(cosines, edit_distance(years)).r2,
        found.r2,
        found.year,
        found.low,
        found.high,
        held["log"],
        held["edit"],
        held["reference"],
    ]


def _coarse(settings: TemporalSettings, years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return candidates(settings, years)[::2]


def _reference(cosines: Rows, years: npt.NDArray[np.int64], settings: TemporalSettings, context: Context) -> Reference:
    tried, draws = _coarse(settings, years), min(100, settings.draws)
    return find_reference(cosines, years, candidates=tried, draws=draws, seed=context.seed)


def _claim_gaps(report: Report, gaps: dict[str, ExposureGap], counts: dict[str, int]) -> None:
    for name, gap in gaps.items():
        report.claim(
            clearly_above(
                f"{name}: future years are more alike than past ones, beyond what numbers are (difference)",
                gap.difference,
                interval(gap.draws),
                paper_value="in three embedding models",
                note=f"2100 to 2500 less 1600 to 2000, mean cosine: {gap.year:.4f} for years, "
                f"{gap.number:.4f} for numbers; {counts[name]} years. Samples of years.",
            )
        )
    for name, gap in gaps.items():
        report.claim(
            clearly_above(
                f"{name}: future years are more alike than past ones (mean cosine, no control)",
                gap.year,
                interval(gap.year_draws),
                paper_value="in three embedding models",
                note=f"Numbers: {gap.number:.4f}.",
            )
        )


def _claim_reference(
    report: Report, cosines: dict[str, Rows], years: npt.NDArray[np.int64], settings: TemporalSettings, context: Context
) -> None:
    found = {kind: _reference(cosines[kind], years, settings, context) for kind in KINDS}
    year, number = found["Year"], found["Number"]
    report.claim(
        clearly_near(
            f"{settings.encoder}: years have their reference near the present",
            year.year,
            (year.low, year.high),
            value=_ABOUT,
            tolerance=50,
            note=f"Signed R² {year.r2:.3f}. From 1950 to 2050 counts as near.",
        )
    )
    within = number.low <= _ABOUT <= number.high
    nearer = 0 if within else min(abs(number.low - _ABOUT), abs(number.high - _ABOUT))
    report.claim(
        Claim.at_least(
            f"{settings.encoder}: numbers do not: distance of the nearer end of the 95 % interval of their "
            f"reference from {_ABOUT}",
            measured=nearer,
            floor=51,
            note=f"{number.year} ({number.low} to {number.high}), R² {number.r2:.3f}.",
        )
    )


def _claim_shifted(
    report: Report, spaces: dict[str, Embed], known: dict[str, int], settings: TemporalSettings, context: Context
) -> None:
    """Ask other ranges of years: a reference that is the model's own stays, one that is the range's middle moves."""
    rows, found = [], {}
    for name, embed in spaces.items():
        of = {}
        for shift in (0, *_SHIFTS):
            asked = grid(settings, settings.encoded) + shift
            asked = np.array([year for year in asked if name != "GloVe" or str(year) in known])
            of[shift] = _reference(_cosines(embed(asked, "Year")), asked, settings, context)
        rows.append(
            [name, *(f"{one.year} ({one.low} to {one.high})" for one in (of[_SHIFTS[0]], of[0], of[_SHIFTS[1]]))]
        )
        found[name] = of
    ranges = [f"{settings.first + shift} to {settings.last + shift}" for shift in (_SHIFTS[0], 0, _SHIFTS[1])]
    report.table(
        "Embeddings: best reference by the years that are asked, with 95 % intervals", ["space", *ranges], rows
    )
    for name, of in found.items():
        start = of[0].year
        moves = {shift: max(abs(of[shift].low - start), abs(of[shift].high - start)) for shift in _SHIFTS}
        itself = max(abs(of[shift].year - start) for shift in _SHIFTS)
        report.claim(
            Claim.at_most(
                f"{name}: the reference stays where it is when other years are asked (years moved, farther "
                "end of the 95 % interval)",
                measured=max(moves.values()),
                ceiling=50,
                note=f"Largest move of the reference itself: {itself}. The paper asks one range, whose "
                "middle is 2025: a reference that moves with the range is its middle, not a present.",
            )
        )


def _draw(
    report: Report,
    gaps: dict[str, ExposureGap],
    cosines: dict[str, Rows],
    years: npt.NDArray[np.int64],
    settings: TemporalSettings,
) -> None:
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.2))
    ends = (int(years[0]), int(years[-1]))
    for panel, (kind, s) in zip(axes, cosines.items(), strict=False):
        shown = panel.imshow(s, cmap="cividis", extent=(*ends, *ends[::-1]), vmin=float(np.quantile(s, 0.02)), vmax=1)
        panel.set_title(f"{settings.encoder}: {kind}", fontsize=9)
        figure.colorbar(shown, ax=panel, shrink=0.8)
    places = np.arange(len(gaps))
    found = list(gaps.values())
    for offset, (label, mark) in zip((-0.12, 0.12), (("year", "o"), ("number", "s")), strict=True):
        axes[2].plot(
            places + offset,
            [getattr(one, label) for one in found],
            mark,
            color="0.35",
            ms=6,
            label=label,
            mfc="none" if label == "number" else "0.35",
        )
    middle = np.array([one.difference for one in found])
    ends_of = np.array([interval(one.draws) for one in found]).T
    axes[2].errorbar(
        places, middle, yerr=np.abs(ends_of - middle), fmt="^", color="black", capsize=4, label="difference"
    )
    axes[2].axhline(0, color="0.6", lw=0.8)
    axes[2].set_xticks(places, list(gaps))
    axes[2].set_ylabel("cosine, future less past")
    axes[2].legend(fontsize=7)
    report.figure(
        "Embeddings",
        figure,
        "Left: cosines of years and of numbers. Right: how much more alike the years 2100 to 2500 are than 1600 to "
        f"2000, for both, and the difference with 95 % over samples of years. The present is {PRESENT}.",
    )
