"""From a document's vector to its code and to its words."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from seme.embeddings.binary_paragraphs.settings import ParagraphSettings
from seme.embeddings.sampled_softmax import SampledSoftmax


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, values: torch.Tensor) -> torch.Tensor:
        return (values > 0.5).to(values.dtype)

    @staticmethod
    def backward(_ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return gradients[0]


def binarise(values: torch.Tensor) -> torch.Tensor:
    """Return `round(sigmoid(values))`; gradients pass as if it had not been rounded (Krizhevsky and Hinton 2011)."""
    rounded: torch.Tensor = _Rounded.apply(torch.sigmoid(values))  # type: ignore[no-untyped-call]
    return rounded


class ParagraphNetwork(nn.Module):
    """All that documents share: the softmax over terms, and where there are, the projection and the context's words.

    Parameters
    ----------
    settings
        Kind and widths.
    counts
        How often each term occurs (V,).
    generator
        Of the first values.
    """

    def __init__(self, settings: ParagraphSettings, counts: npt.ArrayLike, *, generator: torch.Generator) -> None:
        super().__init__()
        self.kind, self.context = settings.kind, settings.context
        hidden = settings.dim if settings.kind == "real" else settings.bits
        self.project: nn.Parameter | None = None
        if settings.kind == "real-binary":
            drawn = torch.randn(settings.bits, settings.dim, generator=generator)
            self.project = nn.Parameter(drawn / settings.dim**0.5)
        self.words: nn.Parameter | None = None
        extra = settings.dim if settings.context else 0
        self.softmax = SampledSoftmax(counts, hidden + extra, candidates=settings.candidates)
        with torch.no_grad():
            self.softmax.weight.normal_(0.0, 0.1, generator=generator)
        if settings.context:
            # The last row stands for what is before the beginning of a document.
            self.words = nn.Parameter(0.1 * torch.randn(len(self.softmax.bias) + 1, extra, generator=generator))

    def before_rounding(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return what the code is the signs of, (m, bits)."""
        return vectors if self.project is None else vectors @ self.project.T

    def hidden(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return what predicts the words: the code, as 0 and 1, or a real vector where there is no code."""
        return vectors if self.kind == "real" else binarise(self.before_rounding(vectors))

    def forward(
        self,
        vectors: torch.Tensor,
        owners: torch.Tensor,
        terms: torch.Tensor,
        before: torch.Tensor | None,
        drawn: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return `-log p(term | document)` of each pair (p,).

        Parameters
        ----------
        vectors
            Of the documents (m, width).
        owners, terms
            Document (its row) and term of each pair (p,).
        before
            The words before each term (p, context); V where there is none. `None` without a context.
        drawn
            Candidates of the softmax; `None` for all terms.
        """
        hidden = self.hidden(vectors)
        if self.words is None or before is None:
            losses: torch.Tensor = self.softmax(hidden, owners, terms, drawn)
        else:
            rows = torch.cat([hidden[owners], self.words[before].mean(1)], dim=1)
            losses = self.softmax(rows, None, terms, drawn)
        return losses
