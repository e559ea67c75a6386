"""Where contrastive quantisation begins: rotation and codebook of optimised product quantisation (Ge et al. 2013)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seme.embeddings.bidr.quantiser import check_parts
from seme.errors import InputError
from seme.retrieval.bigranular import ProductQuantiser
from seme.retrieval.dense.codes import checked


def fit_opq(
    vectors: npt.ArrayLike,
    *,
    parts: int,
    centroids: int = 256,
    rotate: bool = True,
    iterations: int = 25,
    seed: int = 1234,
) -> ProductQuantiser:
    """Fit a rotation and codebook that reconstruct vectors (n, D) best, by faiss.

    Parameters
    ----------
    vectors
        What they are fitted to.
    parts, centroids
        P, a divisor of D, and K, a power of two up to 256 and no more than there are vectors.
    rotate
        Whether there is a rotation (OPQ) or not (PQ).
    iterations
        Of the rotation; each fits a codebook.
    seed
        Of the clustering.

    Raises
    ------
    InputError
        If a setting cannot be used, or a vector is not finite.
    """
    array = np.asarray(vectors, dtype=np.float32)
    if array.ndim != 2 or not array.size:
        raise InputError(f"vectors are {array.shape}, expected (n, D)")
    array = checked(array, array.shape[1])
    dim = array.shape[1]
    check_parts(dim, parts)
    if centroids not in {2**bits for bits in range(1, 9)}:
        raise InputError(f"centroids is {centroids}, expected a power of two from 2 to 256")
    if centroids > len(array):
        raise InputError(f"centroids is {centroids}, expected at most {len(array)}, the number of vectors")
    import faiss  # noqa: PLC0415  # of the methods' extra; who trains without OPQ needs none

    bits = centroids.bit_length() - 1
    quantiser = faiss.ProductQuantizer(dim, parts, bits)
    quantiser.cp.seed, quantiser.cp.min_points_per_centroid = seed, 1
    rotation = None
    if rotate:
        # With fewer vectors than dimensions faiss writes beyond its memory; repeated, they are the same distribution.
        if len(array) < dim:
            array = np.resize(array, (dim, dim))
        matrix = faiss.OPQMatrix(dim, parts)
        matrix.niter, matrix.verbose = iterations, False
        inner = faiss.ProductQuantizer(dim, parts, bits)
        inner.cp.seed, inner.cp.min_points_per_centroid = seed, 1
        matrix.pq = inner
        matrix.train(array)
        rotation = faiss.vector_to_array(matrix.A).reshape(dim, dim).copy()
        array = np.ascontiguousarray(array @ rotation.T)
    quantiser.train(array)
    codebook = faiss.vector_to_array(quantiser.centroids).reshape(parts, centroids, dim // parts).copy()
    return ProductQuantiser(codebook, rotation)
