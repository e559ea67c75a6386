"""Sampling many short answers to each of many prompts, with what the model thought of their tokens.

A prompt is read once, whatever the number of its samples; samples that have ended leave the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from seme.errors import InputError
from seme.interp.uncertainty.prompts import read_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Floats = npt.NDArray[np.float64]
Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Generation:
    """One sampled continuation.

    `log_probs` and `entropies` (tokens,) are of the model's own distribution, in nats, whatever the temperature and the
    nucleus that it was drawn with; the token that ends the text is among them. `ended` is false where the limit cut it.
    """

    text: str
    log_probs: Floats
    entropies: Floats
    ended: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """How continuations are drawn.

    Parameters
    ----------
    longest
        Most tokens of one.
    temperature
        Divides the logits; 0 takes the likeliest token.
    top_p
        Tokens are drawn from the likeliest ones that hold this share of the probability.
    stop
        Text that ends a continuation and is cut off; the model's own end ends it too.
    """

    longest: int = 16
    temperature: float = 1.0
    top_p: float = 1.0
    stop: str = "\n"

    def __post_init__(self) -> None:
        if self.longest < 1:
            raise InputError(f"longest is {self.longest}, expected at least 1 token")
        if not 0 <= self.temperature < float("inf"):
            raise InputError(f"temperature is {self.temperature}, expected a number >= 0")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p is {self.top_p}, expected a share above 0 and up to 1")
        if not self.stop:
            raise InputError("stop is empty, and would end every text at once", hint='It may be "\\n"')


def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    count: int,
    drawing: Drawing | None = None,
    *,
    seed: int = 0,
    batch: int = 8,
    progress: Progress | None = None,
) -> list[list[Generation]]:
    """Draw `count` continuations of each prompt.

    Parameters
    ----------
    model, tokenizer
        A causal language model of transformers.
    prompts
        Texts as the model reads them: a chat's template is already applied.
    count
        Continuations of each.
    drawing
        Length, temperature, nucleus and end.
    seed
        Of the draws; they depend on `batch` too.
    batch
        Prompts at a time, each with all of its continuations.
    progress
        Wraps the loop over the batches' starts, to show how far it is.

    Raises
    ------
    InputError
        If there is no prompt, or one has no tokens, or `count` or `batch` is less than one.
    """
    if count < 1 or batch < 1:
        raise InputError(f"count is {count} and batch {batch}, expected at least 1")
    rows = [tokenizer.encode(prompt, add_special_tokens=False) for prompt in prompts]
    if not rows or not all(rows):
        raise InputError(f"prompts has {len(rows)} texts, {sum(not row for row in rows)} of them without tokens")
    drawer = _Drawer(model, tokenizer, drawing or Drawing(), torch.Generator().manual_seed(seed))
    starts: Iterable[int] = range(0, len(rows), batch)
    found: list[list[Generation]] = []
    for start in progress(starts) if progress else starts:
        found += drawer.draw(rows[start : start + batch], count)
    return found


class _Drawer:
    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, drawing: Drawing, generator: torch.Generator
    ) -> None:
        self.model, self.tokenizer, self.drawing, self.generator = model, tokenizer, drawing, generator
        self.pieces: dict[int, str] = {}
        ends: Any = model.generation_config.eos_token_id if model.generation_config else None
        self.ends = set(ends) if isinstance(ends, list) else {ends, tokenizer.eos_token_id}

    @torch.no_grad()
    def draw(self, prompts: list[list[int]], count: int) -> list[list[Generation]]:
        """Return the continuations of a batch of prompts."""
        reading = read_prompts(self.model, prompts)
        reading.repeat(count)
        alive = list(range(len(prompts) * count))
        drawn: list[list[tuple[int, float, float]]] = [[] for _ in alive]
        ended = [False] * len(drawn)
        for step in range(self.drawing.longest):
            tokens = self._step(reading.logits, alive, drawn)
            stay = [place for place, token in enumerate(tokens) if not self._ends(token)]
            for row in set(alive) - {alive[place] for place in stay}:
                ended[row] = True
            if not stay or step + 1 == self.drawing.longest:
                break
            if len(stay) < len(alive):
                reading.keep(stay)
                alive, tokens = [alive[place] for place in stay], [tokens[place] for place in stay]
            reading.follow(self.model, tokens)
        found = [self._generation(one, done) for one, done in zip(drawn, ended, strict=True)]
        return [found[start : start + count] for start in range(0, len(found), count)]

    def _step(self, logits: torch.Tensor, alive: list[int], drawn: list[list[tuple[int, float, float]]]) -> list[int]:
        """Draw a token for each row, and write down what the model thought of it."""
        log_probs = logits.float().log_softmax(-1).cpu()
        entropies = torch.special.entr(log_probs.exp()).sum(-1)
        tokens = _draw(log_probs, self.drawing, self.generator)
        taken = log_probs.gather(1, tokens[:, None])[:, 0]
        for row, token, log_prob, entropy in zip(
            alive, tokens.tolist(), taken.tolist(), entropies.tolist(), strict=True
        ):
            drawn[row].append((token, log_prob, entropy))
        chosen: list[int] = tokens.tolist()
        return chosen

    def _ends(self, token: int) -> bool:
        if token not in self.pieces:
            self.pieces[token] = str(self.tokenizer.decode([token]))
        return token in self.ends or self.drawing.stop in self.pieces[token]

    def _generation(self, drawn: list[tuple[int, float, float]], ended: bool) -> Generation:
        tokens = [token for token, _, _ in drawn if token not in self.ends]
        text = str(self.tokenizer.decode(tokens)).partition(self.drawing.stop)[0].strip()
        return Generation(text, np.array([one[1] for one in drawn]), np.array([one[2] for one in drawn]), ended)


def _draw(log_probs: torch.Tensor, drawing: Drawing, generator: torch.Generator) -> torch.Tensor:
    if drawing.temperature == 0:
        return log_probs.argmax(-1)
    probs = (log_probs / drawing.temperature).softmax(-1)
    places = None
    if drawing.top_p < 1:
        probs, places = probs.sort(-1, descending=True)
        outside = probs.cumsum(-1) - probs >= drawing.top_p  # the token that crosses the share is kept
        probs = probs.masked_fill(outside, 0)
    # One uniform number a row: `multinomial` draws one for each token of the vocabulary.
    reached = probs.double().cumsum(-1)
    level = torch.rand(len(probs), 1, dtype=torch.float64, generator=generator) * reached[:, -1:]
    token = torch.searchsorted(reached, level, right=True).clamp(max=probs.shape[1] - 1)
    return (token if places is None else places.gather(1, token))[:, 0]
