"""What a sample makes a model think: activations or codes, put together over its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from seme.errors import InputError
from seme.interp.activations import Store, as_store
from seme.interp.dictionaries import Dictionary

Pooling: TypeAlias = Literal["mean", "sum"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
_CHUNK = 4096
Indicator: TypeAlias = csr_array
"""(documents, rows of a chunk): 1 where a row is a token of a document."""


def embed_codes(
    dictionary: Dictionary, x: npt.ArrayLike | Store | Path | str, *, pooling: Pooling = "mean", first: int = 1
) -> csr_array:
    """Return a sparse embedding of each recorded document: its tokens' codes, averaged (arXiv 2503.15573, eq. 7).

    Each token is encoded by itself, so that a TopK dictionary keeps its K units per token. Memory is that of the
    embeddings and of a chunk of rows.

    Parameters
    ----------
    dictionary
        A fitted dictionary, by the paper a TopK sparse autoencoder.
    x
        A recording of one site, one sequence a sample; padding is not in it. Rows of an array count as samples of one
        token (with `first=0`).
    pooling
        `mean` over the tokens, the paper's; `sum`, by which the length of a sample counts.
    first
        Tokens at the beginning of each sample that are left out. The very first has an activation like no other.

    Returns
    -------
    csr_array of shape (samples, units)
        float32; sample i is document i of the recording.

    Raises
    ------
    InputError
        If no token of a sample is left, the pooling is unknown, K is more than there are units, or the rows are not
        what the dictionary was fitted to.
    """
    store = dictionary.checked(x)
    k, units = getattr(dictionary, "k", None), len(dictionary.atoms_)
    if k is not None and k > units:
        raise InputError(f"K is {k}, and the dictionary has {units} units", hint="Train it with a smaller k")
    total = csr_array((store.description.documents, units), dtype=np.float32)
    for rows, indicator in _chunks(store, pooling, first):
        total = total + indicator @ dictionary.encode(rows).csr()
    total.sort_indices()
    return total.astype(np.float32)


def embed_activations(
    x: npt.ArrayLike | Store | Path | str, *, pooling: Pooling = "mean", first: int = 1
) -> npt.NDArray[np.float32]:
    """Return an embedding of each recorded document, (samples, width): its tokens' activations as they are, averaged.

    They have negative values: a weighted Jaccard similarity needs their positive part. For arguments and errors see
    `embed_codes`.
    """
    store = as_store(x)
    total = np.zeros((store.description.documents, store.width))
    for rows, indicator in _chunks(store, pooling, first):
        total += indicator @ rows.astype(np.float64)
    return total.astype(np.float32)


def _chunks(store: Store, pooling: Pooling, first: int) -> Iterator[tuple[npt.NDArray[np.float32], Indicator]]:
    """Yield rows and the weight that each has in each document."""
    if pooling not in POOLINGS:
        raise InputError(f"pooling is {pooling!r}, expected one of {', '.join(POOLINGS)}")
    if first < 0:
        raise InputError(f"first is {first}, expected a number >= 0")
    documents, positions = store.index[:, 0], store.index[:, 1]
    kept = np.flatnonzero(positions >= first)
    counts = np.bincount(documents[kept], minlength=store.description.documents)
    if not counts.all():
        empty = int((counts == 0).sum())
        raise InputError(
            f"{empty} of {len(counts)} samples have no token after the first {first}",
            hint="Leave them out, or lower first",
        )
    weights = 1.0 / counts if pooling == "mean" else np.ones(len(counts))
    for start in range(0, len(kept), _CHUNK):
        chosen = kept[start : start + _CHUNK]
        owners = documents[chosen]
        places = (owners, np.arange(len(chosen)))
        indicator = csr_array((weights[owners], places), shape=(len(counts), len(chosen)))
        yield store.rows(chosen), indicator
