"""Batches of real texts for a language model, and activations that are recorded once and kept under `.bench`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from seme.assets import LanguageModel, load_language_model, load_texts
from seme.interp.activations import Store, record

MODEL = "smollm2-135m"
_KEPT = Path(__file__).parent.parent / ".bench"


def language_model() -> LanguageModel:
    """Return SmolLM2-135M in float32."""
    return load_language_model(MODEL)


def token_batches(loaded: LanguageModel, tokens: int, *, size: int = 8, longest: int = 128) -> Iterator[dict[str, Any]]:
    """Yield batches of the standard library's documentation, over and over, until they have so many tokens."""
    texts = cycle(text for text in load_texts("stdlib-docs") if len(text) > 400)
    while tokens > 0:
        batch = loaded.batch([next(texts) for _ in range(size)], longest=longest)
        yield batch
        tokens -= int(batch["attention_mask"].sum())


def kept_store(tokens: int, site: str) -> Store:
    """Return the activations of so many tokens, recorded at the first call."""
    loaded = language_model()
    folder = _KEPT / f"activations-{MODEL}-{tokens}-{site}"
    return record(loaded.model, list(token_batches(loaded, tokens)), [site], folder=folder, name=MODEL)[site]
