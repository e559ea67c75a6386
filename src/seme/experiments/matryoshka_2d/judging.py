"""What the correlations say about the paper's claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seme.experiment import Context
from seme.experiments.matryoshka_2d.reading import Array, correlations
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

LABELS = {
    "plain": "As it comes",
    "last": "Last layer",
    "mse": "Matryoshka (widths)",
    "2dmse": "2DMSE",
    "ese": "ESE",
    "no-kl": "2DMSE without alignment",
    "half": "Half the layers, trained alone",
}
_SAMPLES = 1000

Places = tuple[slice | int, slice | int]
"""Layers and widths."""


class Judge:
    """Grids of correlations, (seeds, layers, widths) of each method, and how they vary with the pairs.

    Parameters
    ----------
    scores
        Cosines of pairs, (seeds, layers, widths, pairs) of each method.
    likeness
        What they are held against, (pairs,).
    """

    def __init__(self, scores: dict[str, Array], likeness: Array, context: Context) -> None:
        weights = context.rng("resampling").multinomial(
            len(likeness), np.full(len(likeness), 1 / len(likeness)), _SAMPLES
        )
        self.grids = {name: correlations(one, likeness) for name, one in scores.items()}
        self._resampled = {name: correlations(one, likeness, weights.astype(float)) for name, one in scores.items()}
        self.half = self.grids["plain"].shape[1] // 2
        self.shallow: Places = (slice(self.half), slice(None))

    def gaps(self, method: str, rival: str, places: Places) -> tuple[Array, str]:
        """Return the mean difference of rho at some layers and widths for each seed, and its interval over pairs."""
        here = (..., *places)
        differences = self.grids[method][here] - self.grids[rival][here]
        seeds = differences.reshape(len(differences), -1).mean(axis=1)
        resampled = self._resampled[method][here] - self._resampled[rival][here]
        low, high = np.percentile(resampled.reshape(_SAMPLES, -1).mean(axis=1), [2.5, 97.5])
        return seeds, f"With the pairs drawn anew, 95 % lie from {low:+.3f} to {high:+.3f}."

    def state(
        self, report: Report, statement: str, pair: tuple[str, str], places: Places, floor: float, paper: str = ""
    ) -> None:
        """Claim that the first of two methods leads the second by `floor` or more."""
        seeds, interval = self.gaps(*pair, places)
        report.claim(
            Claim.at_least(
                f"{statement} (difference of rho)",
                measured=float(seeds.mean()),
                floor=floor,
                paper_value=paper,
                spread=(float(seeds.min()), float(seeds.max())),
                note=interval,
            )
        )


def add(report: Report, judge: Judge, settings: Matryoshka2dSettings) -> None:
    """Judge shallow layers, the last one, and the parts of the losses."""
    _add_shallow(report, judge, settings)
    _add_full_depth(report, judge, settings)
    _add_parts(report, judge)
    for name in ("plain", "last", "mse", "half"):
        mean = judge.grids[name].mean(axis=0)
        measures = {
            "shallow layers": float(mean[: judge.half].mean()),
            "half depth, full width": float(mean[judge.half - 1, -1]),
        }
        report.baseline(LABELS[name], measures | ({} if name == "half" else {"full": float(mean[-1, -1])}))


def _add_shallow(report: Report, judge: Judge, settings: Matryoshka2dSettings) -> None:
    for rival in ("mse", "last", "plain"):
        name = "the encoder as it comes" if rival == "plain" else LABELS[rival].lower()
        paper = "" if rival == "plain" else "about +.09 (reproduction, layers up to the middle)"
        judge.state(
            report,
            f"2DMSE is better than {name} at shallow layers, on average",
            ("2dmse", rival),
            judge.shallow,
            0.03,
            paper,
        )
    for rival in ("mse", "last"):
        _state_everywhere(report, judge, rival, settings)


def _add_full_depth(report: Report, judge: Judge, settings: Matryoshka2dSettings) -> None:
    full: Places = (-1, -1)
    for rival in ("mse", "last"):
        judge.state(
            report,
            f"2DMSE is hardly worse than {LABELS[rival].lower()} at full depth and width",
            ("2dmse", rival),
            full,
            -0.03,
            ".795 against .816 and .809",
        )
    judge.state(
        report,
        f"At full depth and {settings.dims[0]} dimensions 2DMSE is no worse than the last layer alone",
        ("2dmse", "last"),
        (-1, 0),
        0.0,
        ".680 against .644",
    )


def _add_parts(report: Report, judge: Judge) -> None:
    judge.state(
        report,
        "ESE is no worse than 2DMSE at shallow layers, on average",
        ("ese", "2dmse"),
        judge.shallow,
        0.0,
        ".737 against .681 (layer 6 of 12)",
    )
    judge.state(
        report,
        "Alignment with the last layer helps shallow layers, on average",
        ("2dmse", "no-kl"),
        judge.shallow,
        1e-6,
    )
    judge.state(
        report,
        "An encoder that is trained at half the depth alone is better there than 2DMSE, at full width",
        ("half", "2dmse"),
        (judge.half - 1, -1),
        1e-6,
        ".767 against .681 (layer 6 of 12)",
    )


def _state_everywhere(report: Report, judge: Judge, rival: str, settings: Matryoshka2dSettings) -> None:
    each = (judge.grids["2dmse"] - judge.grids[rival])[:, : judge.half]
    layer, width = np.unravel_index(each.mean(axis=0).argmin(), each.shape[1:])
    least = each[:, layer, width]
    at = [f"{dim} dimensions" for dim in settings.dims] + ["full width"]
    report.claim(
        Claim.at_least(
            f"It is so at every shallow layer and width (least gap to {LABELS[rival].lower()})",
            measured=float(least.mean()),
            floor=1e-6,
            spread=(float(least.min()), float(least.max())),
            note=f"The least is at layer {layer + 1} and {at[width]}; "
            f"{int((each.mean(axis=0) > 0).sum())} of {each[0].size} are above 0. Means over seeds.",
        )
    )
