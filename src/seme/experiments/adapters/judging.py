"""What the gains say about the paper's claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.adapters.measuring import MEASURES, Found
from seme.report import Claim, Report
from seme.retrieval.significance import bootstrap_interval, paired_randomisation

if TYPE_CHECKING:
    from seme.experiments.p50_adapters import AdaptersSettings

_STRICT = ("Recall@1", "nDCG@1", "nDCG@3", "nDCG@5")
_LEAST = 0.02
_ENCODERS = {"minilm": "all-MiniLM-L6-v2 (8 bit)"}


def add(report: Report, encoder: str, found: list[Found]) -> None:
    """State the claims of an encoder over its tasks."""
    varied = [one for one in found if one.heterogeneous]
    plain = [one for one in found if not one.heterogeneous]
    if varied:
        better = [one.task for one in varied if _better(one)]
        need = -(-3 * len(varied) // 4)
        report.claim(
            Claim.at_least(
                f"Adapted vectors of {encoder} are better on heterogeneous tasks "
                f"(tasks of {len(varied)}; two points of every strict measure, p < .05)",
                measured=len(better),
                floor=need,
                paper_value="better, no figure",
                note=", ".join(better) or "None.",
            )
        )
        _state_strict(report, encoder, varied)
    if varied and plain:
        each = {"homogeneous": _gain(plain, "nDCG@3"), "heterogeneous": _gain(varied, "nDCG@3")}
        report.claim(Claim.ordered(f"Heterogeneous tasks gain more than homogeneous ones (nDCG@3, {encoder})", each))
    for one in found:
        report.baseline(f"{encoder}, {one.task}", {name: float(np.mean(one.before[name])) for name in MEASURES})
    _add_table(report, encoder, found)
    _draw(report, encoder, found)


def add_notes(report: Report, settings: AdaptersSettings) -> None:
    """Say what stood in for what."""
    used = ", ".join(_ENCODERS.get(one, f"means of the word vectors {one}") for one in settings.encoders)
    report.note(
        f"Commercial embedding models were not at hand; what is frozen: {used}. WordNet and the docstrings of Python's "
        "libraries stand in for the paper's collections; pages of manuals were left out, for they differ from machine "
        "to machine."
    )
    report.note(
        f"Right documents of validation and test are none of the documents in training. Of {settings.documents} "
        "documents most are wrong for every query of the test."
    )
    report.note(
        "The identity is a candidate: where no adapter is better in validation, nothing is changed, and the gain is 0."
    )


def _better(found: Found) -> bool:
    """Whether every strict measure gains two points, and none of the gains could well be none."""
    return all(float(found.gains(name).mean()) >= _LEAST and _interval(found, name)[0] > 0 for name in _STRICT)


def _interval(found: Found, measure: str) -> tuple[float, float]:
    return bootstrap_interval(*_sides(found, measure), samples=2000)


def _sides(found: Found, measure: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the values of each query, before and (means over seeds) after."""
    after = np.mean([one[measure] for one in found.after], axis=0)
    return (
        {str(row): value for row, value in enumerate(found.before[measure])},
        {str(row): float(value) for row, value in enumerate(after)},
    )


def _gain(found: list[Found], measure: str) -> float:
    return float(np.mean([one.gains(measure).mean() for one in found]))


def _state_strict(report: Report, encoder: str, found: list[Found]) -> None:
    statement = f"The relative gain is larger at one document than at ten (nDCG, {encoder}, heterogeneous tasks)"
    shares = {
        f"@{k}": float(np.mean([one.gains(f"nDCG@{k}").mean() / np.mean(one.before[f"nDCG@{k}"]) for one in found]))
        for k in (10, 1)
    }
    report.claim(Claim.ordered(statement, shares, strict=False))


def _add_table(report: Report, encoder: str, found: list[Found]) -> None:
    rows = []
    for one in found:
        gains = one.gains("nDCG@3")
        low, high = _interval(one, "nDCG@3")
        p = paired_randomisation(*_sides(one, "nDCG@3")).p
        rows.append(
            [
                one.task,
                "heterogeneous" if one.heterogeneous else "homogeneous",
                float(np.mean(one.before["nDCG@3"])),
                float(np.mean(one.rotated["nDCG@3"])),
                *(float(one.gains(name).mean()) for name in MEASURES),
                float(gains.std()),
                f"{low:+.3f} to {high:+.3f}",
                p,
                "; ".join(sorted(set(one.chosen))),
            ]
        )
    columns = [
        "task",
        "kind",
        "nDCG@3 before",
        "nDCG@3 rotated",
        *(f"gain of {name}" for name in MEASURES),
        "sd over seeds (nDCG@3)",
        "95 % of the gain (nDCG@3)",
        "p (nDCG@3)",
        "chosen",
    ]
    report.table(f"Gains of adapters, {encoder}", columns, rows)


def _draw(report: Report, encoder: str, found: list[Found]) -> None:
    figure = Figure(figsize=(7, 0.5 + 0.45 * len(found)), layout="constrained")
    axes = figure.subplots()
    for row, one in enumerate(reversed(found)):
        before, after = float(np.mean(one.before["nDCG@3"])), one.gains("nDCG@3")
        axes.plot([before, before + after.mean()], [row, row], "k-", lw=1)
        axes.plot(before, row, "ko", mfc="white", ms=6, label="as it is" if not row else None)
        axes.plot(before + after, [row] * len(after), "k|", ms=8)
        axes.plot(before + after.mean(), row, "ko", ms=5, label="adapted" if not row else None)
    axes.set_yticks(range(len(found)), [one.task for one in reversed(found)])
    axes.set(xlabel="nDCG@3 of the test", ylim=(-0.6, len(found) - 0.4))
    axes.legend(fontsize=8, frameon=False)
    report.figure(
        f"Gains, {encoder}", figure, f"{encoder} before and after adapting, by task; strokes are single seeds."
    )
