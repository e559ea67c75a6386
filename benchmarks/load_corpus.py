"""A library of synthetic papers for the load benchmark, stored and indexed as any library is."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.corpus import DIM, Texts, embeddings, queries, texts
from seme.papers.catalogue import catalogue_papers
from seme.papers.indexing import open_encoder, refresh_index
from seme.papers.library import Library
from seme.papers.paper import Paper, PaperDate
from seme.settings import Settings

_A_DAY = 190
"""Papers of one weekday."""
_BATCH = 5_000
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in ("a", "e", "i", "o", "u", "an", "or", "is")]
_CATEGORIES = ("cs.LG", "cs.CL", "cs.CV", "cs.AI", "stat.ML", "cs.IR", "cs.NE", "cs.RO", "math.OC", "q-bio.NC")


@dataclass(slots=True)
class SyntheticEncoder:
    """Gives prepared vectors in the order that they are asked for, under the name of the encoder of the queries."""

    name: str
    vectors: np.ndarray
    dim: int = DIM
    _given: int = field(default=0, init=False)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the next vectors, as many as there are texts."""
        rows = self.vectors[self._given : self._given + len(texts)]
        self._given += len(rows)
        return rows


def words_of(vocabulary: int) -> list[str]:
    """Return the words of term numbers: the catalogue's own by frequency, then made-up ones of three to five syllables.

    Real words keep the queries as long for the encoder's tokenizer as those that people type.
    """
    counted = Counter(
        word
        for paper in catalogue_papers()
        for word in f"{paper.title} {paper.summary}".lower().split()
        if word.isalpha() and len(word) > 3
    )
    real = [word for word, _ in counted.most_common()]
    taken = set(real)
    base, number, made = len(_SYLLABLES), 0, []
    while len(real) + len(made) < vocabulary:
        word, left = "", number + base * base
        while left:
            left, digit = divmod(left, base)
            word += _SYLLABLES[digit]
        number += 1
        if word not in taken:
            taken.add(word)
            made.append(word)
    return [*real, *made][:vocabulary]


def synthetic_papers(corpus: Texts, *, today: dt.date, seed: int = 4) -> Iterator[Paper]:
    """Yield a paper for each document, `_A_DAY` a weekday back from today; authors, tags and votes follow Zipf."""
    rng = np.random.default_rng(seed)
    n = len(corpus)
    votes = np.minimum(rng.zipf(1.7, n) - 1, 5_000)
    day, listed = today, 0
    for i in range(n):
        if listed == _A_DAY:
            day, listed = day - dt.timedelta(days=1), 0
            while day.weekday() > 4:
                day -= dt.timedelta(days=1)
        listed += 1
        words = corpus.document(i)
        number = f"{day:%y%m}.{i % 100_000:05d}"
        authors = np.minimum(rng.zipf(1.3, int(rng.integers(1, 9))), 60_000)
        yield Paper(
            id=number,
            title=" ".join(words[: int(rng.integers(5, 13))]).capitalize(),
            source="arxiv",
            summary=". ".join(" ".join(words[k : k + 18]).capitalize() for k in range(0, len(words), 18)),
            authors=tuple(dict.fromkeys(f"{_name(a)} {_name(a * 7 + 3)}" for a in authors.tolist())),
            published=PaperDate.of(day),
            listed=day,
            categories=tuple(dict.fromkeys(_CATEGORIES[min(int(c), 10) - 1] for c in rng.zipf(1.6, 2))),
            tags=tuple(dict.fromkeys(f"topic-{min(int(t), 400)}" for t in rng.zipf(1.4, 3))),
            links={"abs": f"https://arxiv.org/abs/{number}", "pdf": f"https://arxiv.org/pdf/{number}"},
            votes=int(votes[i]),
            comments=int(votes[i]) // 5,
        )


def _name(number: int) -> str:
    first, second = divmod(number, len(_SYLLABLES))
    return (_SYLLABLES[first % len(_SYLLABLES)] + _SYLLABLES[second]).capitalize()


def load(settings: Settings, n: int) -> dict[str, float]:
    """Fill a new library with n papers and index it; return the seconds of each step."""
    corpus = texts(n)
    corpus = Texts(corpus.terms, corpus.starts, words_of(len(corpus.words)))
    papers = synthetic_papers(corpus, today=dt.datetime.now(dt.UTC).date())
    vectors, _ = embeddings(n, 1)
    storing = 0.0
    with Library(settings.database_url) as library:
        for start in range(0, n, _BATCH):
            batch = [next(papers) for _ in range(min(_BATCH, n - start))]
            began = time.perf_counter()
            library.papers.store(batch)
            storing += time.perf_counter() - began
        began = time.perf_counter()
        refresh_index(library, settings, encoder=SyntheticEncoder(open_encoder(settings).name, vectors))
        indexing = time.perf_counter() - began
    return {"store_s": storing, "index_s": indexing}


def search_texts(n_papers: int, count: int) -> list[str]:
    """Return different search texts over the words of the synthetic papers."""
    corpus = texts(min(n_papers, 20_000))
    corpus = Texts(corpus.terms, corpus.starts, words_of(len(corpus.words)))
    asked = (" ".join(terms) for terms in queries(corpus, 2 * count))
    return list(dict.fromkeys(asked))[:count]


def paper_ids(path: Path) -> list[str]:
    """Return the ids of a library's papers, the newest first."""
    with Library(f"sqlite:///{path}") as library:
        return [stored.paper.id for stored in library.papers.all()]
