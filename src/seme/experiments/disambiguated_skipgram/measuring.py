"""Trainings of one seed, and how well the senses that were found agree with those that were hidden."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from seme.assets import load_word_vectors
from seme.embeddings.disambiguated_skipgram import DisambiguatedSkipGram, MultiSenseSkipGram, SenseSettings, Stream
from seme.experiment import Context
from seme.experiments.disambiguated_skipgram.corpus import Hidden

if TYPE_CHECKING:
    from seme.experiments.p19_disambiguated_skipgram import DisambiguatedSkipgramSettings

Floats = npt.NDArray[np.float32]
_GLOVE = "glove-6b-50d"
_STARTS = 4


@dataclass(slots=True)
class Found:
    """What was measured of one seed, for each pseudo-word in order."""

    agreement: dict[str, list[float]] = field(default_factory=dict)
    """Adjusted Rand index, by system."""
    shares: list[float] = field(default_factory=list)
    """Prior of the senses that mostly mean the first word."""
    kept: list[int] = field(default_factory=list)
    """Senses that were not pruned."""
    losses: list[float] = field(default_factory=list)


def of_seed(seed: int, hidden: Hidden, settings: DisambiguatedSkipgramSettings, context: Context) -> Found:
    """Train everything with one seed and measure it, unless that was done before."""
    facts = (settings.model_dump(exclude={"seeds"}), context.seed, hidden.pseudo, len(hidden.texts))
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:20]
    file = context.cache / f"disambiguated-skipgram-{digest}-{seed}.json"
    if file.is_file():
        return Found(**json.loads(file.read_text()))
    found = _measure(int(context.rng("models", seed).integers(2**31)), hidden, settings, context)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps({name: getattr(found, name) for name in Found.__slots__}))
    part.replace(file)
    return found


def sense_settings(settings: DisambiguatedSkipgramSettings, **changed: int) -> SenseSettings:
    """Return the settings of a model."""
    names = ("dim", "senses", "window", "batch", "rate", "first", "second", "entropy", "floor")
    return SenseSettings(**{**{name: getattr(settings, name) for name in names}, **changed})


def _measure(seed: int, hidden: Hidden, settings: DisambiguatedSkipgramSettings, context: Context) -> Found:
    found, given = Found(), sense_settings(settings)
    senses = DisambiguatedSkipGram(given, seed=seed)
    senses.fit(hidden.texts, least=settings.least, progress=context.progress)
    found.losses = senses.losses_
    rival = MultiSenseSkipGram(given, seed=seed)
    rival.fit(hidden.texts, least=settings.least, progress=context.progress)
    plain = MultiSenseSkipGram(sense_settings(settings, senses=1), seed=seed)
    plain.fit(hidden.texts, least=settings.least, progress=context.progress)
    stream = Stream.read(hidden.texts, senses.lexicon_)
    glove = _glove(senses.lexicon_.names)
    for word in context.progress(hidden.pseudo, "Comparing senses"):
        number = senses.number(word.name)
        places = np.flatnonzero(stream.words == number)
        chosen = {
            "Disambiguated Skip-gram": senses.senses_at(stream, places),
            "MSSG": rival.senses_at(stream, places),
            "skip-gram, one sense": plain.senses_at(stream, places),
        }
        windows = stream.windows(places, settings.window)
        for name, table, count in (
            ("k-means of GloVe windows", glove, settings.senses),
            ("k-means of GloVe windows, told K = 2", glove, 2),
            ("k-means of skip-gram windows", plain.output_, settings.senses),
        ):
            chosen[name] = _clusters(table, windows, count, seed)
        for name, labels in chosen.items():
            found.agreement.setdefault(name, []).append(float(adjusted_rand_score(word.labels, labels)))
        found.kept.append(int(senses.kept_[number].sum()))
        found.shares.append(_share(np.array(word.labels), chosen["Disambiguated Skip-gram"], senses.priors_[number]))
    return found


def _share(labels: npt.NDArray[np.int64], senses: npt.NDArray[np.int64], priors: Floats) -> float:
    """Return the prior of the senses whose places are mostly of the first word, among those that are used."""
    used = np.unique(senses)
    first = [one for one in used if np.mean(labels[senses == one]) < 0.5]
    return float(priors[first].sum() / priors[used].sum())


def _clusters(table: Floats, windows: npt.NDArray[np.int64], count: int, seed: int) -> npt.NDArray[np.int64]:
    """Return clusters of the means of windows' vectors, at unit length."""
    known = windows < len(table)
    rows = table[np.minimum(windows, len(table) - 1)] * known[:, :, None]
    means = rows.sum(axis=1)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    fitted = KMeans(min(count, len(means)), n_init=_STARTS, random_state=seed % 2**31).fit(means)
    labels: npt.NDArray[np.int64] = fitted.labels_
    return labels


def _glove(names: tuple[str, ...]) -> Floats:
    """Return GloVe's vectors of words, zeros where it has none (pseudo-words among them)."""
    loaded = load_word_vectors(_GLOVE)
    table = np.zeros((len(names), loaded.vectors.shape[1]), dtype=np.float32)
    for row, name in enumerate(names):
        if name in loaded.index:
            table[row] = loaded.vectors[loaded.index[name]]
    return table
