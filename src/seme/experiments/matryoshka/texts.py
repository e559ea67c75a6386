"""Glosses of WordNet with their vectors and fields, and sentences that ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from seme.assets.wordnet import FILES, synsets
from seme.embeddings.caching import encode_cached
from seme.embeddings.encoder import TextEncoder
from seme.errors import InputError
from seme.experiment import Context
from seme.experiments.collecting import digest

if TYPE_CHECKING:
    from seme.experiments.p08_matryoshka import MatryoshkaSettings

_SENTENCE = 4
"""Fewest words of an example that counts as a sentence."""


@dataclass(frozen=True, slots=True)
class Material:
    """Vectors of glosses (n, d) and their fields (n,); vectors of sentences (m, d) and the rows of their glosses (m,).

    The first `asked` sentences are the queries; the others train. `ids` are the synsets'.
    """

    ids: list[str]
    glosses: torch.Tensor
    fields: npt.NDArray[np.int64]
    sentences: torch.Tensor
    rows: npt.NDArray[np.int64]
    asked: int


def make(settings: MatryoshkaSettings, context: Context) -> Material:
    """Take synsets in the order of their ids' hashes, and encode glosses and sentences, or read what is kept.

    Raises
    ------
    InputError
        If there are fewer synsets or sentences than the settings ask for.
    """
    known = sorted(synsets(), key=lambda one: digest(one.id))
    chosen = known[: settings.documents]
    rows = [row for row, one in enumerate(chosen) if one.examples and len(one.examples[0].split()) >= _SENTENCE]
    if len(chosen) < settings.documents or settings.train + settings.test * 3 // 2 > len(chosen):
        raise InputError(
            f"documents is {settings.documents}, train {settings.train} and test {settings.test}, expected up to "
            f"{len(known)} documents, and as many as are trained on and one and a half times the tested ones"
        )
    rows = rows[: settings.queries + settings.pairs]
    if len(rows) <= settings.queries:
        raise InputError(
            f"queries is {settings.queries}, but there are {len(rows)} sentences, of which some must train"
        )
    glosses = _encode([f"{one.words[0]}: {one.definition}" for one in chosen], settings, context)
    sentences = _encode([chosen[row].examples[0] for row in rows], settings, context)
    fields = np.array([FILES.index(one.file) for one in chosen])
    return Material([one.id for one in chosen], glosses, fields, sentences, np.array(rows), settings.queries)


def _encode(texts: Sequence[str], settings: MatryoshkaSettings, context: Context) -> torch.Tensor:
    made: list[TextEncoder] = []

    def encode(part: Sequence[str]) -> npt.NDArray[np.float32]:
        if not made:
            made.append(TextEncoder.load(settings.encoder).eval())
        return made[0].encode(part, batch_size=64, longest=settings.longest)

    name = f"{settings.encoder}-{settings.longest}"
    kept = encode_cached(encode, texts, name=name, folder=context.cache, progress=context.progress)
    return torch.from_numpy(np.array(kept))
