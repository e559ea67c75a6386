"""First question: at which layers the emotion is, and whether more than words says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.emotion.corpus import EMOTIONS, Corpus, Numbers
from seme.experiments.emotion.recording import Recorder
from seme.interp.depth import depth_interval
from seme.interp.probes import LayerScores, LayerStates, Probe, bag_of_words, grouped_splits, probe_layers
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_SHALLOW = 0.3
CHANCE = 1 / len(EMOTIONS)


@dataclass(frozen=True, slots=True)
class Read:
    """The utterances, their states at every layer, the chosen layer, scores on held-out situations, and the probe."""

    corpus: Corpus
    states: LayerStates
    best: int
    scores: LayerScores
    probe: Probe

    @property
    def depth(self) -> int:
        """How many blocks there are."""
        return self.states.layers - 1


def add(report: Report, corpus: Corpus, recorder: Recorder, settings: EmotionSettings, context: Context) -> Read:
    """Probe every layer with two-layer and linear probes, and with shuffled labels."""
    states = recorder.states("utterances", recorder.turns(corpus.texts))
    mlp = network(settings, context)
    best = choose_layer(states, corpus, corpus.train, mlp, settings, context)
    scores = held_out(states, corpus, mlp, context)
    linear = held_out(states, corpus, Probe(), context)
    shuffled = held_out(states, corpus, mlp, context, shuffled=True)
    probe = mlp.fit(states.layer(best)[corpus.train], corpus.labels[corpus.train])
    read = Read(corpus, states, best, scores, probe)
    words = float(held_out(bag_of_words(corpus.texts), corpus, Probe(penalty=1.0), context).mean[0])
    report.baseline("Bag of words, situations held out", {"accuracy": words})
    report.baseline("Linear probe at the same layer", {"accuracy": float(linear.mean[best])})
    report.baseline("Embedding of the last token", {"accuracy": float(scores.mean[0])})
    _claim(report, read, settings, context)
    _claim_shuffled(report, shuffled)
    _add_tables(report, read, linear, shuffled)
    _draw(report, read, linear, shuffled, words, settings, context)
    return read


def network(settings: EmotionSettings, context: Context) -> Probe:
    """Return the paper's two-layer probe, not fitted."""
    return Probe("mlp", hidden=settings.hidden, most=200, seed=context.seed)


def held_out(
    states: LayerStates, corpus: Corpus, probe: Probe, context: Context, *, shuffled: bool = False,
    parts: list[tuple[Numbers, Numbers]] | None = None,
) -> LayerScores:  # fmt: skip
    """Return the scores of all layers on held-out situations, or on other splits."""
    return probe_layers(
        states, corpus.labels, groups=corpus.situations, probe=probe, seed=context.seed, shuffled=shuffled,
        parts=parts or [(corpus.train, corpus.test)], progress=context.progress,
    )  # fmt: skip


def choose_layer(
    states: LayerStates, corpus: Corpus, train: Numbers, probe: Probe, settings: EmotionSettings, context: Context
) -> int:
    """Return the layer that is best within the training part, so that the test part does not choose it."""
    inner = grouped_splits(
        corpus.labels[train], corpus.situations[train], splits=settings.splits, test_share=0.25, seed=context.seed
    )
    return held_out(states, corpus, probe, context, parts=[(train[one], train[other]) for one, other in inner]).best


def _claim(report: Report, read: Read, settings: EmotionSettings, context: Context) -> None:
    means, best = read.scores.mean, read.best
    drawn = read.scores.bootstrap(settings.samples, context.rng("layers"))
    report.claim(
        Claim.at_least("A probe reads the emotion of held-out situations (accuracy, chance 1/7)",
                       measured=float(means[best]), floor=3 * CHANCE, spread=depth_interval(drawn[:, best]),
                       note=f"Layer {best} of {read.depth}, chosen within the training part; 95 % interval by "
                            "bootstrap over situations.")
    )  # fmt: skip
    early = [number for number in range(1, read.depth + 1) if number / read.depth <= _SHALLOW] or [1]
    ratios = drawn[:, early].max(axis=1) / drawn.max(axis=1)
    report.claim(
        Claim.at_least("The signal emerges early (best accuracy up to depth 0.3, as a share of the best of all)",
                       measured=float(means[early].max() / means.max()), floor=0.8,
                       spread=depth_interval(ratios), paper_value="early")
    )  # fmt: skip
    report.claim(
        Claim.equal("It peaks in the middle of the model (relative depth of the best layer)",
                    measured=best / read.depth, value=0.575, tolerance=0.325, paper_value="mid-network",
                    note="From 0.25 to 0.9 counts as the middle."
                         + (" Only the first blocks were recorded." if settings.blocks else ""))
    )  # fmt: skip
    gaps = drawn[:, best] - drawn[:, -1]
    report.claim(
        Claim.at_least("The final layer is no better than the best one (accuracy, best less final)",
                       measured=float(means[best] - means[-1]), floor=0.0,
                       spread=depth_interval(gaps), paper_value="not at the final layer",
                       note="Paired bootstrap over situations.")
    )  # fmt: skip


def _claim_shuffled(report: Report, shuffled: LayerScores) -> None:
    away = np.abs(shuffled.mean - CHANCE) / shuffled.standard_error
    report.claim(
        Claim.at_most("Shuffled labels are at chance (largest distance at any layer, in standard errors)",
                      measured=float(away.max()), ceiling=3.0,
                      note=f"At layer {int(away.argmax())}: accuracy {shuffled.mean[int(away.argmax())]:.3f}.")
    )  # fmt: skip


def _add_tables(report: Report, read: Read, linear: LayerScores, shuffled: LayerScores) -> None:
    rows = [
        [number, number / read.depth, *(float(one[number, 0]) for one in (read.scores.accuracy, read.scores.f1)),
         float(linear.accuracy[number, 0]), float(linear.f1[number, 0]), float(shuffled.mean[number])]
        for number in range(read.states.layers)
    ]  # fmt: skip
    columns = ["layer", "relative depth", "accuracy, MLP", "macro F1, MLP", "accuracy, linear", "macro F1, linear",
               "accuracy, shuffled labels"]  # fmt: skip
    report.table("Probes of every layer on held-out situations", columns, rows)
    counts = read.scores.confusion[read.best]
    report.table(
        f"Confusion at layer {read.best} (rows: true)", ["true", *EMOTIONS],
        [[name, *map(int, row)] for name, row in zip(EMOTIONS, counts, strict=True)],
    )  # fmt: skip


def _draw(
    report: Report, read: Read, linear: LayerScores, shuffled: LayerScores, words: float, settings: EmotionSettings,
    context: Context,
) -> None:  # fmt: skip
    figure = Figure(figsize=(6.5, 3.5), layout="constrained")
    axes = figure.subplots()
    depth = np.linspace(0, 1, read.states.layers)
    low, high = read.scores.band(context.rng("band"), count=settings.samples)
    axes.plot(depth, read.scores.mean, "o-", ms=4, label="two-layer probe")
    axes.fill_between(depth, low, high, alpha=0.2)
    axes.plot(depth, linear.mean, "s--", ms=3.5, label="linear probe")
    axes.plot(depth, shuffled.mean, "^:", ms=3.5, color="0.4", label="shuffled labels")
    axes.axhline(words, color="0.4", ls="-.", lw=1, label="bag of words")
    axes.axhline(CHANCE, color="black", lw=0.8, label="chance")
    axes.axvline(read.best / read.depth, color="0.7", lw=0.8)
    axes.set_xlabel("relative depth (0: embeddings)")
    axes.set_ylabel("accuracy on held-out situations")
    axes.legend(fontsize=7, ncols=2)
    report.figure(
        "Emotion by layer", figure,
        "Accuracy of probes at each layer, with the 95 % band over held-out situations; the upright line is the layer "
        "chosen within the training part.",
    )  # fmt: skip
