"""A softmax over many words of which a few are drawn at each step (Jean et al. 2015)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from seme.errors import InputError

_HALVINGS = 60


class SampledSoftmax(nn.Module):
    """The output layer `p(w | h) = softmax(U h + c)` and its loss over a sample of the words.

    Candidates are drawn without replacement, by frequency to a power, for all rows of a batch together. The logit of
    each is lowered by the logarithm of the probability that it is drawn, so that the sum over the candidates estimates
    the sum over all words; the right word is always in it, once. With as many candidates as words it is the softmax.

    Parameters
    ----------
    counts
        How often each word occurs (V,), from which the biases start.
    width
        Of the rows h.
    candidates
        Words that are drawn; `None` for all.
    power
        Of the frequencies; 0.75 as in word2vec.

    Raises
    ------
    InputError
        If a count is not positive, or there is nothing to draw.
    """

    chances: torch.Tensor

    def __init__(
        self, counts: npt.ArrayLike, width: int, *, candidates: int | None = None, power: float = 0.75
    ) -> None:
        super().__init__()
        known = np.asarray(counts, dtype=np.float64)
        if known.ndim != 1 or len(known) < 2 or not (known > 0).all():
            raise InputError("counts must be positive numbers of at least two words")
        if width < 1 or (candidates is not None and candidates < 1):
            raise InputError(f"width is {width} and candidates {candidates}, both must be at least 1")
        self.candidates = None if candidates is None or candidates >= len(known) else candidates
        chances = np.ones(len(known)) if self.candidates is None else _chances(known**power, self.candidates)
        self.register_buffer("chances", torch.from_numpy(chances).float(), persistent=False)
        self.weight = nn.Parameter(torch.zeros(len(known), width))
        self.bias = nn.Parameter(torch.from_numpy(np.log(known / known.sum())).float())

    def draw(self, generator: torch.Generator | None = None) -> torch.Tensor | None:
        """Return the words of a sample (C,); `None` if all count."""
        if self.candidates is None:
            return None
        # The largest of `log(chance rate) + Gumbel noise` are a draw without replacement (Vieira 2014).
        uniform = torch.rand(len(self.chances), generator=generator).clamp_min(1e-12)
        rates = -torch.log1p(-self.chances.cpu().clamp_max(1 - 1e-6))
        found: torch.Tensor = torch.topk(rates.log() - (-uniform.log()).log(), self.candidates).indices
        return found.to(self.weight.device)

    def forward(
        self, rows: torch.Tensor, owners: torch.Tensor | None, targets: torch.Tensor, drawn: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the loss `-log p(target | row)` of each pair (p,).

        Parameters
        ----------
        rows
            h, (m, width).
        owners
            Row of each pair (p,); `None` if pair i belongs to row i.
        targets
            Right word of each pair (p,).
        drawn
            The candidates (`draw`), distinct; `None` for all words.
        """
        weight, bias = (self.weight, self.bias) if drawn is None else (self.weight[drawn], self.bias[drawn])
        logits = F.linear(rows, weight, bias)
        if drawn is None:
            totals = logits.logsumexp(1)
            at = torch.arange(len(rows), device=rows.device) if owners is None else owners
            return totals[at] - logits[at, targets]
        totals = (logits - self.chances[drawn].log()).logsumexp(1)
        own = rows if owners is None else rows[owners]
        right = (own * self.weight[targets]).sum(1) + self.bias[targets]
        totals = totals if owners is None else totals[owners]
        among = torch.zeros(len(self.chances), dtype=torch.bool, device=rows.device)
        among[drawn] = True
        return torch.where(among[targets], totals, torch.logaddexp(totals, right)) - right


def _chances(weights: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """Return how probably each word is among `count` that are drawn without replacement by weight, nearly."""
    rates, low, high = weights / weights.sum(), 0.0, 1.0
    while (-np.expm1(-rates * high)).sum() < count:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if (-np.expm1(-rates * middle)).sum() < count else (low, middle)
    found: npt.NDArray[np.float64] = -np.expm1(-rates * high)
    return np.maximum(found, 1e-9)
