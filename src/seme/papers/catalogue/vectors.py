"""Vectors of the catalogue's papers, made once: a fresh install can be searched by meaning at once.

`python -m scripts.catalogue_vectors` makes them; whatever text they were not made of is encoded when it is indexed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
FILE = "vectors.npz"


def digest(text: str) -> bytes:
    """Return what tells a text from others."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@cache
def shipped_vectors(encoder: str) -> Mapping[bytes, Float32]:
    """Return the vectors (d,) that an encoder of this name made, by the `digest` of their texts; none of another's."""
    with resources.files(__package__).joinpath(FILE).open("rb") as file, np.load(file, allow_pickle=False) as kept:
        if str(kept["encoder"]) != encoder:
            return MappingProxyType({})
        return MappingProxyType(dict(zip(map(bytes, kept["digests"]), kept["vectors"], strict=True)))


def encode_new(encode: Callable[[Sequence[str]], Float32], name: str, dim: int, texts: Sequence[str]) -> Float32:
    """Return the vectors (n, d) of texts, encoding only those that do not ship.

    Parameters
    ----------
    encode
        From texts to vectors (m, dim).
    name, dim
        Of the encoder, and the width of its vectors.
    texts
        What is indexed.
    """
    known = shipped_vectors(name)
    keys = [digest(text) for text in texts]
    vectors = np.empty((len(texts), dim), dtype=np.float32)
    fresh = [i for i, key in enumerate(keys) if key not in known]
    if fresh:
        vectors[fresh] = encode([texts[i] for i in fresh])
    for i, key in enumerate(keys):
        if key in known:
            vectors[i] = known[key]
    return vectors
