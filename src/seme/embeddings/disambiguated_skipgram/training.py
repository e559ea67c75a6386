"""Steps over the places of a corpus, whatever it is that weighs the senses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from seme.embeddings.disambiguated_skipgram.settings import SenseSettings
from seme.embeddings.disambiguated_skipgram.stream import Lexicon, Numbers, Stream
from seme.embeddings.disambiguated_skipgram.weighing import Rows, Weigher
from seme.embeddings.sampled_softmax import SampledSoftmax


class SenseModel:
    """Vectors of senses E (V, K, d) and the output softmax with O (V, d).

    Parameters
    ----------
    lexicon
        The words.
    settings
        Widths.
    generator
        Of first values.
    """

    def __init__(self, lexicon: Lexicon, settings: SenseSettings, generator: torch.Generator) -> None:
        self.settings = settings
        shape = (len(lexicon.names), settings.senses, settings.dim)
        self.senses = Rows((torch.rand(shape, generator=generator) - 0.5) / settings.dim)
        self.softmax = SampledSoftmax(lexicon.counts, settings.dim, candidates=settings.candidates)
        with torch.no_grad():
            self.softmax.weight.normal_(0.0, 0.1, generator=generator)
        self.optimizer = torch.optim.Adagrad(self.softmax.parameters(), lr=settings.rate)

    def contexts(self, windows: torch.Tensor) -> torch.Tensor:
        """Return the mean of the windows' output vectors (m, d); no gradient flows to O, or the senses collapse."""
        weight = self.softmax.weight.detach()
        known = (windows < len(weight)).to(weight.dtype)
        rows = weight[windows.clamp_max(len(weight) - 1)]
        means: torch.Tensor = torch.bmm(known[:, None], rows)[:, 0] / known.sum(1, keepdim=True).clamp_min(1)
        return means

    def loss(
        self,
        words: torch.Tensor,
        owners: torch.Tensor,
        windows: torch.Tensor,
        weigher: Weigher,
        drawn: torch.Tensor | None,
        entropy: float,
    ) -> torch.Tensor:
        """Return the mean of `-log p(c | e)` over all pairs, and `entropy` times the mean entropy of the weights.

        Parameters
        ----------
        words
            Distinct middle words (u,).
        owners
            Which of them is in the middle of each window (m,).
        windows
            Words around (m, c); V where there is none.
        """
        weights = weigher(self.contexts(windows), words, owners, windows.shape[1])
        vectors = self.senses.take(words)[owners]
        known = windows < len(self.softmax.bias)
        if weights.dim() == 2:
            middle = torch.bmm(weights[:, None], vectors)[:, 0]
            losses = self.softmax(middle, known.nonzero()[:, 0], windows[known], drawn)
        else:
            losses = self.softmax(torch.bmm(weights, vectors)[known], None, windows[known], drawn)
        total: torch.Tensor = losses.mean()
        if entropy:
            total = total - entropy * (weights * weights.clamp_min(1e-12).log()).sum(-1).mean()
        return total

    def step(self, weigher: Weigher) -> None:
        """Move everything against the gradients of the last loss."""
        self.optimizer.step()
        self.senses.step(self.settings.rate)
        weigher.step(self.settings.rate)


def batches(stream: Stream, settings: SenseSettings, rng: np.random.Generator) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield the places of each step in a new order, those without any neighbour left out, and their windows."""
    order = rng.permutation(len(stream))
    for start in range(0, len(order), settings.batch):
        places = order[start : start + settings.batch]
        windows = stream.windows(places, settings.window)
        kept = (windows < stream.size).any(axis=1)
        if kept.any():
            yield places[kept], windows[kept]


def train_epoch(
    model: SenseModel,
    stream: Stream,
    weigher: Weigher,
    rng: np.random.Generator,
    generator: torch.Generator,
    *,
    entropy: float = 0.0,
) -> float:
    """Go once over the corpus; return the mean loss."""
    losses = []
    for places, windows in batches(stream, model.settings, rng):
        words, owners = np.unique(stream.words[places], return_inverse=True)
        drawn = model.softmax.draw(generator)
        loss = model.loss(
            torch.from_numpy(words), torch.from_numpy(owners), torch.from_numpy(windows), weigher, drawn, entropy
        )
        model.optimizer.zero_grad()
        loss.backward()
        model.step(weigher)
        losses.append(float(loss.detach()))
    return float(np.mean(losses)) if losses else float("nan")
