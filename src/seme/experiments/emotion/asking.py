"""The same model asked which emotion it is, against the probe, on the same texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.emotion.corpus import EMOTIONS
from seme.experiments.emotion.layers import Read
from seme.experiments.emotion.recording import Recorder
from seme.experiments.intervals import interval
from seme.experiments.keeping import kept
from seme.interp.activations.fingerprint import model_hash
from seme.interp.emotion import corrected, label_scores
from seme.report import Report

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_LISTED = ", ".join(EMOTIONS[:-1]) + f" or {EMOTIONS[-1]}"
_WORDINGS = (
    "Text: {}\nEmotion of the writer (" + ", ".join(EMOTIONS) + "):",
    "{}\nThe writer of this feels",
    "Which emotion does the writer feel, " + _LISTED + "?\n{}\nAnswer: the writer feels",
)


def add(report: Report, read: Read, recorder: Recorder, settings: EmotionSettings, context: Context) -> None:
    """Claim that the probe beats the best wording, corrected or not, whichever is best on these texts."""
    corpus = read.corpus
    texts = corpus.of_form(corpus.test, settings.asked)
    labels = corpus.labels[texts]
    tokenizer = recorder.loaded.tokenizer
    words = [tokenizer.encode(f" {name}", add_special_tokens=False)[0] for name in EMOTIONS]
    rows, answers = [], {}
    for number, wording in enumerate(_WORDINGS[: settings.prompts]):
        prompts = [tokenizer.encode(wording.format(corpus.texts[one]), add_special_tokens=False) for one in texts]
        scores = _asked(recorder, prompts, words, context)
        for kind, values in (("as it is", scores), ("each label's mean taken off", corrected(scores))):
            found = values.argmax(axis=1)
            answers[f"{number + 1}, {kind}"] = found == labels
            rows.append(
                [
                    number + 1,
                    wording.replace("{}", "…").replace("\n", " / "),
                    kind,
                    float((found == labels).mean()),
                    len(np.unique(found)),
                ]
            )
    best = max(answers, key=lambda name: float(answers[name].mean()))
    plain = max(float(found.mean()) for name, found in answers.items() if name.endswith("as it is"))
    probe = read.probe.predict(read.states.layer(read.best)[texts]) == labels
    _claim(report, probe, answers[best], plain, best, corpus.situations[texts], settings, context)
    report.baseline("Zero-shot, best wording", {"accuracy": float(answers[best].mean())})
    columns = ["wording", "prompt", "scores", "accuracy", "labels that are ever named"]
    report.table(f"The model asked about {len(texts)} held-out utterances", columns, rows)


def _asked(recorder: Recorder, prompts: list[list[int]], words: list[int], context: Context) -> np.ndarray:
    model = recorder.loaded.model

    def make() -> dict[str, list[list[float]]]:
        return {"scores": label_scores(model, prompts, words, progress=context.progress).tolist()}

    return np.array(kept(context.cache, ("asked", model_hash(model), prompts, words), make)["scores"])


def _claim(
    report: Report,
    probe: np.ndarray,
    asked: np.ndarray,
    plain: float,
    best: str,
    situations: np.ndarray,
    settings: EmotionSettings,
    context: Context,
) -> None:
    gains = np.array([(probe[situations == one].mean() - asked[situations == one].mean()) for one in set(situations)])
    rng = context.rng("asked")
    drawn = gains[rng.integers(len(gains), size=(settings.samples, len(gains)))].mean(axis=1)
    only = int((probe & ~asked).sum()), int((asked & ~probe).sum())
    test = binomtest(only[0], max(1, sum(only))).pvalue if sum(only) else 1.0
    report.claim(
        clearly_above(
            "The probe beats asking the same model by ten points (accuracy, probe less best wording)",
            float(probe.mean() - asked.mean()),
            interval(drawn),
            floor=0.1,
            paper_value="significantly better than zero-shot",
            note=f"{probe.mean():.3f} against {asked.mean():.3f} (wording {best}, chosen on these texts, in "
            f"favour of asking); exact sign test on the texts that one alone gets right ({only[0]} "
            f"against {only[1]}): p = {test:.2g}. Labels are scored, not parsed; taken as they are, "
            f"the scores of the best wording reach {plain:.3f}.",
        )
    )
