"""Product quantisation that learns from a ranking loss, straight through the choice of codewords (BiDR, 2022)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from seme.errors import InputError
from seme.retrieval.bigranular import ProductQuantiser

Float32 = npt.NDArray[np.float32]


class ContrastiveQuantiser(nn.Module):
    """Quantise `R v` to one codeword of each part; the gradient is that of a softmax over -|(R v)_p - C_pk|².

    With `π_p` that softmax and `h_p` its one-hot maximum, `h_p + π_p - stop(π_p)` times the codebook is what comes out:
    the codeword itself, exactly, with a gradient for codebook and vector. R stays as it is.

    Parameters
    ----------
    codebook
        Where training begins, (P, K, D / P): `fit_opq`, or `random_codebook`.
    rotation
        (D, D), orthogonal; the identity if not given.

    Raises
    ------
    InputError
        As `ProductQuantiser`.
    """

    rotation: torch.Tensor

    def __init__(self, codebook: Float32, rotation: Float32 | None = None) -> None:
        super().__init__()
        given = ProductQuantiser(codebook, rotation)
        turned = np.eye(given.dim, dtype=np.float32) if given.rotation is None else given.rotation
        self.codebook = nn.Parameter(torch.from_numpy(given.codebook.copy()))
        self.register_buffer("rotation", torch.from_numpy(turned.copy()))

    def rotated(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return R v for vectors (n, D), documents' or queries'."""
        return vectors @ self.rotation.T

    def logits(self, rotated: torch.Tensor) -> torch.Tensor:
        """Return -|v'_p - C_pk|², (P, n, K), of rotated vectors (n, D)."""
        parts = self._split(rotated)
        products = torch.bmm(parts, self.codebook.transpose(1, 2))
        return 2 * products - parts.square().sum(2, keepdim=True) - self.codebook.square().sum(2)[:, None]

    def forward(self, rotated: torch.Tensor) -> torch.Tensor:
        """Return the codewords (n, D) of rotated vectors (n, D), still rotated."""
        logits = self.logits(rotated)
        soft = logits.softmax(dim=2)
        hard = F.one_hot(logits.argmax(dim=2), logits.shape[2]).to(soft.dtype)
        # In this order, the sum of what is equal and of nothing is exact: the value is the codeword, to the last bit.
        chosen = torch.bmm(hard + (soft - soft.detach()), self.codebook)
        return chosen.transpose(0, 1).reshape(rotated.shape)

    @torch.no_grad()
    def frozen(self) -> ProductQuantiser:
        """Return what an index takes."""
        return ProductQuantiser(self.codebook.detach().numpy().copy(), self.rotation.numpy().copy())

    def _split(self, rotated: torch.Tensor) -> torch.Tensor:
        parts, _, width = self.codebook.shape
        if rotated.ndim != 2 or rotated.shape[1] != parts * width:
            raise InputError(f"vectors are {tuple(rotated.shape)}, expected (n, {parts * width})")
        return rotated.view(len(rotated), parts, width).transpose(0, 1)


def random_codebook(dim: int, *, parts: int, centroids: int, seed: int = 0) -> Float32:
    """Return a codebook without OPQ, uniform from -0.1 to 0.1 as in the published code.

    Raises
    ------
    InputError
        If `parts` does not divide `dim`.
    """
    check_parts(dim, parts)
    drawn = np.random.default_rng(seed).uniform(-0.1, 0.1, (parts, centroids, dim // parts))
    return drawn.astype(np.float32)


def check_parts(dim: int, parts: int) -> None:
    """Refuse parts that do not divide the width.

    Raises
    ------
    InputError
        If there is a rest.
    """
    if parts < 1 or dim % parts:
        raise InputError(f"parts is {parts}, expected a divisor of the width {dim}")
