"""Deduction step by step, learned from scratch by a small transformer with many layers.

`1&0|1^1:` asks what follows from 1, and 0, or 1, differs from 1. `1&0|1^1:0.=F` goes part of the way step by step: the
rationale is what holds after each step but the last two, which are left to the layers. `1&0|1^1:=F` answers at once.
Two of three examples of training have a rationale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from seme.experiment import Context
from seme.training import Budget, Trainer
from seme.training.language_modelling import NextToken
from seme.training.schedule import cosine

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from seme.experiments.p51_internal_consistency import InternalConsistencySettings

_SIGNS = "01&|^:.=TF"
_RULES = "&|^"
_STEPS, _LEFT = 7, 2
_ROWS = 64
_IGNORED = -100


class Alphabet:
    """A tokenizer of one sign a token; 0 pads."""

    eos_token_id = 0

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """Return the token of each sign."""
        del add_special_tokens  # there are none
        return [_SIGNS.index(sign) + 1 for sign in text]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the signs of tokens."""
        return "".join(_SIGNS[one - 1] for one in ids if one)


@dataclass(frozen=True, slots=True)
class Deduction:
    """Facts and rules; what holds after each step but the last ones, and whether the last does."""

    prompt: str
    rationale: str
    true: bool

    def text(self, *, reasoned: bool) -> str:
        """Return the whole of an example."""
        middle = f"{self.rationale}." if reasoned else ""
        return f"{self.prompt}{middle}={'T' if self.true else 'F'}"


def deduce(rng: np.random.Generator) -> Deduction:
    """Draw facts and the rules that join each to what holds so far."""
    facts = rng.integers(0, 2, _STEPS + 1)
    rules = [_RULES[one] for one in rng.integers(0, len(_RULES), _STEPS)]
    holds, reached = int(facts[0]), []
    for rule, fact in zip(rules, facts[1:].tolist(), strict=True):
        holds = holds & fact if rule == "&" else holds | fact if rule == "|" else holds ^ fact
        reached.append(str(holds))
    joined = "".join(f"{rule}{fact}" for rule, fact in zip(rules, facts[1:], strict=True))
    return Deduction(f"{facts[0]}{joined}:", "".join(reached[:-_LEFT]), bool(holds))


class Examples:
    """Batches of examples that are drawn as they are needed; batch k is the same in every process."""

    def __init__(self, seed: int) -> None:
        self.seed, self.alphabet = seed, Alphabet()

    def starting_at(self, number: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield the batches from that number on, without end; only what follows the prompt is learned."""
        while True:
            rng = np.random.default_rng([self.seed, number])
            rows, labels = [], []
            for place in range(_ROWS):
                one = deduce(rng)
                ids = self.alphabet.encode(one.text(reasoned=place % 3 > 0))
                told = len(one.prompt)
                rows.append(ids)
                labels.append([_IGNORED] * told + ids[told:])
            width = max(map(len, rows))
            yield {
                "input_ids": torch.tensor([row + [0] * (width - len(row)) for row in rows]),
                "labels": torch.tensor([row + [_IGNORED] * (width - len(row)) for row in labels]),
            }
            number += 1


def train(settings: InternalConsistencySettings, seed: int, context: Context) -> LlamaForCausalLM:
    """Train a model; a run that was broken off goes on from its checkpoint."""
    config = LlamaConfig(
        vocab_size=len(_SIGNS) + 1,
        hidden_size=settings.width,
        intermediate_size=3 * settings.width,
        num_hidden_layers=settings.depth,
        num_attention_heads=4,
        max_position_embeddings=64,
        eos_token_id=0,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    steps = iter(context.progress(range(settings.steps), f"Training on deduction, seed {seed}"))
    key = f"deduction-{settings.depth}-{settings.width}-{settings.steps}-{seed}"
    Trainer(
        model,
        NextToken(),
        Examples(seed),
        Budget(steps=settings.steps),
        folder=context.cache / key,
        seed=seed,
        optimizer=torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01),
        schedule=cosine(warmup=0.05, floor=0.05),
        clip_norm=1.0,
        checkpoint_every=200,
        log_every=50,
        device="cpu" if context.device == "cpu" else None,
        progress=lambda _: next(steps, None),
    ).run()
    for _ in steps:  # what a broken run had done
        pass
    model.eval()
    return model


def tokenizer() -> PreTrainedTokenizerBase:
    """Return the alphabet, which has of a tokenizer what reading and sampling use."""
    return cast("PreTrainedTokenizerBase", Alphabet())
