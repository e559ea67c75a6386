"""First question: at which layers the emotion is, and whether more than words says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seme.experiment import Context
from seme.experiments.clear import clearly_above, clearly_near
from seme.experiments.emotion.corpus import EMOTIONS, Corpus, Numbers
from seme.experiments.emotion.recording import Recorder
from seme.experiments.intervals import interval
from seme.interp.probes import LayerScores, LayerStates, Probe, bag_of_words, grouped_splits, probe_layers
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_SHALLOW = 0.3
CHANCE = 1 / len(EMOTIONS)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Read:
    """The utterances and their states at every layer; of the first division, the chosen layer and its probe.

    `scores` and `linear` are of all divisions, and `nested` those of the layer that each division chose, one layer.
    """

    corpus: Corpus
    states: LayerStates
    best: int
    probe: Probe
    chosen: tuple[int, ...]
    scores: LayerScores
    linear: LayerScores
    nested: LayerScores

    @property
    def blocks(self) -> list[int]:
        """After how many blocks each layer is read."""
        return blocks_of(self.states)

    @property
    def depth(self) -> int:
        """How many blocks there are."""
        return self.blocks[-1]


def blocks_of(states: LayerStates) -> list[int]:
    """Return after how many blocks each recorded layer stands."""
    ends = [name.rpartition(".")[2] for name in states.names]
    return [int(end) + 1 if end.isdigit() else 0 for end in ends]


def add(report: Report, corpus: Corpus, recorder: Recorder, settings: EmotionSettings, context: Context) -> Read:
    """Probe every layer with two-layer and linear probes, and with shuffled labels."""
    states = recorder.states("utterances", recorder.turns(corpus.texts))
    mlp = network(settings, context)
    read = _read(corpus, states, mlp, settings, context)
    shuffled = held_out(states, corpus, mlp, context, shuffled=True)
    words = float(held_out(bag_of_words(corpus.texts), corpus, Probe(penalty=1.0), context).mean[0])
    report.baseline("Bag of words, situations held out", {"accuracy": words})
    report.baseline("Linear probe at the same layer", {"accuracy": float(read.linear.mean[read.best])})
    report.baseline("Embedding of the last token", {"accuracy": float(read.scores.mean[0])})
    _claim(report, read, words, settings, context)
    _claim_shuffled(report, shuffled, read)
    _add_tables(report, read, shuffled)
    _draw(report, read, shuffled, words, settings, context)
    return read


def _read(corpus: Corpus, states: LayerStates, mlp: Probe, settings: EmotionSettings, context: Context) -> Read:
    """Choose a layer within the training part of each division, and score all layers on its held-out situations."""
    divisions = [(corpus.train, corpus.test)]
    if settings.repeats > 1:
        divisions += grouped_splits(
            corpus.labels,
            corpus.situations,
            splits=settings.repeats - 1,
            test_share=settings.test_share,
            seed=context.seed + 1,
        )
    chosen, scores, linear = [], [], []
    for part in context.progress(divisions, "Divisions of the situations"):
        chosen.append(choose_layer(states, corpus, part[0], mlp, settings, context))
        scores.append(held_out(states, corpus, mlp, context, parts=[part]))
        linear.append(held_out(states, corpus, Probe(), context, parts=[part]))
    probe = mlp.fit(states.layer(chosen[0])[corpus.train], corpus.labels[corpus.train])
    nested = LayerScores.joined([one.only(layer, "chosen") for one, layer in zip(scores, chosen, strict=True)])
    return Read(
        corpus, states, chosen[0], probe, tuple(chosen), LayerScores.joined(scores), LayerScores.joined(linear), nested
    )


def network(settings: EmotionSettings, context: Context) -> Probe:
    """Return the paper's two-layer probe, not fitted."""
    return Probe("mlp", hidden=settings.hidden, most=200, seed=context.seed)


def held_out(
    states: LayerStates,
    corpus: Corpus,
    probe: Probe,
    context: Context,
    *,
    shuffled: bool = False,
    parts: list[tuple[Numbers, Numbers]] | None = None,
) -> LayerScores:
    """Return the scores of all layers on held-out situations, or on other splits."""
    return probe_layers(
        states,
        corpus.labels,
        groups=corpus.situations,
        probe=probe,
        seed=context.seed,
        shuffled=shuffled,
        parts=parts or [(corpus.train, corpus.test)],
        progress=context.progress,
    )


def choose_layer(
    states: LayerStates, corpus: Corpus, train: Numbers, probe: Probe, settings: EmotionSettings, context: Context
) -> int:
    """Return the layer that is best within the training part, so that the test part does not choose it."""
    inner = grouped_splits(
        corpus.labels[train], corpus.situations[train], splits=settings.splits, test_share=0.25, seed=context.seed
    )
    return held_out(states, corpus, probe, context, parts=[(train[one], train[other]) for one, other in inner]).best


def _claim(report: Report, read: Read, words: float, settings: EmotionSettings, context: Context) -> None:
    means, depth = read.scores.mean, np.array(read.blocks) / read.depth
    drawn, nested = (
        one.bootstrap(settings.samples, context.rng("layers")) for one in (read.scores, read.nested)
    )  # the same samples of situations
    reached = float(read.nested.mean[0])
    layers = ", ".join(str(read.blocks[one]) for one in read.chosen)
    by = ", ".join(f"{one:.3f}" for one in read.nested.accuracy[0])
    report.claim(
        clearly_above(
            "A probe reads the emotion of held-out situations (accuracy; the floor is three times chance)",
            reached,
            interval(nested[:, 0]),
            floor=3 * CHANCE,
            note=f"After {layers} of {read.depth} blocks, chosen within the training part of each of "
            f"{len(read.chosen)} divisions, which reach {by}; samples of situations. A bag of words "
            f"reaches {words:.3f}.",
        )
    )
    _claim_depth(report, means, depth, drawn, settings)
    report.claim(
        clearly_above(
            "The chosen layer is better than the final one (accuracy)",
            reached - float(means[-1]),
            interval(nested[:, 0] - drawn[:, -1]),
            paper_value="not at the final layer",
            note="Over the same samples of situations.",
        )
    )


def _claim_depth(report: Report, means: Floats, depth: Floats, drawn: Floats, settings: EmotionSettings) -> None:
    """Claim where the signal emerges and where it is strongest."""
    early = depth <= _SHALLOW
    report.claim(
        clearly_above(
            "The signal emerges early (best accuracy up to depth 0.3, as a share of the best of all)",
            float(means[early].max() / means.max()),
            interval(drawn[:, early].max(axis=1) / drawn.max(axis=1)),
            floor=0.8,
            paper_value="early",
        )
    )
    peaks = depth[drawn.argmax(axis=1)]
    low, high = interval(peaks)
    report.claim(
        clearly_near(
            "It peaks in the middle of the model (relative depth of the best layer)",
            float(depth[means.argmax()]),
            (low, high),
            value=0.575,
            tolerance=0.325,
            paper_value="mid-network",
            note="From 0.25 to 0.9 counts as the middle."
            + (" Only the first blocks were recorded." if settings.blocks else ""),
        )
    )


def _claim_shuffled(report: Report, shuffled: LayerScores, read: Read) -> None:
    away = np.abs(shuffled.mean - CHANCE) / shuffled.standard_error
    worst = int(away.argmax())
    report.claim(
        Claim.at_most(
            "Shuffled labels are at chance (largest distance at any layer, in standard errors)",
            measured=float(away[worst]),
            ceiling=3.0,
            note=f"After {read.blocks[worst]} blocks: accuracy {shuffled.mean[worst]:.3f}.",
        )
    )


def _add_tables(report: Report, read: Read, shuffled: LayerScores) -> None:
    rows = [
        [
            block,
            block / read.depth,
            *(float(one[number].mean()) for one in (read.scores.accuracy, read.scores.f1)),
            float(read.scores.accuracy[number].std()),
            float(read.linear.mean[number]),
            float(read.linear.f1[number].mean()),
            float(shuffled.mean[number]),
        ]
        for number, block in enumerate(read.blocks)
    ]
    columns = [
        "blocks",
        "relative depth",
        "accuracy, MLP",
        "macro F1, MLP",
        "sd over divisions",
        "accuracy, linear",
        "macro F1, linear",
        "accuracy, shuffled labels",
    ]
    report.table("Probes of every layer on held-out situations", columns, rows)
    counts = read.scores.confusion[read.best]
    report.table(
        f"Confusion after {read.blocks[read.best]} blocks, all divisions (rows: true)",
        ["true", *EMOTIONS],
        [[name, *map(int, row)] for name, row in zip(EMOTIONS, counts, strict=True)],
    )


def _draw(
    report: Report, read: Read, shuffled: LayerScores, words: float, settings: EmotionSettings, context: Context
) -> None:
    figure = Figure(figsize=(6.5, 3.5), layout="constrained")
    axes = figure.subplots()
    depth = np.array(read.blocks) / read.depth
    for scores, style, label in ((read.scores, "o-", "two-layer probe"), (read.linear, "s--", "linear probe")):
        axes.plot(depth, scores.mean, style, ms=3.5, label=label)
        axes.fill_between(depth, *scores.band(context.rng("band"), count=settings.samples), alpha=0.2)
    axes.plot(depth, shuffled.mean, "^:", ms=3.5, color="0.4", label="shuffled labels")
    axes.axhline(words, color="0.4", ls="-.", lw=1, label="bag of words")
    axes.axhline(CHANCE, color="black", lw=0.8, label="chance")
    axes.axvline(read.blocks[read.best] / read.depth, color="0.7", lw=0.8)
    axes.set_xlabel("relative depth (0: embeddings)")
    axes.set_ylabel("accuracy on held-out situations")
    axes.legend(fontsize=7, ncols=2)
    report.figure(
        "Emotion by layer",
        figure,
        "Accuracy of probes at each layer, mean of all divisions, with 95 % bands over samples of situations; the "
        "upright line is the layer that was chosen within the training part of the first.",
    )
