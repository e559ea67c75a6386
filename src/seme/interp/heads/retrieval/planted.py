"""A small model whose copying heads are known, because they were written by hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from seme.errors import InputError
from seme.interp.heads.masking import Head
from seme.interp.heads.retrieval.prompts import RetrievalPrompt

VOCABULARY, HEADS = 40, 4
"""Of the planted model. The stream holds four parts as wide as the vocabulary: position, token, the token before, and
what is written next; so there are four heads."""
_FACTS = 20
"""Tokens from this on occur once in a prompt; those before are the filler."""
_SHARP, _LOUD, _NOISE = 8.0, 4.0, 0.02


def planted_copier(
    copying: Collection[Head] = ((2, 1),), *, layers: int = 3, longest: int = 512, seed: int = 0
) -> GPT2LMHeadModel:
    """Return a GPT-2 without MLPs in which given heads copy, and all others look at places of chance.

    Head 0 of layer 0 writes at each token which one came before it; a copying head looks for the place behind an
    earlier occurrence of the current token, and writes what stands there: an induction head (Olsson et al. 2022).

    Parameters
    ----------
    copying
        Heads, of layer 1 or later.
    layers
        Of four heads each.
    longest
        Context.
    seed
        Of the other heads' weights.

    Raises
    ------
    InputError
        If a head that is to copy does not exist or is in layer 0.
    """
    for layer, head in copying:
        if not (1 <= layer < layers and 0 <= head < HEADS):
            raise InputError(f"copying names ({layer}, {head}); layer may be 1 to {layers - 1}, head 0 to {HEADS - 1}")
    width = HEADS * VOCABULARY
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=width,
        n_layer=layers,
        n_head=HEADS,
        n_positions=longest,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    model: Any = GPT2LMHeadModel(config).eval()
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.transformer.wte.weight[:, _part(1)] = torch.eye(VOCABULARY)
        model.transformer.wpe.weight[:, _part(0)] = _positions(longest)
        model.lm_head.weight[:, _part(3)] = torch.eye(VOCABULARY)
        for norm in [
            model.transformer.ln_f,
            *(one for block in model.transformer.h for one in (block.ln_1, block.ln_2)),
        ]:
            norm.weight.fill_(1.0)
        for layer, block in enumerate(model.transformer.h):
            for head in range(HEADS):
                _write(block.attn, head, *_weights((layer, head), copying, random))
    planted: GPT2LMHeadModel = model
    return planted


def planted_prompts(
    rng: np.random.Generator, count: int, *, length: int = 100, answer: int = 6
) -> list[RetrievalPrompt]:
    """Draw prompts of filler with a cue and an answer somewhere in it, and the cue again at the end.

    Raises
    ------
    InputError
        If there is no room for the answer, or not enough tokens for it.
    """
    if not 1 <= answer < VOCABULARY - _FACTS:
        raise InputError(f"answer is {answer}; it may be 1 to {VOCABULARY - _FACTS - 1} tokens")
    if length < answer + 3:
        raise InputError(
            f"length is {length}, and the answer of {answer} tokens needs {answer + 3} or more",
            hint="Raise length, or lower answer",
        )
    prompts = []
    for _ in range(count):
        ids = rng.integers(1, _FACTS, length)
        fact = rng.permutation(np.arange(_FACTS, VOCABULARY))[: answer + 1]
        start = int(rng.integers(0, length - answer - 2))
        ids[start : start + answer + 1], ids[-1] = fact, fact[0]
        span = (start + 1, start + 1 + answer)
        prompts.append(RetrievalPrompt(tuple(map(int, ids)), span, start / (length - answer - 2)))
    return prompts


def _part(number: int) -> slice:
    return slice(number * VOCABULARY, (number + 1) * VOCABULARY)


def _angles() -> Tensor:
    angles: Tensor = 1.5 * torch.logspace(0, -2.5, VOCABULARY // 4)
    return angles


def _positions(count: int) -> Tensor:
    """Return codes that a rotation takes to the position before; each sums to 0, so that layer norms keep them."""
    turns = torch.arange(count)[:, None] * _angles()
    return torch.cat([turns.cos(), turns.sin(), -turns.cos(), -turns.sin()], dim=1)


def _one_back() -> Tensor:
    cosine, sine = _angles().cos().diag(), _angles().sin().diag()
    turn = torch.cat([torch.cat([cosine, -sine], 1), torch.cat([sine, cosine], 1)])
    both: Tensor = torch.block_diag(turn, turn)
    return both


def _weights(head: Head, copying: Collection[Head], random: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return what a head multiplies the stream with for queries, keys and values, and its values to write them."""
    width = HEADS * VOCABULARY
    query, key, value, output = (torch.zeros(width, VOCABULARY) for _ in range(4))
    eye = torch.eye(VOCABULARY)
    if head == (0, 0):
        query[_part(0)], key[_part(0)] = _SHARP * _one_back(), eye
        value[_part(1)], output[_part(2)] = eye, eye
    elif head in copying:
        query[_part(1)], key[_part(2)] = _SHARP * eye, _SHARP * eye
        value[_part(1)], output[_part(3)] = eye, _LOUD * eye
    else:
        query, key, value, output = (torch.randn(width, VOCABULARY, generator=random) for _ in range(4))
        output *= _NOISE / width
    return query, key, value, output.T


def _write(attention: Any, head: int, query: Tensor, key: Tensor, value: Tensor, output: Tensor) -> None:
    for number, weight in enumerate((query, key, value)):
        start = number * HEADS * VOCABULARY + head * VOCABULARY
        attention.c_attn.weight[:, start : start + VOCABULARY] = weight
    attention.c_proj.weight[head * VOCABULARY : (head + 1) * VOCABULARY] = output
