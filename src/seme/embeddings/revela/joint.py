"""Retriever and language model as one: two passes over a batch of chunks, and the loss that trains both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from seme.embeddings.revela.attention import Helper, Hook, Recorder, in_batch_attention
from seme.embeddings.revela.batches import ChunkBatch
from seme.embeddings.revela.retriever import DecoderRetriever
from seme.embeddings.revela.weights import similarity_weights
from seme.errors import InputError
from seme.training.loss import Loss, Objective


class Revela(nn.Module):
    """A retriever, and the language model whose prediction of chunks it helps (Revela, 2025).

    Parameters
    ----------
    retriever
        What is wanted in the end.
    language_model
        A causal model of transformers with `sdpa` attention; it must not share weights with the retriever.
    temperature
        Of the weights. The released command takes 1e-4, which is nearly a choice of one chunk; small models learn at
        0.01 to 0.05.
    value_norm
        Whether what is read in a chunk is divided by the norm of its values there.
    frozen
        Whether the language model stays as it is.
    shortcut, block
        As in `Helper`.

    Raises
    ------
    InputError
        If the two share a weight.
    """

    def __init__(
        self,
        retriever: DecoderRetriever,
        language_model: PreTrainedModel,
        *,
        temperature: float = 0.05,
        value_norm: bool = True,
        frozen: bool = False,
        shortcut: bool = False,
        block: int = 8,
    ) -> None:
        super().__init__()
        if {id(one) for one in retriever.parameters()} & {id(one) for one in language_model.parameters()}:
            raise InputError("retriever and language model share weights", hint="Give the retriever a copy")
        self.retriever, self.language_model = retriever, language_model
        self.temperature, self.value_norm, self.shortcut, self.block = temperature, value_norm, shortcut, block
        self.frozen = frozen
        if frozen:
            language_model.requires_grad_(requires_grad=False)

    def weights(self, batch: ChunkBatch) -> torch.Tensor:
        """Return how much each chunk's first half asks for each other chunk, (n, n)."""
        queries, passages = self.retriever(batch["queries"], "query"), self.retriever(batch["passages"], "passage")
        return similarity_weights(queries, passages, temperature=self.temperature)

    def record(self, batch: ChunkBatch) -> tuple[Recorder, torch.Tensor]:
        """Make pass A: return keys and values of all layers, and the last states (n, length, d) of chunks alone."""
        recorder = Recorder()
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            states = self._states(batch, recorder)
        return recorder, states

    def help(self, batch: ChunkBatch, recorder: Recorder, weights: torch.Tensor) -> torch.Tensor:
        """Make pass B: return the last states (n, length, d) of chunks that read the others as the weights say."""
        hook = Helper(
            recorder,
            weights,
            batch["attention_mask"].bool(),
            batch["helped"],
            value_norm=self.value_norm,
            shortcut=self.shortcut,
            block=self.block,
        )
        return self._states(batch, hook)

    def prediction_loss(self, states: torch.Tensor, batch: ChunkBatch, *, helped_only: bool = False) -> torch.Tensor:
        """Return the mean cross-entropy of the chunks' next tokens, a scalar.

        Parameters
        ----------
        states
            Last states (n, length, d).
        batch
            The chunks.
        helped_only
            Whether only predictions from positions that read other chunks count.
        """
        target = batch["attention_mask"][:, 1:].bool()
        if helped_only:
            target = target & batch["helped"][:, :-1]
        logits = self.language_model.get_output_embeddings()(states[:, :-1][target])
        return F.cross_entropy(logits.float(), batch["input_ids"][:, 1:][target])

    def _states(self, batch: ChunkBatch, hook: Hook) -> torch.Tensor:
        trunk = self.language_model.base_model
        with in_batch_attention(self.language_model):
            found = trunk(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False, in_batch=hook
            )
        states: torch.Tensor = found.last_hidden_state
        return states


class RevelaObjective(Objective):
    """The loss of pass B, plus that of pass A if `dual`.

    The retriever's gradient goes through the weights of pass B alone.
    """

    def __init__(self, *, dual: bool = False) -> None:
        super().__init__()
        self.dual = dual

    def forward(self, model: nn.Module, batch: Mapping[str, Any]) -> Loss:
        """Return the loss of a batch of `ChunkBatches`."""
        if not isinstance(model, Revela):
            raise InputError(f"model is a {type(model).__name__}, expected Revela")
        chunks: ChunkBatch = batch  # type: ignore[assignment]
        weights = model.weights(chunks)
        recorder, alone = model.record(chunks)
        helped = model.prediction_loss(model.help(chunks, recorder, weights), chunks)
        parts = {"helped": helped.detach(), "largest weight": weights.detach().amax(1).mean()}
        if not self.dual:
            return Loss(helped, parts)
        plain = model.prediction_loss(alone, chunks)
        return Loss(helped + plain, {**parts, "alone": plain.detach()})
