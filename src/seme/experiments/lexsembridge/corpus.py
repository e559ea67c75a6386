"""Docstrings of scientific libraries as passages, and what is asked about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seme.assets import load_texts
from seme.embeddings.lexsembridge import keyword_queries, span_queries
from seme.errors import InputError
from seme.experiment import Context

if TYPE_CHECKING:
    from seme.experiments.p53_lexsembridge import LexSemBridgeSettings

_SENTENCE = re.compile(r"(?<=[.!?])\s")
_SHORTEST, _LONGEST = 4, 40
"""Words of a first sentence."""
_FEWEST, _MOST = 64, 96
"""Words of a passage."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Passages by id; queries of each task for those that are tested; pairs of a query and its passage to train on."""

    passages: dict[str, str]
    tasks: dict[str, dict[str, str]]
    pairs: list[tuple[str, str]]


def make(settings: LexSemBridgeSettings, context: Context) -> Texts:
    """Divide docstrings into what is trained on and what is asked for, and make the queries of both."""
    if settings.train >= settings.passages:
        raise InputError(f"train is {settings.train}, expected fewer than the {settings.passages} passages")
    first, passages = _passages(settings.passages)
    keys = list(passages)
    order = context.rng("split").permutation(len(keys))
    train = {keys[i]: passages[keys[i]] for i in order[: settings.train]}
    test = {keys[i]: passages[keys[i]] for i in order[settings.train :][: settings.queries]}
    keywords = keyword_queries(passages)
    tasks = {"query": {key: first[key] for key in test}, "keyword": {key: keywords[key] for key in test}}
    for words in settings.spans:
        tasks[f"pop-{words}"] = span_queries(test, words=words, rng=context.rng("spans", words))
    pairs = [(kind[key], key) for key in train for kind in (first, keywords)]
    pairs += [(text, key) for key, text in span_queries(train, words=20, rng=context.rng("train spans")).items()]
    return Texts(passages, tasks, pairs)


def _passages(count: int) -> tuple[dict[str, str], dict[str, str]]:
    first: dict[str, str] = {}
    rest: dict[str, str] = {}
    seen = set()
    for text in load_texts("library-docs", count * 4):
        head, *others = _SENTENCE.split(text.strip(), maxsplit=1)
        words = " ".join(others).split()[:_MOST]
        key = f"d{len(rest)}"
        if not _SHORTEST <= len(head.split()) <= _LONGEST or len(words) < _FEWEST or head in seen:
            continue
        seen.add(head)
        first[key], rest[key] = " ".join(head.split()), " ".join(words)
        if len(rest) == count:
            return first, rest
    raise InputError(f"passages is {count}, but the libraries have {len(rest)} docstrings that are long enough")
