"""Disambiguated Skip-gram: senses of words and what tells them apart, learned by gradients alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Self

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file

from seme.embeddings.disambiguated_skipgram.base import Bar, Floats, SenseVectors
from seme.embeddings.disambiguated_skipgram.settings import SenseSettings
from seme.embeddings.disambiguated_skipgram.stream import Lexicon, Numbers, Stream
from seme.embeddings.disambiguated_skipgram.training import SenseModel, train_epoch
from seme.embeddings.disambiguated_skipgram.weighing import OwnWeights, SharedWeights
from seme.errors import CorruptionError, InputError
from seme.tensor_folders import write_tensor_folder

_FILES = ("senses.json", "senses.safetensors")
_FORMAT = 1
_TOGETHER = 8192


class DisambiguatedSkipGram(SenseVectors):
    """K vectors of each word, and a network that says from the context which is meant (Grzegorczyk 2019, chapter 5).

    Parameters
    ----------
    settings
        Widths and training.
    seed
        Of first values, order, candidates and draws of senses.

    Attributes
    ----------
    priors_
        p(sense | word), (V, K): the mean of the softmax over the word's places.
    kept_
        Senses that were not pruned (V, K).
    """

    priors_: Floats
    kept_: np.ndarray
    _matrices: Floats
    _biases: Floats

    def prune(self, floor: float) -> Self:
        """Keep the senses with a prior of at least `floor`, and each word's most frequent one.

        Raises
        ------
        InputError
            If `floor` is not in 0..1.
        """
        if not 0 <= floor < 1:
            raise InputError(f"floor is {floor}, expected 0 <= floor < 1")
        self.kept_ = (self.priors_ >= floor) | (self.priors_ == self.priors_.max(axis=1, keepdims=True))
        return self

    def probabilities(self, contexts: Floats, words: Numbers) -> Floats:
        """Return p(sense | word, context), (m, K), of words (m,) in contexts (m, d); pruned senses have none."""
        logits = self._logits(contexts, words)
        logits[~self.kept_[words]] = -np.inf
        return _softmax(logits)

    def save(self, folder: Path | str) -> Path:
        """Write it into a folder, whole or not at all.

        Raises
        ------
        InputError
            If nothing was learned.
        """
        if not self._index:
            raise InputError("the senses were not learned", hint="Call fit first")
        config = {
            "format": _FORMAT,
            "settings": asdict(self.settings),
            "seed": self.seed,
            "words": self.lexicon_.names,
            "losses": self.losses_,
        }
        tensors = {
            "vectors": self.vectors_,
            "output": self.output_,
            "matrices": self._matrices,
            "biases": self._biases,
            "priors": self.priors_,
            "kept": self.kept_,
            "counts": self.lexicon_.counts,
        }
        return write_tensor_folder(Path(folder), config, tensors, names=_FILES, kind="set of sense vectors")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            If there is none.
        CorruptionError
            If its files cannot be read.
        """
        place = Path(folder)
        if not all((place / name).is_file() for name in _FILES):
            raise InputError(f"there are no sense vectors in {place}", hint="DisambiguatedSkipGram.save makes them")
        try:
            config = json.loads((place / _FILES[0]).read_text(encoding="utf-8"))
            if config["format"] != _FORMAT:
                raise InputError(f"{place} is of format {config['format']}; this version reads {_FORMAT}")
            tensors = load_file(place / _FILES[1])
            given = {**config["settings"], "temperatures": tuple(config["settings"]["temperatures"])}
            made = cls(SenseSettings(**given), seed=config["seed"])
            made._adopt(Lexicon(tuple(config["words"]), tensors["counts"]), tensors["vectors"], tensors["output"])
            made._matrices, made._biases = tensors["matrices"], tensors["biases"]
            made.priors_, made.kept_, made.losses_ = tensors["priors"], tensors["kept"], config["losses"]
        except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
            raise CorruptionError(f"the sense vectors in {place} cannot be read: {error}") from error
        return made

    def _train(self, model: SenseModel, stream: Stream, generator: torch.Generator, progress: Bar) -> None:
        given, rng = self.settings, np.random.default_rng(self.seed)
        shared = SharedWeights(given.dim, given.senses, generator)
        for _ in progress(range(given.first), "Training senses by one network"):
            self.losses_.append(train_epoch(model, stream, shared, rng, generator, entropy=given.entropy))
        own = OwnWeights(shared, stream.size, generator)
        hot, cold = given.temperatures
        for epoch in progress(range(given.second), "Training senses by networks of each word's own"):
            own.temperature = hot + (cold - hot) * epoch / max(1, given.second - 1)
            self.losses_.append(train_epoch(model, stream, own, rng, generator))
        self._matrices, self._biases = own.matrix.values.numpy(), own.bias.values.numpy()

    def _after(self, stream: Stream) -> None:
        """Estimate the priors in one pass, and prune."""
        sums = np.zeros(self.vectors_.shape[:2])
        for start in range(0, len(stream), _TOGETHER):
            places = np.arange(start, min(start + _TOGETHER, len(stream)))
            words = stream.words[places]
            np.add.at(sums, words, _softmax(self._logits(self._window_means(stream, places), words)))
        self.priors_ = (sums / sums.sum(axis=1, keepdims=True)).astype(np.float32)
        self.prune(self.settings.floor)

    def _logits(self, contexts: Floats, words: Numbers) -> Floats:
        found: Floats = np.einsum("md,mdk->mk", contexts, self._matrices[words]) + self._biases[words]
        return found

    def _chosen(self, contexts: Floats, words: Numbers) -> Numbers:
        chosen: Numbers = self.probabilities(contexts, words).argmax(axis=1)
        return chosen


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = raised / raised.sum(axis=1, keepdims=True)
    return found
