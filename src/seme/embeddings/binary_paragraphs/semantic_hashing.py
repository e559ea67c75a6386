"""Semantic hashing by an autoencoder (Salakhutdinov and Hinton 2009), the rival of Binary Paragraph Vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from seme.embeddings.binary_paragraphs.terms import Documents, Terms
from seme.embeddings.sampled_softmax import SampledSoftmax
from seme.errors import InputError
from seme.retrieval.binary import pack

Bar = Callable[[Iterable[int], str], Iterable[int]]


@dataclass(frozen=True, slots=True)
class HashingSettings:
    """How the autoencoder is made and trained.

    Parameters
    ----------
    bits
        Length of the code.
    hidden
        Width of the two layers on both sides of it.
    noise
        Standard deviation of what is added before the code's sigmoids, which drives them to 0 and 1.
    epochs, batch, rate
        Of Adam.
    candidates
        Words of the sampled softmax that a document's words are predicted by.
    """

    bits: int = 32
    hidden: int = 256
    noise: float = 4.0
    epochs: int = 40
    batch: int = 256
    rate: float = 1e-3
    candidates: int = 512

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        for name in ("bits", "hidden", "epochs", "batch", "candidates"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected at least 1")
        if not (self.rate > 0 and self.noise >= 0 and math.isfinite(self.rate + self.noise)):
            raise InputError(f"rate is {self.rate} and noise {self.noise}, expected rate > 0 and noise >= 0")


class HashingNetwork(nn.Module):
    """Bag of terms -> two layers -> code -> two layers -> softmax over terms."""

    def __init__(self, settings: HashingSettings, counts: npt.ArrayLike) -> None:
        super().__init__()
        self.noise = settings.noise
        self.softmax = SampledSoftmax(counts, settings.hidden, candidates=settings.candidates)
        self.bag = nn.EmbeddingBag(len(self.softmax.bias), settings.hidden, mode="sum")
        self.encode = nn.Sequential(
            nn.Tanh(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.Tanh(),
            nn.Linear(settings.hidden, settings.bits),
        )
        self.decode = nn.Sequential(
            nn.Linear(settings.bits, settings.hidden),
            nn.Tanh(),
            nn.Linear(settings.hidden, settings.hidden),
            nn.Tanh(),
        )

    def before_rounding(self, terms: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Return what the code is the signs of, (m, bits)."""
        found: torch.Tensor = self.encode(self.bag(terms, starts))
        return found

    def forward(
        self,
        terms: torch.Tensor,
        starts: torch.Tensor,
        owners: torch.Tensor,
        drawn: torch.Tensor | None,
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Return the loss of each term (p,); documents start at `starts` (m,) of the terms (p,)."""
        values = self.before_rounding(terms, starts)
        code = torch.sigmoid(values + self.noise * torch.randn(values.shape, generator=generator))
        losses: torch.Tensor = self.softmax(self.decode(code), owners, terms, drawn)
        return losses


class SemanticHashing:
    """Codes of documents by a deep autoencoder of their terms, with noise before the code.

    What the original learned layer by layer first (restricted Boltzmann machines) is trained by gradients alone here.

    Parameters
    ----------
    terms
        The terms it reads.
    settings
        Widths and training.
    seed
        Of first values, batches, candidates and noise.
    """

    def __init__(self, terms: Terms, settings: HashingSettings | None = None, *, seed: int = 0) -> None:
        self.terms, self.settings, self.seed = terms, settings or HashingSettings(), seed
        self.losses_: list[float] = []
        self._network: HashingNetwork | None = None

    def fit(self, texts: Sequence[str], *, progress: Bar | None = None) -> Self:
        """Train on texts, those without a known term left out.

        Raises
        ------
        InputError
            If no text has a known term.
        """
        documents = self.terms.encode(texts)
        readable = np.flatnonzero(documents.lengths)
        if not len(readable):
            raise InputError("no text has a known term")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)  # torch's own layers draw from the global generator
            network = HashingNetwork(self.settings, self.terms.counts)
        optimizer = torch.optim.Adam(network.parameters(), lr=self.settings.rate)
        rng, generator = np.random.default_rng(self.seed), torch.Generator().manual_seed(self.seed)
        epochs = range(1, self.settings.epochs + 1)
        self.losses_ = []
        for _ in progress(epochs, "Training semantic hashing") if progress else epochs:
            order, losses = rng.permutation(readable), []
            for start in range(0, len(order), self.settings.batch):
                terms, starts, owners = _batch(documents, order[start : start + self.settings.batch])
                loss = network(terms, starts, owners, network.softmax.draw(generator), generator).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(float(loss.detach()))
            self.losses_.append(float(np.mean(losses)))
        self._network = network.requires_grad_(False)
        return self

    def transform(self, texts: Sequence[str]) -> npt.NDArray[np.uint8]:
        """Return the packed codes (n, ceil(bits / 8)) of texts.

        Raises
        ------
        InputError
            If it was not fitted, or a text has no known term.
        """
        if self._network is None:
            raise InputError("semantic hashing was not fitted", hint="Call fit first")
        documents = self.terms.encode(texts)
        if (documents.lengths == 0).any():
            raise InputError(f"text {int(np.argmin(documents.lengths))} has no known term, so that it has no code")
        terms, starts, _ = _batch(documents, np.arange(len(documents)))
        return pack((self._network.before_rounding(terms, starts) > 0).numpy())


def _batch(documents: Documents, chosen: npt.NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    owners, places = documents.pairs(chosen)
    lengths = documents.lengths[chosen]
    starts = np.cumsum(lengths) - lengths
    return torch.from_numpy(documents.terms[places]), torch.from_numpy(starts), torch.from_numpy(owners)
