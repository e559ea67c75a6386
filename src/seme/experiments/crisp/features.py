"""States of texts below the trained blocks: computed once and kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.contriever import mine_negatives
from seme.embeddings.crisp.training import States
from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.crisp.corpus import Corpus
from seme.experiments.crisp.searching import Material
from seme.report.files import write_atomically
from seme.retrieval.multivector.packed import offsets_of

if TYPE_CHECKING:
    from seme.experiments.p24_crisp import CrispSettings

Array = TypeVar("Array", bound=npt.NDArray[Any])

_BATCH = 32


def material(one: Corpus, base: TextEncoder, settings: CrispSettings, context: Context) -> Material:
    """Return a corpus with the states of its texts, and the hard negatives of its pairs."""

    def of(texts: Sequence[str], longest: int) -> list[States]:
        return states(base, texts, longest, settings, context)

    return Material(
        one,
        of([query for query, _ in one.pairs], settings.longest_query),
        of([document for _, document in one.pairs], settings.longest),
        [document for _, document in one.pairs],
        near(base, one.pairs, settings, context),
        of(list(one.documents.values()), settings.longest),
        of(list(one.queries.values()), settings.longest_query),
        of(list(one.noisy.values()), settings.longest_query),
    )


def states(
    encoder: TextEncoder, texts: Sequence[str], longest: int, settings: CrispSettings, context: Context
) -> list[States]:
    """Return the states (length, d) of texts after the frozen blocks, float16; from the cache if it has them."""
    if not texts:
        return []
    content = (settings.encoder, settings.layer, longest, list(texts))
    return _kept(context, "states", content, lambda: _computed(encoder, texts, longest, settings, context))


def near(
    encoder: TextEncoder, pairs: Sequence[tuple[str, str]], settings: CrispSettings, context: Context
) -> list[npt.NDArray[np.int64]]:
    """Return the rows of the documents that are nearest to each query by the encoder as it comes, without its own.

    Documents of the same text as its own are left out, too. From the cache if it has them.
    """
    if not settings.hard or not pairs:
        return [np.empty(0, dtype=np.int64) for _ in pairs]

    def mined() -> list[npt.NDArray[np.int64]]:
        queries = encoder.encode([query for query, _ in pairs], longest=settings.longest_query)
        documents = encoder.encode([document for _, document in pairs], longest=settings.longest)
        rows: dict[str, list[int]] = {}
        for row, (_, document) in enumerate(pairs):
            rows.setdefault(document, []).append(row)
        own = [np.array(rows[document], dtype=np.int64) for _, document in pairs]
        return mine_negatives(queries, documents, own, depth=settings.hard)

    content = (settings.encoder, settings.longest_query, settings.longest, settings.hard, list(pairs))
    return _kept(context, "near", content, mined)


def _kept(context: Context, kind: str, content: tuple[object, ...], make: Callable[[], list[Array]]) -> list[Array]:
    """Return arrays of unlike lengths from the cache, where they are put if they are not there."""
    key = hashlib.sha256(repr((kind, content)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    file = context.cache / f"{kind}-{key}.npz"
    if not file.is_file():
        write_atomically(file, _packed(make()))
    with np.load(file, allow_pickle=False) as kept:
        flat, offsets = kept["flat"], offsets_of(kept["lengths"])
    return [flat[offsets[i] : offsets[i + 1]] for i in range(len(offsets) - 1)]


@torch.no_grad()
def _computed(
    encoder: TextEncoder, texts: Sequence[str], longest: int, settings: CrispSettings, context: Context
) -> list[States]:
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    found: dict[int, States] = {}
    for start in context.progress(range(0, len(order), _BATCH), "Running the frozen blocks"):
        chosen = order[start : start + _BATCH]
        batch = encoder.tokenise([texts[i] for i in chosen], longest=longest)
        made = encoder.states(batch, layer=settings.layer).half().cpu().numpy()
        for i, one, length in zip(chosen, made, batch["attention_mask"].sum(1).tolist(), strict=True):
            found[i] = one[:length].copy()
    return [found[i] for i in range(len(texts))]


def _packed(made: Sequence[npt.NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, flat=np.concatenate(made), lengths=np.array([len(one) for one in made]))
    return buffer.getvalue()
