"""Collections, their documents as tokens, and queries as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seme.assets import load_sentence_encoder
from seme.embeddings.contriever import TokenCorpus
from seme.errors import InputError
from seme.experiments.collecting import Corpus, gather
from seme.experiments.contriever.pieces import Pieces

if TYPE_CHECKING:
    from seme.experiments.p23_contriever import ContrieverSettings


@dataclass(frozen=True)
class Material:
    """Collections by name, and the tokenizer whose pieces all students have."""

    corpora: Mapping[str, Corpus]
    base: Any

    @cached_property
    def documents(self) -> list[str]:
        """All documents, one collection after another."""
        return [text for one in self.corpora.values() for text in one.documents.values()]

    @cached_property
    def tokenizer(self) -> Pieces:
        """The pieces that documents have."""
        return Pieces(self.base, self.documents)

    @cached_property
    def tokens(self) -> list[TokenCorpus]:
        """The documents of each collection; one that is shorter than a chunk is a chunk."""
        return [token_corpus(list(one.documents.values()), self.tokenizer) for one in self.corpora.values()]

    @cached_property
    def labelled(self) -> tuple[list[str], list[str], list[npt.NDArray[np.int64]]]:
        """Training queries of all collections, documents of all, and rows of what is right for each query."""
        queries: list[str] = []
        documents: list[str] = []
        relevant: list[npt.NDArray[np.int64]] = []
        for corpus in self.corpora.values():
            rows = {one: len(documents) + row for row, one in enumerate(corpus.documents)}
            documents += corpus.documents.values()
            asked = corpus.parts["train"]
            queries += asked.queries.values()
            relevant += [np.array([rows[one] for one in grades]) for grades in asked.judgements.values()]
        return queries, documents, relevant


def make(settings: ContrieverSettings) -> Material:
    """Load all."""
    for name, keys in (("queue", settings.queue), ("short", settings.short)):
        if keys % settings.batch:
            raise InputError(f"{name} is {keys}, expected a multiple of the batch, {settings.batch}")
    corpora = {
        name: gather(name, documents=settings.documents, queries={"train": settings.labelled, "test": settings.queries})
        for name in settings.collections
    }
    return Material(corpora, load_sentence_encoder(settings.encoder).tokenizer)


def token_corpus(texts: Sequence[str], tokenizer: Any) -> TokenCorpus:
    """Return the texts' tokens, cut into chunks within texts."""
    return TokenCorpus.from_texts(texts, tokenizer, across=False)
