"""Documents scored by the loss that they cost a model without its retrieval heads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedModel

from seme.errors import InputError
from seme.interp.activations import Replay
from seme.interp.heads import Head, MaskedHeads, Mode, head_mask, head_sites
from seme.interp.heads.retrieval import RetrievalScores

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Influence:
    """Losses of documents in nats per token, without and with masked heads.

    Parameters
    ----------
    base, masked
        (documents,).
    tokens
        Tokens that were predicted of each document, (documents,).
    passes
        Share of a model's blocks that were computed for each document, over both passes: 2 at most.
    """

    base: Floats
    masked: Floats
    tokens: npt.NDArray[np.int64]
    passes: float

    @property
    def scores(self) -> Floats:
        """AttentionInfluence of each document: the increase of the loss relative to the loss itself."""
        return np.asarray((self.masked - self.base) / self.base)

    def eligible(self, *, least: int = 64, loss: float = 0.05) -> npt.NDArray[np.bool_]:
        """Return which documents are long enough, and not known by heart, so that their scores mean anything."""
        return np.asarray((self.tokens >= least) & (self.base > loss))


def top_share(scores: RetrievalScores, share: float = 0.05) -> list[Head]:
    """Return the share of all heads with the highest retrieval scores, the best first; the paper takes 0.05.

    Raises
    ------
    InputError
        If the share is not within 0 and 1, or so many heads never copied anything.
    """
    if not 0 < share < 1:
        raise InputError(f"share is {share}, expected a number between 0 and 1")
    heads = scores.top(max(1, round(share * scores.mean.size)))
    if scores.mean[heads[0]] <= 0:
        raise InputError(
            "no head copied anything: the task was never solved",
            hint="Shorten the lists (pairs), or try a larger model",
        )
    return heads


def attention_influence(
    model: PreTrainedModel,
    documents: Sequence[Sequence[int]],
    heads: Sequence[Head],
    *,
    mode: Mode = "uniform",
    length: int | None = None,
    at_once: int = 8,
    progress: Callable[[Sequence[int]], Iterator[int]] = iter,
) -> Influence:
    """Score documents by the relative increase of their loss without some heads (AttentionInfluence, step 3).

    Parameters
    ----------
    model
        A causal model, in evaluation mode; afterwards it is as it was.
    documents
        Tokens of each, two or more.
    heads
        Which are masked, at all positions; see `top_share`.
    mode
        "uniform" lets them attend to all visible positions alike, as in the paper; "zero" silences them.
    length
        Documents are cut into chunks of so many tokens, of which the token-weighted mean counts; by default, the
        model's context.
    at_once
        Chunks in a forward pass.
    progress
        Shows how far it is: it is given the numbers of the batches and yields them.

    Raises
    ------
    InputError
        If heads are none or all, or a document has fewer than two tokens.
    """
    mask = head_mask(model, heads)
    if mask.all():
        raise InputError(f"heads names all {mask.numel()} heads; some have to be left")
    base, (masked,), tokens = masked_losses(
        model, documents, [MaskedHeads(mask, mode)], length=length, at_once=at_once, progress=progress
    )
    layers = len(mask)
    return Influence(base, masked, tokens, 1 + (layers - _first_layer(mask)) / layers)


def masked_losses(
    model: PreTrainedModel,
    documents: Sequence[Sequence[int]],
    patches: Sequence[MaskedHeads],
    *,
    length: int | None = None,
    at_once: int = 8,
    progress: Callable[[Sequence[int]], Iterator[int]] = iter,
) -> tuple[Floats, list[Floats], npt.NDArray[np.int64]]:
    """Return each document's loss with all heads and under each mask, and how many tokens were predicted.

    Blocks before the first masked head compute the same in both, and are run once.

    Returns
    -------
    tuple
        Losses in nats per token, (documents,); the same for each patch; and tokens (documents,).

    Raises
    ------
    InputError
        If there is no document, one has fewer than two tokens, or `length` or `at_once` cannot be used.
    """
    chunks, owners = _chunks(model, documents, length)
    if at_once < 1:
        raise InputError(f"at_once is {at_once}, expected a number >= 1")
    order = sorted(range(len(chunks)), key=lambda one: len(chunks[one]))  # so that little is padded
    sums = np.zeros((1 + len(patches), len(documents)))
    for start in progress(range(0, len(chunks), at_once)):
        part = order[start : start + at_once]
        batch, labels = _padded([chunks[one] for one in part])
        replay = Replay(model, batch)
        blocks = len(head_sites(model))
        found = [_sums(model, replay, blocks, batch, labels)]
        for patch in patches:
            with patch(model):
                found.append(_sums(model, replay, _first_layer(patch.chosen), batch, labels))
        for row, losses in enumerate(found):
            np.add.at(sums[row], owners[part], losses)
    tokens = np.bincount(owners, [len(chunk) - 1 for chunk in chunks], len(documents)).astype(np.int64)
    return sums[0] / tokens, list(sums[1:] / tokens), tokens


def _first_layer(chosen: Tensor) -> int:
    layers = chosen.any(-1).reshape(-1, chosen.shape[-2]).any(0)
    return int(layers.nonzero()[0]) if layers.any() else len(layers)


@torch.no_grad()
def _sums(model: PreTrainedModel, replay: Replay, skipped: int, batch: dict[str, Tensor], labels: Tensor) -> Floats:
    """Return the summed loss of each row; the first blocks return what they returned in the base pass."""
    with replay.skipping(skipped):
        logits = model(**{name: value.to(model.device) for name, value in batch.items()}, use_cache=False).logits
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1),
        labels[:, 1:].flatten().to(logits.device),
        ignore_index=-100,
        reduction="none",
    )
    return np.asarray(losses.view(len(labels), -1).double().sum(1).cpu().numpy())


def _chunks(
    model: PreTrainedModel, documents: Sequence[Sequence[int]], length: int | None
) -> tuple[list[list[int]], npt.NDArray[np.int64]]:
    """Return pieces of the documents, and the number of the document that each belongs to."""
    short = next((number for number, one in enumerate(documents) if len(one) < 2), None)
    if short is not None or not len(documents):
        raise InputError(
            "documents is empty, expected at least one"
            if short is None
            else f"document {short} has {len(documents[short])} tokens, expected 2 or more",
            hint="Leave out what is too short; 64 tokens or more make a score worth trusting",
        )
    context = getattr(model.config, "max_position_embeddings", None) or max(map(len, documents))
    size = context if length is None else length
    if not 2 <= size <= context:
        raise InputError(f"length is {length}; it may be 2 to {context}, the model's context")
    chunks, owners = [], []
    for number, document in enumerate(documents):
        for start in range(0, len(document), size):
            piece = list(document[start : start + size])
            if len(piece) > 1:  # a last token alone has nothing that it is predicted from
                chunks.append(piece)
                owners.append(number)
    return chunks, np.array(owners, dtype=np.int64)


def _padded(chunks: Sequence[Sequence[int]]) -> tuple[dict[str, Tensor], Tensor]:
    width = max(map(len, chunks))
    ids, mask = torch.zeros(len(chunks), width, dtype=torch.long), torch.zeros(len(chunks), width, dtype=torch.long)
    labels = torch.full((len(chunks), width), -100)
    for row, chunk in enumerate(chunks):
        ids[row, : len(chunk)] = labels[row, : len(chunk)] = torch.tensor(chunk)
        mask[row, : len(chunk)] = 1
    return {"input_ids": ids, "attention_mask": mask}, labels
