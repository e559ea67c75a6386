"""The words in each space: input embeddings, and the states of every layer in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from seme.assets import load_language_model, load_word_vectors
from seme.embeddings.encoder import TextEncoder
from seme.experiment import Context
from seme.experiments.concepts.items import Things
from seme.interp.activations import capture

if TYPE_CHECKING:
    from seme.experiments.p40_concepts import ConceptsSettings

Rows = npt.NDArray[np.float64]
_BATCH = 32
_BEFORE, _AFTER = "This is a", "."
_MARK = "\u2581"
"""Stands for the space before a word."""


@dataclass(frozen=True, slots=True)
class Space:
    """One embedding of the words (n, d) and of the names of their categories."""

    name: str
    rows: Rows
    names: dict[str, Rows]


@dataclass(frozen=True, slots=True)
class Spaces:
    """Static embeddings, and by model the states of each layer, the embeddings first."""

    static: list[Space]
    layers: dict[str, list[Space]]
    untrained: list[list[Space]]
    """Layers of models as large as the language model, with random weights: one for each seed."""


def embed(things: Things, settings: ConceptsSettings, context: Context) -> Spaces:
    """Embed words and categories in every space."""
    names = [name.replace("_", " ") for name in things.names]
    phrases = [*things.words, *names]
    glove = load_word_vectors("glove-6b-50d")
    fallback = np.zeros(glove.vectors.shape[1])
    rows = [
        np.mean([glove.vectors[glove.index[w]] for w in phrase.split() if w in glove.index] or [fallback], axis=0)
        for phrase in phrases
    ]
    static, layers = [_space("GloVe", np.stack(rows), things), _space("WordLlama", _pieces(phrases), things)], {}
    for label, (inputs, states) in (
        (settings.model, _of_language_model(phrases, settings.model, context)),
        (settings.encoder, _of_encoder(phrases, settings.encoder, context)),
    ):
        static.append(_space(f"{label}, input", inputs, things))
        layers[label] = [_space(f"{label}, layer {number}", part, things) for number, part in enumerate(states)]
    untrained = [
        [
            _space(f"untrained, layer {number}", part, things)
            for number, part in enumerate(_of_language_model(phrases, settings.model, context, seed=seed)[1])
        ]
        for seed in range(settings.untrained)
    ]
    return Spaces(static, layers, untrained)


def _pieces(phrases: Sequence[str]) -> Rows:
    """Return the mean of the vectors of each phrase's word pieces, the longest that fit from its beginning on."""
    vectors = load_word_vectors("wordllama-256")
    rows = []
    for phrase in phrases:
        left, found = _MARK + phrase.replace(" ", _MARK), []
        while left:
            size = next((size for size in range(len(left), 0, -1) if left[:size] in vectors.index), 1)
            found.append(vectors.index.get(left[:size]))
            left = left[size:]
        rows.append(np.mean([vectors.vectors[one] for one in found if one is not None], axis=0))
    return np.stack(rows).astype(np.float64)


def _space(name: str, rows: Rows, things: Things) -> Space:
    count = len(things.words)
    return Space(name, rows[:count], dict(zip(things.names, rows[count:], strict=True)))


def _of_language_model(
    phrases: Sequence[str], name: str, context: Context, *, seed: int | None = None
) -> tuple[Rows, list[Rows]]:
    """Embed with a language model, or with one that is built as it is and was not trained."""
    loaded = load_language_model(name, device=context.device)
    if seed is not None:
        loaded = replace(loaded, model=_untrained(loaded.model, context.seed + seed).to(context.device))
    blocks = int(loaded.model.config.num_hidden_layers)
    sites = [f"resid.{number}" for number in range(blocks)]
    before, after = (loaded.tokenizer.encode(one, add_special_tokens=False) for one in (_BEFORE, _AFTER))
    pieces = [loaded.tokenizer.encode(f" {phrase}", add_special_tokens=False) for phrase in phrases]
    inputs: Any = loaded.model.get_input_embeddings()
    table = inputs.weight.detach().float().cpu()

    def states(batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        found = capture(loaded.model, batch, sites)
        return [found[site] for site in sites]

    return _means(pieces, before, after, table, states, context, f"Embedding with {name}")


def _untrained(model: Any, seed: int) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return type(model)(model.config).eval()


def _of_encoder(phrases: Sequence[str], name: str, context: Context) -> tuple[Rows, list[Rows]]:
    encoder = TextEncoder.load(name, device=context.device).eval()
    tokenizer = encoder.tokenizer
    before = [tokenizer.cls_token_id, *tokenizer.encode(_BEFORE, add_special_tokens=False)]
    after = [*tokenizer.encode(_AFTER, add_special_tokens=False), tokenizer.sep_token_id]
    pieces = [tokenizer.encode(phrase, add_special_tokens=False) for phrase in phrases]
    embeddings: Any = encoder.model.embeddings
    table = embeddings.word_embeddings.weight.detach().float().cpu()
    return _means(
        pieces, before, after, table, lambda batch: list(encoder.layers(batch))[1:], context, f"Embedding with {name}"
    )


def _means(
    pieces: Sequence[list[int]],
    before: list[int],
    after: list[int],
    table: torch.Tensor,
    states: Any,
    context: Context,
    label: str,
) -> tuple[Rows, list[Rows]]:
    """Return the mean over each phrase's tokens of their rows in the table, and of their states at every layer."""
    inputs = torch.stack([table[one].mean(0) for one in pieces]).double().numpy()
    found: list[list[Rows]] = []
    for start in context.progress(range(0, len(pieces), _BATCH), label):
        part = pieces[start : start + _BATCH]
        width = max(map(len, part)) + len(before) + len(after)
        ids, mask = (torch.zeros(len(part), width, dtype=torch.long, device=context.device) for _ in range(2))
        for row, one in enumerate(part):
            text = [*before, *one, *after]
            ids[row, : len(text)], mask[row, : len(text)] = torch.tensor(text), 1
        with torch.no_grad():
            layers = states({"input_ids": ids, "attention_mask": mask})
        spans = [slice(len(before), len(before) + len(one)) for one in part]
        found.append(
            [
                torch.stack([layer[row, span].float().mean(0) for row, span in enumerate(spans)]).double().cpu().numpy()
                for layer in layers
            ]
        )
    return inputs, [np.concatenate([batch[number] for batch in found]) for number in range(len(found[0]))]
