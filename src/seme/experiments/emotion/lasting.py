"""Third question: how long after the utterance its emotion can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.assets import load_texts
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.clear import clearly_below
from seme.experiments.emotion.corpus import EMOTIONS, Numbers
from seme.experiments.emotion.layers import CHANCE, Read, network
from seme.experiments.emotion.recording import Recorder
from seme.experiments.intervals import interval
from seme.interp.emotion import Decay, fit_decay
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_OFFSETS = (0, 5, 10, 25, 50, 100, 200, 400)
Values = dict[int, np.ndarray]
"""By offset: whether each held-out utterance is read rightly."""


def add(report: Report, read: Read, recorder: Recorder, settings: EmotionSettings, context: Context) -> None:
    """Follow utterances through neutral text, with the probe as it is and with one fitted anew at each offset."""
    corpus = read.corpus
    filler = _filler(recorder, max(settings.filler, settings.long_filler))
    near = [one for one in _OFFSETS if one <= settings.filler]
    far = [one for one in _OFFSETS if settings.filler < one <= settings.long_filler]
    trained = _few(corpus.of_form(corpus.train, 1), corpus.labels, settings.refitted)
    texts = np.concatenate([trained, corpus.of_form(corpus.test, 1)])
    states = _followed(read, recorder, texts, filler[: settings.filler], near)
    tested = np.isin(texts, corpus.test)
    labels = corpus.labels[texts]
    same: Values = {}
    fresh: Values = {}
    for offset, rows in zip(near, states, strict=True):
        same[offset] = read.probe.predict(rows[tested]) == labels[tested]
        new = network(settings, context).fit(rows[~tested], labels[~tested])
        fresh[offset] = new.predict(rows[tested]) == labels[tested]
    if far:
        few = _few(corpus.of_form(corpus.test, 1), corpus.labels, settings.followed)
        longer = _followed(read, recorder, few, filler[: settings.long_filler], far)
        same |= {
            offset: read.probe.predict(rows) == corpus.labels[few] for offset, rows in zip(far, longer, strict=True)
        }
    _claim(report, same, fresh, near[-1], len(trained), settings, context)
    decays = {
        name: fit_decay(list(found), [one.mean() for one in found.values()])
        for name, found in (("same", same), ("fresh", fresh))
    }
    _add_table(report, read, recorder, filler, same, fresh, decays)
    _draw(report, same, fresh, decays["same"])


def _filler(recorder: Recorder, count: int) -> list[int]:
    """Return tokens of the standard library's documentation, the same after every utterance."""
    found: list[int] = []
    for text in load_texts("stdlib-docs", 200):
        found += recorder.loaded.tokenizer.encode(" " + " ".join(text.split()), add_special_tokens=False)
        if len(found) >= count:
            return found[:count]
    raise InputError(f"the filler has {len(found)} tokens, expected {count}", hint="Lower --long-filler")


def _followed(
    read: Read, recorder: Recorder, texts: Numbers, filler: list[int], offsets: list[int]
) -> list[np.ndarray]:
    """Return, for each offset, the states at the chosen layer so many tokens after the utterance's last."""
    turns = recorder.turns([read.corpus.texts[one] for one in texts])
    places = [[len(turn) - 1 + offset for offset in offsets] for turn in turns]
    states = recorder.states(f"{len(filler)} tokens later", [[*turn, *filler] for turn in turns], places)
    rows = states.layer(read.best)
    return [rows[number :: len(offsets)] for number in range(len(offsets))]


def _few(texts: Numbers, labels: Numbers, each: int) -> Numbers:
    return np.concatenate([texts[labels[texts] == label][:each] for label in range(len(EMOTIONS))])


def _claim(
    report: Report, same: Values, fresh: Values, offset: int, trained: int, settings: EmotionSettings, context: Context
) -> None:
    for which, found in (("the same probe", same), ("a probe fitted there", fresh)):
        count = len(found[offset])
        error = float(np.sqrt(CHANCE * (1 - CHANCE) / count))
        report.claim(
            Claim.at_least(
                f"The emotion is still read {offset} tokens later, by {which} (accuracy)",
                measured=float(found[offset].mean()),
                floor=CHANCE + 3 * error,
                spread=float(found[offset].std() / np.sqrt(count)),
                paper_value="detectable for hundreds of tokens",
                note=f"{count} held-out utterances; the floor is chance and three standard errors. At the "
                f"utterance itself {found[0].mean():.3f}."
                + (f" Fitted on {trained} utterances." if found is fresh else ""),
            )
        )
    rng = context.rng("lasting")
    for which, found in (("the same probe", same), ("a probe fitted there", fresh)):
        near = [one for one in found if one <= offset]
        steps = (found[near[-1]].astype(float) - found[near[0]]) / (len(near) - 1)
        drawn = steps[rng.integers(len(steps), size=(settings.samples, len(steps)))].mean(axis=1)
        report.claim(
            clearly_below(
                f"It wears off (mean change of accuracy from offset to offset, {which})",
                float(steps.mean()),
                interval(drawn),
            )
        )


def _add_table(
    report: Report,
    read: Read,
    recorder: Recorder,
    filler: list[int],
    same: Values,
    fresh: Values,
    decays: dict[str, Decay],
) -> None:
    alone = recorder.turns(["."])[0][:-1]
    offsets = [one for one in same if one > 0]
    states = recorder.states("filler alone", [[*alone, *filler]], [[len(alone) - 1 + one for one in offsets]])
    said = dict(zip(offsets, read.probe.predict(states.layer(read.best)), strict=True))
    rows = [
        [
            offset,
            len(same[offset]),
            float(same[offset].mean()),
            float(fresh[offset].mean()) if offset in fresh else None,
            EMOTIONS[said[offset]] if offset in said else "",
        ]
        for offset in same
    ]
    columns = [
        "tokens later",
        "utterances",
        "accuracy, same probe",
        "accuracy, fitted there",
        "filler alone is read as",
    ]
    report.table("What is left of the emotion", columns, rows)
    rows = [[name, one.floor, one.drop, one.tau, one.half_life, one.residual] for name, one in decays.items()]
    report.table("Decay a + b exp(-t / tau)", ["probe", "a", "b", "tau", "half-life in tokens", "residual"], rows)


def _draw(report: Report, same: Values, fresh: Values, decay: Decay) -> None:
    figure = Figure(figsize=(6.5, 3.3), layout="constrained")
    axes = figure.subplots()
    for found, style, label in ((same, "o-", "the same probe"), (fresh, "s--", "a probe fitted there")):
        at = list(found)
        mean = np.array([one.mean() for one in found.values()])
        error = np.array([one.std() / np.sqrt(len(one)) for one in found.values()])
        axes.plot(at, mean, style, ms=4, label=label)
        axes.fill_between(at, *np.clip((mean - 1.96 * error, mean + 1.96 * error), 0, 1), alpha=0.2)
    dense = np.concatenate([np.linspace(0, 5, 60), np.geomspace(5, max(same), 60)])
    axes.plot(dense, decay(dense), color="0.4", lw=1, ls=":", label=f"decay, half-life {decay.half_life:.1f} tokens")
    axes.axhline(CHANCE, color="black", lw=0.8, label="chance")
    axes.set_xscale("symlog", linthresh=5)
    axes.set_xlim(-0.3, 1.2 * max(same))
    axes.set_xticks(list(same), [str(one) for one in same])
    axes.minorticks_off()
    axes.set_xlabel("tokens of neutral text after the utterance")
    axes.set_ylabel("accuracy")
    axes.legend(fontsize=7)
    report.figure(
        "How long it lasts",
        figure,
        "Accuracy of the emotion of held-out utterances, read from tokens of documentation that follow; bands "
        "are 1.96 standard errors.",
    )
