"""The same probes on a sentence encoder, and on the architecture without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.clear import clearly_above
from seme.experiments.emotion.corpus import Corpus
from seme.experiments.emotion.layers import Read, blocks_of, choose_layer, held_out
from seme.experiments.emotion.recording import Recorder
from seme.experiments.intervals import interval
from seme.experiments.recorded import recorded
from seme.interp.activations.fingerprint import model_hash
from seme.interp.probes import LayerStates, Probe, record_states
from seme.report import Claim, Report

if TYPE_CHECKING:
    from seme.experiments.p41_emotion import EmotionSettings

_FORMS = 1  # an untrained model costs as much as a trained one


def add(report: Report, read: Read, recorder: Recorder, settings: EmotionSettings, context: Context) -> None:
    """Claim that training makes the difference, and show the encoder beside it."""
    statement = (
        "Training makes the difference (accuracy of linear probes, trained less untrained, the layer chosen within the "
        "training part)"
    )
    if not settings.compared:
        report.claim(Claim.not_tested(statement, "Asked not to: see --compared."))
        return
    chosen = read.corpus.of_form(np.arange(len(read.corpus.texts)), _FORMS)
    part = _part(read.corpus, chosen)
    spaces = {
        "untrained": recorder.random(recorder.turns(part.texts)),
        settings.model: read.states.take(chosen),
        settings.encoder: _encoded(part, settings, context),
    }
    rows, reached, drawn = [], {}, {}
    for name, states in spaces.items():
        best = choose_layer(states, part, part.train, Probe(), settings, context)
        scores = held_out(states, part, Probe(), context)
        low, high = scores.band(context.rng("models", name), count=settings.samples)
        reached[name] = float(scores.mean[best])
        drawn[name] = scores.bootstrap(settings.samples, context.rng("models"))[:, best]
        blocks = blocks_of(states)
        rows.append(
            [
                name,
                blocks[-1],
                blocks[best],
                reached[name],
                f"{low[best]:.3f} to {high[best]:.3f}",
                float(scores.mean.max()),
            ]
        )
    report.claim(
        clearly_above(
            statement,
            reached[settings.model] - reached["untrained"],
            interval(drawn[settings.model] - drawn["untrained"]),
            paper_value="sharper with scale",
            note=f"{reached[settings.model]:.3f} against {reached['untrained']:.3f}, on one form "
            "of each situation. Scaling within a family cannot be tested: no package "
            f"carries a second size. {settings.encoder}, smaller and trained on pairs of sentences, "
            f"reaches {reached[settings.encoder]:.3f} (mean of its tokens).",
        )
    )
    columns = ["model", "blocks", "chosen layer", "accuracy", "95 % interval", "best layer's"]
    report.table("Linear probes of other models", columns, rows)


def _part(corpus: Corpus, chosen: np.ndarray) -> Corpus:
    place = {int(one): number for number, one in enumerate(chosen)}
    train, test = (np.array([place[int(n)] for n in part if int(n) in place]) for part in (corpus.train, corpus.test))
    return Corpus(
        tuple(corpus.texts[one] for one in chosen),
        corpus.labels[chosen],
        corpus.situations[chosen],
        corpus.forms[chosen],
        train,
        test,
    )


def _encoded(part: Corpus, settings: EmotionSettings, context: Context) -> LayerStates:
    encoder = TextEncoder.load(settings.encoder, device=context.device).eval()
    model: Any = encoder.model
    sequences = [encoder.tokenizer.encode(text) for text in part.texts]
    return recorded(
        context.cache,
        ("encoder", model_hash(model), sequences),
        lambda: record_states(model, sequences, mean=True, progress=context.progress),
    )
