"""Losses of pairs of vectors that nested losses are built on: CoSENT, angles, and the documents of a batch (AnglE)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from seme.embeddings.contrastive import ContrastiveLoss
from seme.errors import InputError


def cosent(scores: torch.Tensor, labels: torch.Tensor, *, scale: float = 20.0) -> torch.Tensor:
    """Return `log(1 + sum exp(scale (s_low - s_high)))` over all two pairs whose labels differ, a scalar (CoSENT).

    Parameters
    ----------
    scores
        Similarities of pairs, (n,).
    labels
        How alike they should be, (n,).
    scale
        What differences are multiplied by.

    Raises
    ------
    InputError
        If there are not as many labels as scores, or none.
    """
    if scores.ndim != 1 or not len(scores) or labels.shape != scores.shape:
        raise InputError(f"scores is {tuple(scores.shape)} and labels {tuple(labels.shape)}, expected (n,) of both")
    differences = scale * (scores[:, None] - scores[None, :])
    wrong = differences[labels[:, None] < labels[None, :]]
    return torch.logsumexp(torch.cat([scores.new_zeros(1), wrong]), dim=0)


def angle_similarity(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return `|sum (z / w)| * |w| / |z|` of vectors (n, d) whose halves are real and imaginary parts, (n,).

    The division's coordinates, real and imaginary, are added up (AnglE; Li and Li 2024, eq. 6 to 8).

    Raises
    ------
    InputError
        If the shapes differ or d is odd.
    """
    if first.shape != second.shape or first.ndim != 2 or first.shape[1] % 2:
        raise InputError(
            f"the vectors are {tuple(first.shape)} and {tuple(second.shape)}, expected (n, d) of both with an even d"
        )
    (a, b), (c, d) = first.chunk(2, dim=1), second.chunk(2, dim=1)
    below = first.norm(dim=1) * second.norm(dim=1)
    divided: torch.Tensor = (a * c + b * d + b * c - a * d).sum(1) / below
    return divided.abs()


class AnglELoss(nn.Module):
    """The weighted sum of CoSENT over cosines, the batch's cross-entropy, and CoSENT over angles (AnglE).

    Parameters
    ----------
    cosine, in_batch, angle
        Weights, >= 0 and not all 0.
    scale
        Of cosines and angles, > 0; 1 over the temperature in the batch.

    Raises
    ------
    InputError
        If a setting cannot be used.
    """

    def __init__(self, *, cosine: float = 0.0, in_batch: float = 1.0, angle: float = 0.0, scale: float = 20.0) -> None:
        super().__init__()
        if min(cosine, in_batch, angle) < 0 or not cosine + in_batch + angle > 0 or not scale > 0:
            raise InputError(
                f"cosine is {cosine}, in_batch {in_batch}, angle {angle} and scale {scale}, expected weights >= 0, "
                "one of them > 0, and a scale > 0"
            )
        self.cosine, self.in_batch, self.angle, self.scale = cosine, in_batch, angle, scale
        self._contrast = ContrastiveLoss(temperature=1 / scale)

    def forward(self, columns: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        columns
            Vectors of the first texts, the second ones, and any others that are wrong for all, (2 or more, n, d).
        labels
            How alike the first two are, (n,); needed by `cosine` and `angle`.

        Raises
        ------
        InputError
            If a shape does not fit or labels are missing.
        """
        if columns.ndim != 3 or len(columns) < 2:
            raise InputError(f"columns is {tuple(columns.shape)}, expected (2 or more, n, d)")
        first, second = columns[0], columns[1]
        total = first.new_zeros(())
        if self.in_batch:
            total = total + self.in_batch * self._contrast(first, columns[1:].flatten(0, 1))
        if self.cosine or self.angle:
            if labels is None:
                raise InputError("labels is missing, which the cosine and angle losses need")
            if self.cosine:
                total = total + self.cosine * cosent(F.cosine_similarity(first, second), labels, scale=self.scale)
            if self.angle:
                total = total + self.angle * cosent(angle_similarity(first, second), labels, scale=self.scale)
        return total
