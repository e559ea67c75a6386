"""What was found, beside the paper's claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.experiments.disambiguated_skipgram.corpus import SETTINGS, Hidden
from seme.experiments.disambiguated_skipgram.measuring import Found
from seme.report import Claim, Report
from seme.retrieval.significance import paired_randomisation

if TYPE_CHECKING:
    from seme.experiments.p19_disambiguated_skipgram import DisambiguatedSkipgramSettings

_OURS, _MSSG, _GLOVE = "Disambiguated Skip-gram", "MSSG", "k-means of GloVe windows"


def add(report: Report, found: Sequence[Found], hidden: Hidden, settings: DisambiguatedSkipgramSettings) -> None:
    """Judge agreement with the hidden senses, priors and pruning."""
    of = np.array([word.setting for word in hidden.pseudo])
    for rival in (_MSSG, _GLOVE):
        _add_wins(report, found, of, rival)
    unbalanced = np.flatnonzero(of == "frequent, unbalanced")
    true = np.array([word.share for word in hidden.pseudo])
    errors = [float(np.abs(np.array(one.shares) - true)[unbalanced].mean()) for one in found]
    report.claim(
        Claim.at_most(
            f"Priors of frequent pseudo-words of {settings.share:.0%} and {1 - settings.share:.0%} are found "
            "(mean absolute error)",
            measured=float(np.mean(errors)),
            ceiling=0.1,
            spread=(min(errors), max(errors)),
            note="Senses are counted to the word they mostly mean.",
        )
    )
    kept = [float(np.mean(one.kept)) for one in found]
    report.claim(
        Claim.equal(
            f"Pruning leaves two of {settings.senses} senses of a pseudo-word (mean)",
            measured=float(np.mean(kept)),
            value=2.0,
            tolerance=0.5,
            spread=(min(kept), max(kept)),
            note=f"Senses with a prior below {settings.floor:g} are pruned.",
        )
    )
    report.claim(
        Claim.not_tested(
            "It is better than AdaGram and MSSG on 3 of 4 data sets of word-sense induction",
            "SemEval-2007, SemEval-2010, SemEval-2013 and WWSI are not to be had offline, and training "
            "on a billion tokens is out of reach here; pseudo-words stand in.",
            "3 of 4 (ARI)",
        )
    )
    _add_tables(report, found, hidden, of)
    _draw(report, found, of)


def _means(found: Sequence[Found], system: str, of: npt.NDArray[np.str_], setting: str) -> list[float]:
    return [float(np.mean(np.array(one.agreement[system])[of == setting])) for one in found]


def _add_wins(report: Report, found: Sequence[Found], of: npt.NDArray[np.str_], rival: str) -> None:
    gaps = [
        np.mean(_means(found, _OURS, of, setting)) - np.mean(_means(found, rival, of, setting)) for setting in SETTINGS
    ]
    per_seed = [
        sum(_means([one], _OURS, of, setting)[0] > _means([one], rival, of, setting)[0] for setting in SETTINGS)
        for one in found
    ]
    systems = [
        {str(n): float(v) for n, v in enumerate(np.mean([one.agreement[name] for one in found], axis=0))}
        for name in (rival, _OURS)
    ]
    test = paired_randomisation(*systems)
    shown = ", ".join(f"{setting}: {gap:+.3f}" for setting, gap in zip(SETTINGS, gaps, strict=True))
    report.claim(
        Claim.at_least(
            f"Senses agree better with the hidden ones than those of {rival} (settings of 4, mean ARI)",
            measured=float(sum(gap > 0 for gap in gaps)),
            floor=3.0,
            paper_value="3 of 4 data sets",
            spread=(float(min(per_seed)), float(max(per_seed))),
            note=f"{shown}. Over all {test.queries} pseudo-words {test.difference:+.3f}, p = {test.p:.2g} "
            "(paired randomisation of the means over seeds).",
        )
    )


def _add_tables(report: Report, found: Sequence[Found], hidden: Hidden, of: npt.NDArray[np.str_]) -> None:
    rows: list[list[str | float]] = []
    for system in found[0].agreement:
        means = [_means(found, system, of, setting) for setting in SETTINGS]
        rows.append([system, *(float(np.mean(one)) for one in means), float(np.max(np.std(means, axis=1)))])
        if system != _OURS:
            report.baseline(system, {"ARI": float(np.mean(means))})
    report.table("Adjusted Rand index", ["system", *SETTINGS, "largest sd over seeds"], rows)
    parts = [np.mean([getattr(one, name) for one in found], axis=0) for name in ("shares", "kept")]
    ari = np.mean([one.agreement[_OURS] for one in found], axis=0)
    report.table(
        "Pseudo-words",
        ["pseudo-word", "setting", "places", "share of the first", "prior found", "senses kept", "ARI"],
        [
            [word.name, word.setting, len(word.labels), word.share, float(share), float(kept), float(one)]
            for word, share, kept, one in zip(hidden.pseudo, *parts, ari, strict=True)
        ],
    )
    words = sum(map(len, hidden.texts))
    report.note(
        f"{len(hidden.texts)} texts of {words} words stand in for Wikipedia's billion; the most frequent words are "
        "left out. All pseudo-words stand in one corpus; other places of both words are left as they are. AdaGrad "
        "replaces SGD with momentum."
    )


def _draw(report: Report, found: Sequence[Found], of: npt.NDArray[np.str_]) -> None:
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    systems = list(found[0].agreement)
    width = 0.8 / len(systems)
    for number, system in enumerate(systems):
        means = [_means(found, system, of, setting) for setting in SETTINGS]
        axes.bar(
            np.arange(len(SETTINGS)) + number * width,
            np.mean(means, axis=1),
            width,
            yerr=np.std(means, axis=1),
            color=str(0.1 + 0.8 * number / len(systems)),
            edgecolor="k",
            lw=0.5,
            label=system,
        )
    axes.set_xticks(np.arange(len(SETTINGS)) + 0.4 - width / 2, SETTINGS, fontsize=8)
    axes.set_ylabel("adjusted Rand index")
    axes.legend(fontsize=6, frameon=False)
    report.figure(
        "Agreement", figure, "Agreement of the senses found with those hidden, by kind of pseudo-word; sd over seeds."
    )
