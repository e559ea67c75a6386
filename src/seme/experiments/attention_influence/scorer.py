"""The model that scores, its prompts, and the documents, each with its kind and the domain that it is found in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import PreTrainedModel

from seme.assets import LanguageModel, load_language_model, load_texts
from seme.experiment import Context
from seme.experiments.attention_influence import texts
from seme.experiments.retrieval_heads.facts import FOUND_WITH, MASKED_WITH
from seme.interp.heads.retrieval import RetrievalPrompt, needle_prompt, planted_copier, planted_prompts
from seme.interp.influence import lookup_prompts, near_duplicates

if TYPE_CHECKING:
    from seme.experiments.p07_attention_influence import AttentionInfluenceSettings

_MANY = 1000
_LETTERS = "".join(chr(number) for number in range(48, 88))
"""Stand for the tokens of the planted model."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text, its tokens in the scorer, its kind, and its domain; shuffled copies of real texts have no domain."""

    text: str
    ids: tuple[int, ...]
    kind: str
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The scorer with its prompts and documents.

    Attributes
    ----------
    look_ups, needles
        Prompts of this paper's task and of paper 54.
    documents
        All that is scored.
    held_out
        Texts by kind that nothing is trained on, to measure on.
    questions
        Look-ups that nothing is trained on.
    """

    model: PreTrainedModel
    look_ups: list[RetrievalPrompt]
    needles: list[RetrievalPrompt]
    documents: list[Document]
    held_out: dict[str, list[str]]
    questions: list[texts.LookUp]


def choose(settings: AttentionInfluenceSettings, context: Context) -> Subject:
    """Return the scorer that is asked for with all its texts."""
    return _planted(settings, context) if settings.model == "planted" else _real(settings, context)


def _real(settings: AttentionInfluenceSettings, context: Context) -> Subject:
    loaded = load_language_model(settings.model, device=context.device)
    rng = context.rng("texts")
    docs, code, glosses = (
        load_texts(name, _MANY, split="train") for name in ("stdlib-docs", "stdlib-source", "wordnet-glosses")
    )
    docs = [" ".join(text.split()) for text in docs]  # as a text of shuffled sentences is, too
    passages = [
        one
        for text in load_texts("stdlib-docs", 500, split="held-out")
        for one in texts.sentences(text)
        if 40 <= len(one) <= 90 and '"' not in one
    ]
    look_ups = lookup_prompts(loaded.tokenizer, passages, rng, settings.samples, pairs=settings.pairs)
    needles = _needles(loaded, docs[::-1], settings)
    real = {
        "code": _long(loaded, code, settings, settings.per_kind * 3 // 5),
        "documentation": _long(loaded, docs, settings),
        "glosses": _long(loaded, _joined(glosses), settings, settings.per_kind // 5),
    }
    documents = [one for kind, found in real.items() for one in _documents(loaded, found, kind, kind, settings)]
    documents += _web(loaded, settings, context)
    documents += _shuffles(loaded, real, settings, context)
    held_out = {
        kind: [text if kind == "code" else " ".join(text.split()) for text in load_texts(name, 40, split="held-out")]
        for kind, name in (("code", "stdlib-source"), ("documentation", "stdlib-docs"))
    }
    return Subject(loaded.model, look_ups, needles, documents, held_out, _questions(context))


def _questions(context: Context) -> list[texts.LookUp]:
    rng = context.rng("questions")
    return [texts.look_up(rng, two_steps=bool(number % 2)) for number in range(60)]


def _needles(loaded: LanguageModel, hay: Sequence[str], settings: AttentionInfluenceSettings) -> list[RetrievalPrompt]:
    known = (*FOUND_WITH, *MASKED_WITH)
    found = []
    for number, depth in enumerate(np.linspace(0, 1, settings.needles).tolist()):
        text = " ".join(" ".join(one.split()) for one in hay[number * 40 : number * 40 + 40])
        found.append(
            needle_prompt(
                loaded.tokenizer, text, known[number % len(known)], length=settings.needle_length, depth=depth
            )
        )
    return found


def _long(
    loaded: LanguageModel, found: Sequence[str], settings: AttentionInfluenceSettings, count: int | None = None
) -> list[str]:
    """Return the first texts that are long enough and repeat none before."""
    wanted = count or settings.per_kind
    long = [one for one in found[: 40 * wanted] if len(one) > 4 * settings.tokens]
    long = [one for one in long if len(_cut(loaded, one, settings)) == settings.tokens]
    return [one for one, repeat in zip(long, near_duplicates(long), strict=True) if not repeat][:wanted]


def _joined(glosses: Sequence[str]) -> list[str]:
    return ["\n".join(glosses[start : start + 16]) for start in range(0, len(glosses) - 16, 16)]


def _cut(loaded: LanguageModel, text: str, settings: AttentionInfluenceSettings) -> tuple[int, ...]:
    ids = loaded.tokenizer.encode(text[: 12 * settings.tokens], add_special_tokens=False)
    return tuple(ids[: settings.tokens])


def _documents(
    loaded: LanguageModel, found: Sequence[str], kind: str, domain: str | None, settings: AttentionInfluenceSettings
) -> Iterator[Document]:
    for text in found:
        ids = _cut(loaded, text, settings)
        yield Document(str(loaded.tokenizer.decode(list(ids))), ids, kind, domain)


def _web(loaded: LanguageModel, settings: AttentionInfluenceSettings, context: Context) -> Iterator[Document]:
    """Make the domain in which look-ups are hidden."""
    rng = context.rng("web")
    kinds: dict[str, Callable[[int], str]] = {
        "look-up": lambda number: texts.look_up(rng, two_steps=bool(number % 2)).text,
        "noise": lambda _: texts.noise(rng),
        "boilerplate": lambda _: texts.boilerplate(rng),
    }
    for kind, write in kinds.items():
        yield from _documents(loaded, [write(number) for number in range(settings.others)], kind, "web", settings)


def _shuffles(
    loaded: LanguageModel, real: dict[str, list[str]], settings: AttentionInfluenceSettings, context: Context
) -> Iterator[Document]:
    rng = context.rng("shuffles")
    for kind, shuffle in (("code", texts.shuffled_lines), ("documentation", texts.shuffled_sentences)):
        count = len(real[kind]) if kind == "documentation" else len(real[kind]) // 2  # lines are the lesser question
        parts = [str(loaded.tokenizer.decode(list(_cut(loaded, one, settings)))) for one in real[kind][:count]]
        named = f"{kind}, {'lines' if kind == 'code' else 'sentences'} shuffled"
        yield from _documents(loaded, [shuffle(one, rng) for one in parts], named, None, settings)
        for text in real[kind][: settings.others]:
            ids = tuple(int(one) for one in rng.permutation(_cut(loaded, text, settings)))
            yield Document(str(loaded.tokenizer.decode(list(ids))), ids, f"{kind}, tokens shuffled", None)


def _planted(settings: AttentionInfluenceSettings, context: Context) -> Subject:
    """Return a scorer with one copying head, and documents of letters of which some repeat themselves."""
    model = planted_copier(((2, 1),), seed=context.seed)
    model.to(torch.device(context.device))  # type: ignore[arg-type]  # transformers hides the types behind a decorator
    rng = context.rng("planted texts")
    look_ups = planted_prompts(rng, settings.samples, length=settings.needle_length)
    needles = planted_prompts(rng, settings.needles, length=settings.needle_length)
    repeats = {"look-up": 1.0, "code": 0.95, "documentation": 0.85, "noise": 0.0}
    documents = []
    for kind, share in repeats.items():
        count = settings.per_kind if kind in ("code", "documentation") else settings.others
        domain = kind if kind in ("code", "documentation") else "web"
        for _ in range(count):
            ids = _repeating(rng, settings.tokens, share)
            documents.append(_lettered(ids, kind, domain))
            if domain == kind:
                documents.append(_lettered(tuple(rng.permutation(ids)), f"{kind}, tokens shuffled", None))
    held_out = {
        kind: [_lettered(_repeating(rng, settings.tokens, repeats[kind]), kind, None).text for _ in range(5)]
        for kind in ("code", "documentation")
    }
    return Subject(model, look_ups, needles, documents, held_out, _questions(context)[:8])


def _lettered(ids: Sequence[int], kind: str, domain: str | None) -> Document:
    return Document("".join(_LETTERS[one] for one in ids), tuple(int(one) for one in ids), kind, domain)


def _repeating(rng: np.random.Generator, tokens: int, share: float) -> tuple[int, ...]:
    """Return tokens of which a share goes round and round, and the rest is random."""
    around = np.resize(rng.permutation(np.arange(20, 40)), tokens)
    start = round(share * tokens)
    return tuple(int(one) for one in np.concatenate([around[:start], rng.integers(1, 20, tokens - start)]))
