"""Multi-sense skip-gram, whose senses are clusters of contexts, and with one sense the plain skip-gram."""

from __future__ import annotations

import numpy as np
import torch

from seme.embeddings.disambiguated_skipgram.base import Bar, Floats, SenseVectors
from seme.embeddings.disambiguated_skipgram.stream import Numbers, Stream
from seme.embeddings.disambiguated_skipgram.training import SenseModel, train_epoch
from seme.embeddings.disambiguated_skipgram.weighing import NearestCluster


class MultiSenseSkipGram(SenseVectors):
    """Each place trains the sense whose cluster of contexts is nearest (MSSG; Neelakantan et al. 2014).

    It is trained for `first + second` epochs. With `senses=1` it is the skip-gram with a sampled softmax.
    """

    _clusters: NearestCluster

    def _train(self, model: SenseModel, stream: Stream, generator: torch.Generator, progress: Bar) -> None:
        given, rng = self.settings, np.random.default_rng(self.seed)
        self._clusters = NearestCluster(stream.size, given.senses, given.dim, generator)
        for _ in progress(range(given.first + given.second), "Training senses by clusters of contexts"):
            self.losses_.append(train_epoch(model, stream, self._clusters, rng, generator))

    def _after(self, stream: Stream) -> None:
        """Keep the clusters as they are."""

    def _chosen(self, contexts: Floats, words: Numbers) -> Numbers:
        found = self._clusters.nearest(torch.from_numpy(contexts), torch.from_numpy(words))
        return found.numpy()
