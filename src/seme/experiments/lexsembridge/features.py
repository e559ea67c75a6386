"""What the frozen backbone makes of passages and queries: computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from seme.embeddings.caching import encode_cached
from seme.embeddings.encoder import TextEncoder
from seme.embeddings.lexsembridge import tied_logits, token_ids, word_embeddings
from seme.experiment import Context
from seme.experiments.lexsembridge.corpus import Texts

if TYPE_CHECKING:
    from seme.experiments.p53_lexsembridge import LexSemBridgeSettings

_BATCH = 16


@dataclass(frozen=True, slots=True)
class Queries:
    """Of n queries: the tokens and their states, padded to one length, and the plain vectors."""

    ids: torch.Tensor
    mask: torch.Tensor
    states: torch.Tensor
    vectors: torch.Tensor

    def rows(self, chosen: Sequence[int] | npt.NDArray[np.int64]) -> Queries:
        """Return some of them."""
        index = torch.as_tensor(np.asarray(chosen, dtype=np.int64))
        return Queries(self.ids[index], self.mask[index], self.states[index], self.vectors[index])


@dataclass(frozen=True, slots=True)
class Encoded:
    """The passages' vectors, the queries of each task and of training, and the backbone they are from."""

    encoder: TextEncoder
    passages: torch.Tensor
    tasks: dict[str, Queries]
    train: Queries

    def logits(self, queries: Queries) -> torch.Tensor:
        """Return what the tied head gives at the first tokens."""
        return tied_logits(self.encoder, queries.states[:, 0])

    @property
    def vocabulary(self) -> int:
        """How many tokens the backbone knows."""
        return len(word_embeddings(self.encoder))

    @property
    def ignored(self) -> tuple[int, ...]:
        """The special tokens that have no weight."""
        tokenizer = self.encoder.tokenizer
        return token_ids([getattr(tokenizer, f"{name}_token_id") for name in ("cls", "pad", "unk")])


def encode(texts: Texts, settings: LexSemBridgeSettings, context: Context) -> Encoded:
    """Encode all texts with the frozen backbone."""
    encoder = TextEncoder.load(settings.encoder).eval().requires_grad_(requires_grad=False)
    passages = encode_cached(
        encoder.encode,
        list(texts.passages.values()),
        name=f"{settings.encoder}-{encoder.longest}",
        folder=context.cache,
        progress=context.progress,
    )
    tasks = {name: _queries(encoder, list(given.values()), settings, context) for name, given in texts.tasks.items()}
    train = _queries(encoder, [query for query, _ in texts.pairs], settings, context)
    return Encoded(encoder, torch.from_numpy(np.array(passages)), tasks, train)


def _queries(encoder: TextEncoder, texts: list[str], settings: LexSemBridgeSettings, context: Context) -> Queries:
    longest = settings.longest
    found = encoder.tokenizer(texts, padding="max_length", truncation=True, max_length=longest, return_tensors="pt")
    flat = encode_cached(
        lambda part: _states(encoder, part, longest),
        texts,
        name=f"{settings.encoder}-states-{longest}",
        folder=context.cache,
        progress=context.progress,
    )
    states = torch.from_numpy(np.array(flat)).view(len(texts), longest, encoder.dim)
    mask = found["attention_mask"]
    return Queries(found["input_ids"], mask, states, encoder.pooled(states, mask))


@torch.no_grad()
def _states(encoder: TextEncoder, texts: Sequence[str], longest: int) -> npt.NDArray[np.float32]:
    kept = np.zeros((len(texts), longest, encoder.dim), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        batch = encoder.tokenise([texts[i] for i in chosen], longest=longest)
        found = encoder.states(batch) * batch["attention_mask"][..., None]
        kept[chosen, : found.shape[1]] = found.numpy()
    return kept.reshape(len(texts), -1)
