"""What the model finds hard: its loss on each answer, and which way that loss would have it change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from seme.assets import LanguageModel
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.selection.pooling import Pool
from seme.interp.activations import Store


@dataclass(frozen=True, slots=True)
class Losses:
    """Of each sample of a pool.

    Attributes
    ----------
    means
        Mean loss of the answer's tokens in nats, (samples,).
    gradients
        Its gradient with respect to the gains of the last norm, (samples, width).
    """

    means: npt.NDArray[np.float64]
    gradients: npt.NDArray[np.float32]


def measure_losses(language_model: LanguageModel, pool: Pool, store: Store, context: Context) -> Losses:
    """Compute losses from what the last layer was recorded to say, without another pass through the model."""
    model = language_model.model
    head = model.get_output_embeddings()
    norm = getattr(model.base_model, "norm", None)
    if not isinstance(head, nn.Linear) or not isinstance(norm, nn.Module):
        raise InputError(f"{type(model).__name__} has no last norm and LM head that are known here")
    documents, positions = store.index[:, 0], store.index[:, 1]
    starts = np.searchsorted(documents, np.arange(len(pool.samples)))
    if not (positions[starts] == 1).all():
        raise InputError("the recording does not begin at the second token of each sample")
    means, gradients = [], []
    for number, sample in enumerate(context.progress(pool.samples, "Measuring losses")):
        # The token at place t is predicted at t - 1, whose row is the (t - 2)th of its sample.
        first, last = starts[number] + sample.answer - 2, starts[number] + len(sample.tokens) - 2
        rows = torch.from_numpy(store.rows(np.arange(first, last))).to(head.weight.device)
        loss, gradient = _loss_and_gradient(rows, sample.tokens[sample.answer :], norm, head)
        means.append(loss)
        gradients.append(gradient)
    return Losses(np.array(means), np.stack(gradients))


def _loss_and_gradient(
    rows: torch.Tensor, tokens: tuple[int, ...], norm: nn.Module, head: nn.Linear
) -> tuple[float, npt.NDArray[np.float32]]:
    gain = torch.ones(rows.shape[1], device=rows.device, requires_grad=True)
    with torch.no_grad():
        read = norm(rows)
    loss = functional.cross_entropy(head(read * gain), torch.tensor(tokens, device=rows.device))
    (gradient,) = torch.autograd.grad(loss, gain)
    return float(loss.detach()), gradient.cpu().numpy()
