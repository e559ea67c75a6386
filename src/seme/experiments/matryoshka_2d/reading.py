"""How well each layer and width of an encoder tells what is alike, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import rankdata
from torch.nn import functional as F

from seme.embeddings.encoder import TextEncoder
from seme.embeddings.matryoshka2d import layer_vectors, narrow
from seme.experiments.matryoshka_2d.texts import Pairs

_BATCH = 32

Array = npt.NDArray[np.float64]


@torch.no_grad()
def cosines(encoder: TextEncoder, pairs: Pairs, dims: Sequence[int]) -> Array:
    """Return the cosines of pairs by layer (from 1) and width (the dims, then the full one), (layers, widths, n)."""
    first, second = (torch.stack(_all_layers(encoder, one)) for one in (pairs.first, pairs.second))
    widths = [F.cosine_similarity(narrow(first, dim), narrow(second, dim), dim=-1) for dim in (*dims, encoder.dim)]
    return torch.stack(widths, dim=1).numpy().astype(np.float64)


def correlations(scores: Array, likeness: Array, weights: Array | None = None) -> Array:
    """Return Spearman's correlation of scores (..., n) with likeness (n,), (...).

    Parameters
    ----------
    weights
        How often each pair counts, (samples, n): the result is then (samples, ...). Ranks are those of all pairs, so
        that for samples drawn with replacement the correlation is an approximation.
    """
    x, y = rankdata(scores, axis=-1), rankdata(likeness)
    x, y = (one - one.mean(axis=-1, keepdims=True) for one in (x, y))
    shares = np.full((1, len(y)), 1 / len(y)) if weights is None else weights / weights.sum(axis=1, keepdims=True)
    flat = x.reshape(-1, len(y))
    means, mean = shares @ flat.T, shares @ y
    covariances = shares @ (flat * y).T - means * mean[:, None]
    variances = shares @ (flat**2).T - means**2
    found: Array = covariances / np.sqrt(variances * (shares @ y**2 - mean**2)[:, None])
    found = found.reshape(len(shares), *scores.shape[:-1])
    return found if weights is not None else np.array(found[0])


def _all_layers(encoder: TextEncoder, texts: Sequence[str]) -> list[torch.Tensor]:
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # of like length, with little padding
    parts = [
        layer_vectors(encoder, encoder.tokenise([texts[row] for row in order[start : start + _BATCH]]))
        for start in range(0, len(order), _BATCH)
    ]
    back = torch.argsort(torch.tensor(order))
    return [torch.cat(one)[back] for one in zip(*parts, strict=True)]
