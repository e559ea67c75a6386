"""Where trainings begin: an encoder that was trained for sentences before, and a small one that knows nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers import BertConfig, BertModel

from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context

if TYPE_CHECKING:
    from seme.experiments.p29_matryoshka_2d import Matryoshka2dSettings

_HEAD = 32
"""Width of an attention head of a new encoder, as in MiniLM."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """One encoder from which every method sets out, and how long each then trains.

    Parameters
    ----------
    name
        For statements and tables.
    encoder
        It stays as it is; methods train copies.
    dims
        Widths below the full one, rising.
    steps, batch, rates
        Of each training; one of the rates is chosen.
    tables
        Whether the embeddings' tables are trained, too.
    """

    name: str
    encoder: TextEncoder
    dims: tuple[int, ...]
    steps: int
    batch: int
    rates: tuple[float, ...]
    tables: bool


def beginnings(settings: Matryoshka2dSettings, context: Context) -> list[Beginning]:
    """Return the encoder as it comes and, unless `new_steps` is 0, a new one with as many blocks."""
    known = TextEncoder.load(settings.encoder, longest=settings.longest).eval()
    found = [Beginning(settings.encoder, known, settings.dims, settings.steps, settings.batch, settings.rates, False)]
    if settings.new_steps:
        new = fresh(known, settings.new_width, context)
        dims = tuple(dim for dim in settings.dims if dim < settings.new_width)
        found.append(
            Beginning("new encoder", new, dims, settings.new_steps, settings.new_batch, settings.new_rates, True)
        )
    return found


def fresh(like: TextEncoder, width: int, context: Context) -> TextEncoder:
    """Return a randomly initialised encoder with another's tokenizer, depth and pooling, but a width of its own."""
    config = BertConfig(
        vocab_size=like.model.config.vocab_size,
        hidden_size=width,
        num_hidden_layers=like.depth,
        num_attention_heads=max(1, width // _HEAD),
        intermediate_size=4 * width,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(context.rng("new encoder").integers(2**31)))
        model = BertModel(config, add_pooling_layer=False)
    return TextEncoder(
        model, like.tokenizer, pooling=like.pooling, normalise=like.normalise, longest=like.longest
    ).eval()
