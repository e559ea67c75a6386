"""Second question: does a system prompt move the emotion that the same probe reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import binomtest

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.emotion.corpus import EMOTIONS
from seme.experiments.emotion.layers import Read
from seme.experiments.emotion.recording import Recorder
from seme.experiments.intervals import interval
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_NEUTRAL = "as long, of nothing"
_PROMPTS = {
    "angry": ("You are angry. Everything makes you furious.", "anger"),
    "cheerful": ("You are cheerful. Everything makes you happy.", "happiness"),
    "emotionless": ("You are emotionless. Nothing makes you feel.", "neutral"),
    _NEUTRAL: ("You are helpful. Everything makes you answer.", "anger"),
}
"""System prompts, and the emotion whose probability each is asked about."""


def add(report: Report, read: Read, recorder: Recorder, settings: EmotionSettings, context: Context) -> None:
    """Compare what the probe reads of the same utterances under each prompt and under none."""
    corpus = read.corpus
    texts = corpus.of_form(corpus.test, 1)  # one form a situation: the texts are independent
    said = [corpus.texts[one] for one in texts]
    plain = read.probe.predict_proba(read.states.layer(read.best)[texts])
    found = {}
    for name, (prompt, _) in _PROMPTS.items():
        states = recorder.states(f"system prompt, {name}", recorder.turns(said, prompt))
        found[name] = read.probe.predict_proba(states.layer(read.best))
    _claim(report, plain, found, settings, context)
    rows = []
    labels = corpus.labels[texts]
    for name, (prompt, emotion) in _PROMPTS.items():
        place, after = EMOTIONS.index(emotion), found[name]
        length = len(recorder.turns(["a"], prompt)[0]) - len(recorder.turns(["a"])[0])
        rows.append(
            [
                name,
                prompt,
                length,
                emotion,
                float(plain[:, place].mean()),
                float(after[:, place].mean()),
                float((after.argmax(1) == plain.argmax(1)).mean()),
                float((plain.argmax(1) == labels).mean()),
                float((after.argmax(1) == labels).mean()),
            ]
        )
    columns = [
        "prompt",
        "words",
        "tokens",
        "emotion",
        "its probability without",
        "with",
        "same answer as without",
        "accuracy without",
        "accuracy with",
    ]
    report.table("System prompts", columns, rows)
    _draw(report, plain, found)


def _claim(
    report: Report, plain: np.ndarray, found: dict[str, np.ndarray], settings: EmotionSettings, context: Context
) -> None:
    place = EMOTIONS.index("anger")
    moved = found["angry"][:, place] - plain[:, place]
    control = found[_NEUTRAL][:, place] - plain[:, place]
    up, count = int((moved > 0).sum()), int((moved != 0).sum())
    test = float(binomtest(up, max(1, count), alternative="greater").pvalue)
    report.claim(
        Claim.at_most(
            "An angry system prompt raises the probability of anger (p of a paired sign test)",
            measured=test,
            ceiling=0.01,
            paper_value="malleable by simple system prompts",
            note=f"It rises in {up} of {count} utterances, by {moved.mean():+.3f} in the mean. The probe was "
            "trained without system prompts.",
        )
    )
    rng = context.rng("prompting")
    gaps = moved - control
    drawn = gaps[rng.integers(len(gaps), size=(settings.samples, len(gaps)))].mean(axis=1)
    report.claim(
        clearly_above(
            "It raises it more than a neutral prompt of the same length (difference of mean gains)",
            float(gaps.mean()),
            interval(drawn),
            note=f"Gain {moved.mean():+.3f} against {control.mean():+.3f}.",
        )
    )


def _draw(report: Report, plain: np.ndarray, found: dict[str, np.ndarray]) -> None:
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    shown = {"none": plain, **found}
    width = 0.8 / len(shown)
    hatches = ("", "///", "...", "xx", "\\\\")
    for number, ((name, values), hatch) in enumerate(zip(shown.items(), hatches, strict=True)):
        at = np.arange(len(EMOTIONS)) + (number - (len(shown) - 1) / 2) * width
        error = values.std(axis=0) / np.sqrt(len(values))
        shade = str(0.25 + 0.6 * number / len(shown))
        axes.bar(
            at,
            values.mean(axis=0),
            width,
            yerr=error,
            hatch=hatch,
            color=shade,
            edgecolor="black",
            lw=0.6,
            label=name,
            error_kw={"lw": 0.8},
        )
    axes.set_xticks(range(len(EMOTIONS)), EMOTIONS, fontsize=8)
    axes.set_ylabel("mean probability by the probe")
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])  # room for the legend
    axes.legend(title="system prompt", fontsize=7, title_fontsize=7, ncols=3)
    report.figure(
        "System prompts",
        figure,
        "What the probe reads of the same held-out utterances under each system prompt; bars show standard errors.",
    )
