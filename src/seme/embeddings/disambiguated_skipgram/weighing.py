"""Which sense a word has in a context: by one network for all words, by one of its own, or by the nearest cluster."""

from __future__ import annotations

from typing import Protocol

import torch
from torch.nn import functional as F

_TINY = 1e-10


class Rows:
    """A table of which a step changes the rows of its batch alone, by AdaGrad."""

    def __init__(self, values: torch.Tensor) -> None:
        self.values, self._squares = values, torch.zeros_like(values)
        self._rows: torch.Tensor | None = None
        self._leaf = values[:0]

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return distinct rows, to which gradients flow."""
        self._rows, self._leaf = rows, self.values[rows].requires_grad_()
        return self._leaf

    @property
    def gradient(self) -> torch.Tensor | None:
        """What flowed to the rows that were taken last."""
        return self._leaf.grad

    def step(self, rate: float) -> None:
        """Move the rows that were taken last against their gradient."""
        if self._rows is not None and self._leaf.grad is not None:
            self._squares[self._rows] += self._leaf.grad.square()
            self.values[self._rows] -= rate * self._leaf.grad / (self._squares[self._rows].sqrt() + _TINY)


class Weigher(Protocol):
    """Gives each sense of a word a weight in its context."""

    def __call__(self, contexts: torch.Tensor, words: torch.Tensor, owners: torch.Tensor, pairs: int) -> torch.Tensor:
        """Return weights (m, K), or (m, pairs, K) if each pair of the window has a draw of its own.

        Parameters
        ----------
        contexts
            Mean of the window's output vectors (m, d), without gradient.
        words
            Distinct words (u,).
        owners
            Which of these is in the middle of each window (m,).
        pairs
            Words of a window.
        """

    def step(self, rate: float) -> None:
        """Learn from the gradients of the last batch."""


class SharedWeights:
    """The first stage: `softmax(uᵀA + a)` with one A for all words."""

    def __init__(self, dim: int, senses: int, generator: torch.Generator) -> None:
        self.matrix = Rows(torch.randn(1, dim, senses, generator=generator) / dim**0.5)
        self.bias = Rows(torch.zeros(1, senses))
        self._all = torch.zeros(1, dtype=torch.long)

    def __call__(self, contexts: torch.Tensor, words: torch.Tensor, owners: torch.Tensor, pairs: int) -> torch.Tensor:  # noqa: ARG002
        """Return weights (m, K)."""
        matrix, bias = self.matrix.take(self._all), self.bias.take(self._all)
        return F.softmax(contexts @ matrix[0] + bias, dim=1)

    def step(self, rate: float) -> None:
        """Learn from the gradients of the last batch."""
        self.matrix.step(rate)
        self.bias.step(rate)


class OwnWeights:
    """The second stage: a relaxed draw `softmax((uᵀA[w] + a[w] + g) / T)`, g Gumbel noise of each pair's own.

    Parameters
    ----------
    shared
        What each word starts from.
    words
        Number of words V.
    generator
        Of the noise.
    """

    def __init__(self, shared: SharedWeights, words: int, generator: torch.Generator) -> None:
        self.matrix = Rows(shared.matrix.values.repeat(words, 1, 1))
        self.bias = Rows(shared.bias.values.repeat(words, 1))
        self.temperature = 1.0
        self._generator = generator

    def __call__(self, contexts: torch.Tensor, words: torch.Tensor, owners: torch.Tensor, pairs: int) -> torch.Tensor:
        """Return weights (m, pairs, K)."""
        logits = logits_of(contexts, self.matrix.take(words)[owners], self.bias.take(words)[owners])
        uniform = torch.rand(len(logits), pairs, logits.shape[1], generator=self._generator).clamp_(1e-10, 1 - 1e-7)
        return F.softmax((logits[:, None] - (-uniform.log()).log()) / self.temperature, dim=2)

    def step(self, rate: float) -> None:
        """Learn from the gradients of the last batch."""
        self.matrix.step(rate)
        self.bias.step(rate)


class NearestCluster:
    """MSSG: the sense whose cluster of contexts is nearest by cosine, wholly (Neelakantan et al. 2014, section 4).

    Parameters
    ----------
    words, senses, dim
        V, K and d.
    generator
        Of the clusters' first directions.
    """

    def __init__(self, words: int, senses: int, dim: int, generator: torch.Generator) -> None:
        self.sums = torch.randn(words, senses, dim, generator=generator) * 1e-3
        self.counts = torch.zeros(words, senses)

    def nearest(self, contexts: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return the sense (m,) of each word (m,) in its context (m, d)."""
        return torch.einsum("mkd,md->mk", F.normalize(self.sums[words], dim=2), contexts).argmax(1)

    def __call__(self, contexts: torch.Tensor, words: torch.Tensor, owners: torch.Tensor, pairs: int) -> torch.Tensor:  # noqa: ARG002
        """Return one-hot weights (m, K), and move the clusters."""
        middle, senses = words[owners], self.sums.shape[1]
        chosen = self.nearest(contexts, middle)
        flat = middle * senses + chosen
        self.sums.view(-1, self.sums.shape[2]).index_add_(0, flat, contexts)
        self.counts.view(-1).index_add_(0, flat, torch.ones(len(flat)))
        return F.one_hot(chosen, senses).to(contexts.dtype)

    def step(self, rate: float) -> None:
        """Learn nothing from gradients."""


def logits_of(contexts: torch.Tensor, matrices: torch.Tensor, biases: torch.Tensor) -> torch.Tensor:
    """Return `uᵀA[w] + a[w]`, (m, K), of contexts (m, d), matrices (m, d, K) and biases (m, K)."""
    return torch.bmm(contexts[:, None], matrices)[:, 0] + biases
