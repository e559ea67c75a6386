"""Planted truths: a logarithmic scale with a known reference, others without, and neurons that prefer years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seme.experiment import Context
from seme.experiments.temporal.years import candidates, grid
from seme.interp.temporal import (
    coding,
    edit_distance,
    find_reference,
    held_out_r2,
    linear_distance,
    log_distance,
    reference_distance,
    temporal_neurons,
)
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p46_temporal import TemporalSettings

Rows = npt.NDArray[np.float64]
_PLANTED = 1990
_NOISE = 0.5
_NEURONS = 2000


def add(report: Report, settings: TemporalSettings, context: Context) -> None:
    """Show what the method finds where the truth is known, and where there is nothing to find."""
    years = grid(settings, 20)
    scales = {
        "around 1990": reference_distance(years, _PLANTED),
        "logarithm": log_distance(years),
        "digits": edit_distance(years),
        "none": None,
    }
    held: dict[str, list[dict[str, float]]] = {name: [] for name in scales}
    errors = []
    for seed in context.progress(range(settings.seeds), "Planted scales"):
        for name, distance in scales.items():
            s = _noisy(distance, len(years), context.rng("planted", name, seed))
            held[name].append(held_out_r2(s, years, candidates=candidates(settings, years), seed=seed))
            if name == "around 1990":
                near = np.arange(_PLANTED - 100, _PLANTED + 101)
                errors.append(abs(find_reference(s, years, candidates=near, draws=1).year - _PLANTED))
    _claim_scales(report, held, errors)
    _add_table(report, held)
    _add_levelling(report, years, settings)
    _add_neurons(report, settings, context)


def _noisy(distance: Rows | None, count: int, rng: np.random.Generator) -> Rows:
    noise = rng.normal(size=(count, count))
    both: Rows = (noise + noise.T) / np.sqrt(2)
    return both if distance is None else np.asarray(_NOISE * distance.std() * both - distance)


def _claim_scales(report: Report, held: dict[str, list[dict[str, float]]], errors: list[int]) -> None:
    report.claim(
        Claim.at_most(
            "Method: a planted reference (1990) is found (years off, worst seed)",
            measured=max(errors),
            ceiling=5,
            spread=(min(errors), max(errors)),
        )
    )
    lead = [one["reference"] - max(one["log"], one["edit"]) for one in held["around 1990"]]
    report.claim(
        Claim.at_least(
            "Method: on a planted reference its distance beats the other two (held-out R², worst seed)",
            measured=min(lead),
            floor=0.05,
            spread=(min(lead), max(lead)),
        )
    )
    lead = [one["log"] - one["reference"] for one in held["logarithm"]]
    report.claim(
        Claim.at_least(
            "Method: on a plain logarithmic scale the reference does not win (held-out R², worst seed)",
            measured=min(lead),
            floor=0.0,
            spread=(min(lead), max(lead)),
        )
    )
    chance = [abs(float(np.mean([one[name] for one in held["none"]]))) for name in held["none"][0]]
    report.claim(
        Claim.at_most(
            "Method: similarities by chance are explained by no distance (held-out R², largest mean)",
            measured=max(chance),
            ceiling=0.05,
        )
    )


def _add_table(report: Report, held: dict[str, list[dict[str, float]]]) -> None:
    names = {"log": "logarithm", "edit": "digits", "linear": "linear", "reference": "around the best year"}
    rows = [[scale, *(float(np.mean([one[name] for one in found])) for name in names)] for scale, found in held.items()]
    report.table("Planted scales: held-out R² of each distance", ["planted", *names.values()], rows)


def _add_levelling(report: Report, years: np.ndarray, settings: TemporalSettings) -> None:
    """Show that a similarity which levels off with plain distance looks like a reference in the middle of the years."""
    s = np.exp(-linear_distance(years) / 200)
    found = find_reference(s, years, candidates=candidates(settings, years), draws=1)
    held = held_out_r2(s, years, candidates=candidates(settings, years))
    report.baseline(
        "A similarity exp(-|i - j| / 200) that has no reference",
        {
            "best reference": found.year,
            "held-out R² around it": held["reference"],
            "of the logarithm": held["log"],
            "of digits": held["edit"],
        },
    )
    middle = float(years.mean())
    report.note(
        f"The middle of these years is {middle:.0f}, and a similarity that merely levels off with the distance of two "
        f"years has its best reference at {found.year}, with a higher R² than the logarithm's. A reference near the "
        "present is therefore no finding by itself: each stands beside the same measure of plain numbers, and the "
        "encoder's beside that of years whose middle is elsewhere."
    )


def _add_neurons(report: Report, settings: TemporalSettings, context: Context) -> None:
    years = grid(settings, 4)
    growth = np.log1p(np.abs(_PLANTED - years))[:, None]
    hits, troughs, without = [], [], []
    for seed in context.progress(range(settings.seeds), "Planted neurons"):
        rng = context.rng("neurons", seed)
        truth = rng.permutation(_NEURONS) < _NEURONS // 100
        base = rng.normal(size=(len(years), _NEURONS))
        number, plain = (base + 0.3 * rng.normal(size=base.shape) for _ in range(2))
        found = temporal_neurons(plain + 0.5 * truth * growth, number)
        both = int((found.selected & truth).sum())
        hits.append(min(both / max(1, int(found.selected.sum())), both / int(truth.sum())))
        profile = (plain + 0.5 * truth * growth)[:, found.selected].mean(axis=1)
        troughs.append(abs(coding(profile, years, window=21).trough - _PLANTED))
        without.append(temporal_neurons(plain, number).share)
    report.claim(
        Claim.at_least(
            "Method: planted temporal neurons are found (the lower of precision and recall, worst seed)",
            measured=min(hits),
            floor=0.95,
            spread=(min(hits), max(hits)),
        )
    )
    report.claim(
        Claim.at_most(
            "Method: the trough of their activation is found (years off, worst seed)",
            measured=max(troughs),
            ceiling=10,
            spread=(min(troughs), max(troughs)),
        )
    )
    report.claim(
        Claim.at_most(
            "Method: where no neuron prefers years none is selected (share, worst seed)",
            measured=max(without),
            ceiling=0.001,
        )
    )
