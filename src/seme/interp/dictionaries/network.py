"""What is trained: an encoder, a decoder with rows of unit length, and what a method says is active."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from seme.interp.dictionaries.sparse import Active, decode, read

_IN_CACHE = 512  # rows of the decoder that are worked on at a time


class Encoded(NamedTuple):
    """Values of the active units, and which those are."""

    values: torch.Tensor
    active: Active


class Start(NamedTuple):
    """What a network starts from, drawn from the data.

    Parameters
    ----------
    directions
        Unit rows for the decoder, (m, d).
    mean
        The mean row, (d,).
    scale
        Rows are multiplied with it, so that their mean length is the root of d.
    """

    directions: torch.Tensor
    mean: torch.Tensor
    scale: float


class Network(nn.Module):
    """An autoencoder of one layer, trained in units in which rows have a mean length of the root of d.

    Errors are thus close to the fraction of variance unexplained, whatever the site. `fold` returns to the units of the
    model.

    Parameters
    ----------
    start
        What it starts from: the encoder is the decoder's transpose, as in Gao et al. 2024.

    Attributes
    ----------
    encoder, decoder : Parameter of shape (m, d)
    encoder_bias : Parameter of shape (m,)
    bias : Parameter of shape (d,)
        Subtracted before encoding and added after decoding.
    scale : Tensor
        What rows are multiplied with during training.
    idle : Tensor of shape (m,)
        Rows since each unit was active last.
    """

    scale: torch.Tensor
    idle: torch.Tensor

    # Parameters and buffers that are in the units of a row, apart from `encoder_bias` and `bias`.
    in_units: tuple[str, ...] = ()

    def __init__(self, start: Start) -> None:
        super().__init__()
        units, _ = start.directions.shape
        self.encoder = nn.Parameter(start.directions.clone())
        self.decoder = nn.Parameter(start.directions.clone())
        self.encoder_bias = nn.Parameter(torch.zeros(units))
        self.bias = nn.Parameter(start.mean * start.scale)
        self.register_buffer("scale", torch.tensor(float(start.scale)))
        self.register_buffer("idle", torch.zeros(units, dtype=torch.int64))
        self.strength = 1.0  # of the penalty; raised from 0 by `begin_step`
        self.residual = torch.zeros(0)
        self.workspace = torch.zeros(0)  # for the pre-activations of a step: the largest matrix, allocated once

    @property
    def units(self) -> int:
        """How many units there are, m."""
        return len(self.decoder)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the loss of rows (n, d) in the model's units, and its parts."""
        rows = x * self.scale
        centred = rows - self.bias.detach()
        dense = self.dense(centred, out=self._reserved(len(x), centred))
        active = self.training_active(dense)
        values, penalty = self.activate(self.read(centred, dense, active), active)
        error, loss = self.errors(rows, values, active)
        self.note(active, values.detach(), error.detach())
        penalty = penalty + self.auxiliary(rows, centred, dense)
        parts = {"error": loss.detach(), "penalty": penalty.detach(), "l0": (values.detach() != 0).sum() / len(x)}
        return loss + self.strength * penalty, parts

    @torch.no_grad()
    def encode(self, x: torch.Tensor) -> Encoded:
        """Encode rows (n, d); of a folded network, rows in the model's units."""
        centred = x - self.bias
        dense = self.dense(centred)
        active = self.active(dense)
        values, _ = self.activate(dense[active.rows, active.units], active)
        return Encoded(values, active)

    @torch.no_grad()
    def dense(self, centred: torch.Tensor, *, out: torch.Tensor | None = None) -> torch.Tensor:
        """Return all pre-activations, (n, m), without a graph; `out` takes them if it is given."""
        return torch.addmm(self.encoder_bias, centred, self.encoder.T, out=out)

    def read(self, centred: torch.Tensor, dense: torch.Tensor, active: Active) -> torch.Tensor:
        """Return the pre-activations of the active units, with a graph."""
        return read(centred, self.encoder, self.encoder_bias, dense, active, shift=self.bias)

    def active(self, dense: torch.Tensor) -> Active:
        """Say which units are active, given all pre-activations."""
        raise NotImplementedError

    def training_active(self, dense: torch.Tensor) -> Active:
        """Say which units take part in a step of training."""
        return self.active(dense)

    def activate(self, values: torch.Tensor, active: Active) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what the active units say, given their pre-activations, and the penalty for it."""
        del active
        return functional.relu(values), values.new_zeros(())

    def errors(self, rows: torch.Tensor, values: torch.Tensor, active: Active) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what is left of the rows, and the loss for it."""
        error = rows - self.bias - decode(values, active, self.decoder)
        return error, error.square().mean()

    def auxiliary(self, rows: torch.Tensor, centred: torch.Tensor, dense: torch.Tensor) -> torch.Tensor:
        """Return a loss of a path beside the main one."""
        del centred, dense
        return rows.new_zeros(())

    @torch.no_grad()
    def prepare(self, rows: torch.Tensor) -> None:
        """Fit whatever can be fitted before training to some rows in the model's units."""

    @torch.no_grad()
    def note(self, active: Active, values: torch.Tensor, error: torch.Tensor) -> None:
        """Keep what reviving dead units needs: who was active, and what was not explained."""
        self.idle += len(error)
        self.idle[active.units[values != 0]] = 0
        self.residual = error

    def begin_step(self, fraction: float) -> None:
        """Raise the penalty over the first tenth of the budget (Rajamanoharan et al. 2024)."""
        self.strength = min(1.0, fraction / 0.1)

    @torch.no_grad()
    def before_update(self) -> None:
        """Take out of the decoder's gradient what would change the length of its rows (Bricken et al. 2023)."""
        if self.decoder.grad is None:
            return
        for grad, rows in zip(self.decoder.grad.split(_IN_CACHE), self.decoder.split(_IN_CACHE), strict=True):
            grad.addcmul_(rows, (grad * rows).sum(dim=1, keepdim=True), value=-1)

    @torch.no_grad()
    def after_update(self) -> None:
        """Give the decoder's rows unit length."""
        for rows in self.decoder.split(_IN_CACHE):
            rows.div_(torch.linalg.vector_norm(rows, dim=1, keepdim=True).clamp_min(1e-12))

    @torch.no_grad()
    def fold(self) -> None:
        """Return to the model's units: `encode` then takes rows as they are, and gives values as they are."""
        for name in ("bias", "encoder_bias", *self.in_units):
            getattr(self, name).div_(self.scale)
        self.scale.fill_(1.0)

    @torch.no_grad()
    def unfold(self, scale: float) -> None:
        """Take up training in units of a scale: the inverse of `fold`."""
        for name in ("bias", "encoder_bias", *self.in_units):
            getattr(self, name).mul_(scale)
        self.scale.fill_(scale)

    @torch.no_grad()
    def restart(self, dead: torch.Tensor, directions: torch.Tensor) -> list[nn.Parameter]:
        """Point dead units into new directions, and return the parameters whose rows were changed.

        Parameters
        ----------
        dead
            Units.
        directions
            Unit rows, one for each.
        """
        living = torch.ones(self.units, dtype=torch.bool, device=dead.device)
        living[dead] = False
        length = self.encoder[living].norm(dim=1).mean() if living.any() else self.encoder.new_ones(())
        self.decoder[dead] = directions
        self.encoder[dead] = directions * length
        self.encoder_bias[dead] = 0
        self.idle[dead] = 0
        return [self.decoder, self.encoder, self.encoder_bias]

    def _reserved(self, count: int, like: torch.Tensor) -> torch.Tensor:
        """Return the workspace, made anew where it is of another size or device."""
        if self.workspace.shape != (count, self.units) or self.workspace.device != like.device:
            self.workspace = like.new_empty(count, self.units)
        return self.workspace
