"""The language model that all begins with: a small one is trained here on the code and kept, others are loaded."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import ByteLevelBPETokenizer, Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from seme.assets import load_language_model
from seme.embeddings.revela import DecoderRetriever
from seme.experiment import Context
from seme.experiments.revela.corpus import Texts
from seme.training import Budget, Loss, Objective, Trainer, cosine

if TYPE_CHECKING:
    from seme.experiments.p25_revela import RevelaSettings

_END = "<|end|>"
_ROWS = 8
_RATE = 2e-3
_TOKENIZER_TEXTS = 3000


@dataclass(frozen=True, slots=True)
class Base:
    """A language model and its tokenizer; `key` names what they follow from."""

    model: PreTrainedModel
    tokenizer: Any
    key: str

    def language_model(self) -> PreTrainedModel:
        """Return a copy that may be trained."""
        return copy.deepcopy(self.model)

    def retriever(self, longest: int) -> DecoderRetriever:
        """Return a retriever that begins as the language model without its head."""
        return DecoderRetriever(copy.deepcopy(self.model.base_model), self.tokenizer, longest=longest)


def load(texts: Texts, settings: RevelaSettings, context: Context) -> Base:
    """Return the base: the tiny one is trained, or taken from where a run left it."""
    if settings.model != "tiny":
        found = load_language_model(settings.model, device=context.device)
        return Base(found.model, found.tokenizer, f"{settings.model}")
    names = ("layers", "width", "vocabulary", "pretraining", "window")
    parts = [str([getattr(settings, name) for name in names]), str(context.seed), *texts.seen]
    key = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    tokenizer = _tokenizer(texts.seen[:_TOKENIZER_TEXTS], settings.vocabulary, context.cache / f"revela-{key}.json")
    with torch.random.fork_rng():
        torch.manual_seed(context.seed)
        model = LlamaForCausalLM(_config(settings, len(tokenizer), tokenizer.eos_token_id))
    data = Windows(texts.seen, tokenizer, width=settings.window, steps=settings.pretraining, seed=context.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    steps = iter(context.progress(range(settings.pretraining), "Training the language model"))
    Trainer(
        model,
        Prediction(),
        data,
        Budget(steps=settings.pretraining),
        folder=context.cache / f"revela-{key}",
        seed=context.seed,
        optimizer=optimizer,
        schedule=cosine(warmup=0.05, floor=0.1),
        clip_norm=1.0,
        device="cpu" if context.device == "cpu" else None,
        checkpoint_every=100,
        log_every=1,
        progress=lambda _: next(steps, None),
    ).run()
    for _ in steps:  # what a broken run had done
        pass
    return Base(model.eval(), tokenizer, key)


class Windows:
    """Windows of one long text, in an order of its own; batch k is the same in every process."""

    def __init__(self, texts: Sequence[str], tokenizer: Any, *, width: int, steps: int, seed: int) -> None:
        wanted = width * _ROWS * steps
        ids: list[int] = []
        order = np.random.default_rng(seed).permutation(len(texts))
        for start in range(0, len(texts), 256):
            if len(ids) >= wanted:
                break
            part = [texts[i] for i in order[start : start + 256]]
            for one in tokenizer(part, add_special_tokens=False)["input_ids"]:
                ids += [*one, tokenizer.eos_token_id]
        whole = max(1, len(ids) // width)
        short = max(0, width - len(ids))
        self.rows = torch.tensor([*ids, *[tokenizer.eos_token_id] * short][: whole * width]).view(whole, width)
        self.seed = seed

    def starting_at(self, number: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield the batches from that number on, without end."""
        while True:
            chosen = np.arange(number * _ROWS, (number + 1) * _ROWS)
            epoch = int(chosen[0]) // len(self.rows)
            order = np.random.default_rng([self.seed, epoch]).permutation(len(self.rows))
            yield {"input_ids": self.rows[torch.from_numpy(order[chosen % len(self.rows)])]}
            number += 1


class Prediction(Objective):
    """Cross-entropy of next tokens."""

    def forward(self, model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> Loss:
        """Return the loss of a batch of windows."""
        return Loss(model(input_ids=batch["input_ids"], labels=batch["input_ids"], use_cache=False).loss)


def _config(settings: RevelaSettings, vocabulary: int, end: int) -> LlamaConfig:
    heads = max(2, settings.width // 32)
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        intermediate_size=3 * settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=heads,
        num_key_value_heads=1 if heads % 2 else heads // 2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
    )


def _tokenizer(texts: Sequence[str], vocabulary: int, kept: Path) -> PreTrainedTokenizerFast:
    if not kept.is_file():
        made = ByteLevelBPETokenizer()
        made.train_from_iterator(texts, vocab_size=vocabulary, special_tokens=[_END], show_progress=False)
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        made.save(str(part))
        part.replace(kept)
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(kept)), eos_token=_END, pad_token=_END)
