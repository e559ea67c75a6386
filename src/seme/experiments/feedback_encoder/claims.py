"""What the paper says, beside what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from seme.experiments.feedback_encoder.measuring import RECALLED, STRONG, UNTRAINED, WEAK, Found, Values, mean
from seme.report import Claim, Report
from seme.retrieval.significance import holm, paired_t

if TYPE_CHECKING:
    from seme.experiments.p16_feedback_encoder import FeedbackEncoderSettings

_DEEP, _RECALL, _SPARSE = "nDCG@10", f"recall@{RECALLED}", "MRR@10, one judged"
_LEAST = 1e-9


def add(report: Report, found: Found, settings: FeedbackEncoderSettings) -> None:
    """Add claims, tables and figures."""
    _add_gains(report, found)
    _add_training(report, found)
    _add_strength(report, found)
    _add_sensitivity(report, found, settings)
    _add_drift(report, found)
    _add_tables(report, found)
    _add_notes(report, settings)


def _gains(found: Found, base: str, over: str, measure: str) -> list[float]:
    plain = mean(found.systems[base][over], measure)
    return [mean(values, measure) - plain for values in found.trained[base]]


def _averaged(runs: list[Values], measure: str) -> dict[str, float]:
    return {one: float(np.mean([values[measure][one] for values in runs])) for one in runs[0][measure]}


def _difference(statement: str, gains: list[float], *, paper: str = "", note: str = "") -> Claim:
    return Claim.at_least(
        statement,
        measured=float(np.mean(gains)),
        floor=_LEAST,
        spread=(min(gains), max(gains)),
        paper_value=paper,
        note=note,
    )


def _add_gains(report: Report, found: Found) -> None:
    for measure, paper in ((_DEEP, "+0.032 (DL 2019), +0.028 (DL 2020)"), (_RECALL, "+0.036, +0.018 at 1000 (ANCE)")):
        test = paired_t(found.systems[STRONG]["base"][measure], _averaged(found.trained[STRONG], measure))
        report.claim(
            _difference(
                f"A trained feedback encoder finds more than its base where all is judged ({measure}, difference)",
                _gains(found, STRONG, "base", measure),
                paper=paper,
                note=f"p = {test.p:.3g} (paired t over {test.queries} queries, mean of the seeds).",
            )
        )


def _add_training(report: Report, found: Found) -> None:
    report.claim(
        _difference(
            "Training is needed: the query encoder as it is makes less of the same text (nDCG@10, difference)",
            _gains(found, STRONG, "text, untrained", _DEEP),
        )
    )
    for rival in ("average", "Rocchio"):
        report.claim(
            _difference(
                f"Where one document is judged it is better than feedback of vectors by {rival} (MRR@10, difference)",
                _gains(found, STRONG, rival, _SPARSE),
                paper="vector PRF loses on MS MARCO, ANCE-PRF gains",
            )
        )


def _add_strength(report: Report, found: Found) -> None:
    gains = {name: float(np.mean(_gains(found, name, "base", _DEEP))) for name in (STRONG, WEAK)}
    report.claim(
        Claim.ordered(
            "The stronger the base, the less is gained (gain of nDCG@10)",
            gains,
            paper_value="ANCE gains more than TCT-ColBERT v2 and DistilBERT",
            note=f"Bases reach {mean(found.systems[STRONG]['base'], _DEEP):.3f} (strong) and "
            f"{mean(found.systems[WEAK]['base'], _DEEP):.3f} (weak).",
        )
    )


def _add_sensitivity(report: Report, found: Found, settings: FeedbackEncoderSettings) -> None:
    statement = "Hyper-parameters matter more than seeds (range of nDCG@10 over them, in standard deviations of seeds)"
    values = [mean(one, _DEEP) for one in found.variants.values()]
    runs = [mean(one, _DEEP) for one in found.trained[STRONG]]
    deviation = float(np.std(runs, ddof=1)) if len(runs) > 1 else 0.0
    if deviation == 0:
        report.claim(Claim.not_tested(statement, f"{settings.seeds} seed(s) show no spread.", "they matter a lot"))
    else:
        report.claim(
            Claim.ratio_at_least(
                statement,
                measured=max(values) - min(values),
                baseline=deviation,
                factor=1.0,
                paper_value="training reproduces only if they match",
            )
        )
    report.table(
        "Variants of the strong base's training, seed 0",
        ["passages", "learning rate", "depth of negatives", _DEEP, _RECALL, _SPARSE],
        [
            [one.passages, one.rate, one.depth, *(mean(values, m) for m in (_DEEP, _RECALL, _SPARSE))]
            for one, values in found.variants.items()
        ],
    )


def _add_drift(report: Report, found: Found) -> None:
    plain = found.systems[STRONG]["base"]
    for rival in ("average", "Rocchio"):
        own = found.systems[STRONG][rival]
        test = paired_t(plain[_SPARSE], own[_SPARSE])
        report.claim(
            Claim.at_most(
                f"Feedback of vectors drifts where one document is judged ({rival}, MRR@10, difference)",
                measured=test.difference,
                ceiling=0.0,
                paper_value="MAP 0.336 -> 0.313 (ANCE, average of 3)",
                note=f"p = {test.p:.3g}; where all is judged, nDCG@10 changes by "
                f"{mean(own, _DEEP) - mean(plain, _DEEP):+.3f}.",
            )
        )


def _add_tables(report: Report, found: Found) -> None:
    rows, tests = [], {}
    for base, systems in found.systems.items():
        measures = list(systems["base"])
        rows += [[base, name, *(mean(values, one) for one in measures), None] for name, values in systems.items()]
        runs = found.trained[base]
        means = [[mean(values, one) for values in runs] for one in measures]
        rows.append([base, "trained", *(float(np.mean(one)) for one in means), float(np.std(means[0]))])
        for rival in UNTRAINED:
            tests[base, rival] = paired_t(systems[rival][_DEEP], _averaged(runs, _DEEP))
        for name in ("base", "average", "Rocchio"):
            report.baseline(f"{base}: {name}", {one: mean(systems[name], one) for one in measures})
    report.table(
        "All systems, mean over queries (and seeds)",
        ["base", "system", *found.systems[STRONG]["base"], f"sd of {_DEEP} over seeds"],
        rows,
    )
    _draw(report, rows, list(found.systems[STRONG]["base"]))
    corrected = holm([one.p for one in tests.values()])
    report.table(
        "Trained less another system (nDCG@10, paired over queries)",
        ["base", "other", "difference", "p (t, Holm)"],
        [[*key, test.difference, p] for (key, test), p in zip(tests.items(), corrected, strict=True)],
    )


def _draw(report: Report, rows: list[list[Any]], measures: list[str]) -> None:
    """Draw the rows of the table (base, system, values of each measure)."""
    figure = Figure(figsize=(6.4, 2.8), layout="constrained")
    values = {(row[0], row[1]): dict(zip(measures, row[2:], strict=False)) for row in rows}
    names = (*UNTRAINED, "trained")
    for axes, measure in zip(figure.subplots(1, 2), (_DEEP, _SPARSE), strict=True):
        for i, (base, grey) in enumerate(((STRONG, "0.25"), (WEAK, "0.75"))):
            places = np.arange(len(names)) + (i - 0.5) * 0.4
            heights = [values[base, name][measure] for name in names]
            axes.bar(places, heights, 0.4, color=grey, edgecolor="black", lw=0.5, label=f"{base} base")
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=8)
        axes.set_ylabel(measure)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside upper center", ncols=2)
    report.figure(
        "Systems",
        figure,
        "The bases, feedback without training, and the trained encoders, judged by all right documents (left) and by "
        "one of them (right).",
    )


def _add_notes(report: Report, settings: FeedbackEncoderSettings) -> None:
    report.note(
        f"MS MARCO and TREC Deep Learning are stood in for by {settings.collection} (general words and the glosses of "
        f"all that they name); where one document is judged, it is one of those, drawn by its id. ANCE is stood in for "
        f"by {settings.encoder}; the weak base is its lowest {settings.weak} blocks."
    )
    report.note(
        f"The top {settings.trained} block(s) are trained for {settings.steps} steps of {settings.batch} queries on "
        f"{settings.train} training queries at {settings.longest} tokens; negatives are hard ones and those of the "
        "batch. The paper trains all blocks for 10 epochs of MS MARCO. Variants change one thing at a time."
    )
    report.note("The encoder has no pooler head: training with and without initialising it is not compared.")
