"""What every score of uncertainty reads: the sampled texts of a batch of questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.interp.directions import unit_rows

if TYPE_CHECKING:
    from seme.interp.uncertainty.sampling import Generation

Floats = npt.NDArray[np.float64]
Encode = Callable[[list[str]], npt.ArrayLike]
"""Texts to embeddings (texts, d): `SentenceTransformer.encode` is one."""
TokenValues = tuple[tuple[Floats, ...], ...]
_FEWEST = 2


class Score(Protocol):
    """A score of uncertainty: a batch of questions' samples to one number a question, larger where less is certain."""

    def __call__(self, samples: Samples, /) -> Floats:
        """Return the scores (questions,)."""
        ...


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a batch of questions, the same number n for each: volumes of different n cannot be compared.

    Make one with `Samples.of`. `embeddings` is (questions, n, d) with unit rows; `log_probs` and `entropies` hold, for
    each question and sample, one number a token. What a score needs and is `None` is refused by that score.
    """

    questions: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    embeddings: Floats | None = None
    log_probs: TokenValues | None = None
    entropies: TokenValues | None = None

    @classmethod
    def of(
        cls,
        texts: Sequence[Sequence[str]],
        *,
        encode: Encode | None = None,
        questions: Sequence[str] | None = None,
        log_probs: Sequence[Sequence[npt.ArrayLike]] | None = None,
        entropies: Sequence[Sequence[npt.ArrayLike]] | None = None,
    ) -> Self:
        """Check the samples of a batch of questions, and embed them.

        Parameters
        ----------
        texts
            n sampled texts of each question (questions, n). Empty ones are kept, and flagged by `empty`.
        encode
            Turns a list of texts into embeddings; each different text is embedded once. Rows are made to unit length,
            for norms leak how long a text is.
        questions
            What was asked; empty texts by default.
        log_probs, entropies
            Of each sample's tokens, in nats.

        Raises
        ------
        InputError
            If a question has fewer than two samples or another number than the first, numbers do not fit, or embeddings
            are not finite or zero.
        """
        rows = tuple(tuple(one) for one in texts)
        _check_texts(rows)
        asked = tuple(questions) if questions is not None else ("",) * len(rows)
        if len(asked) != len(rows):
            raise InputError(f"there are {len(asked)} questions and samples of {len(rows)}")
        found = cls(
            asked, rows, None, _token_values(log_probs, rows, "log_probs"), _token_values(entropies, rows, "entropies")
        )
        return found if encode is None else found.embed(encode)

    @classmethod
    def drawn(
        cls, generations: Sequence[Sequence[Generation]], *, questions: Sequence[str], encode: Encode | None = None
    ) -> Self:
        """Take what `sample` returned, its tokens' probabilities included."""
        return cls.of(
            [[one.text for one in row] for row in generations],
            encode=encode,
            questions=questions,
            log_probs=[[one.log_probs for one in row] for row in generations],
            entropies=[[one.entropies for one in row] for row in generations],
        )

    def embed(self, encode: Encode) -> Self:
        """Return the samples with their texts embedded."""
        places = {text: place for place, text in enumerate(dict.fromkeys(t for row in self.texts for t in row))}
        vectors = np.asarray(encode(list(places)), dtype=np.float64)
        if vectors.ndim != 2 or len(vectors) != len(places):
            raise InputError(f"encode gave the shape {vectors.shape} for {len(places)} texts, expected (texts, d)")
        rows = unit_rows(vectors, "encode", "Look at the text that it is of, and the encoder")
        index = np.array([[places[text] for text in row] for row in self.texts])
        return replace(self, embeddings=rows[index])

    def take(self, count: int, rng: np.random.Generator | None = None) -> Self:
        """Return `count` of each question's samples: the first ones, or others for each question by a generator."""
        n = len(self.texts[0])
        if not _FEWEST <= count <= n:
            raise InputError(f"count is {count}, expected {_FEWEST} to {n}, the samples there are")
        index = [np.arange(count) if rng is None else np.sort(rng.permutation(n)[:count]) for _ in self.texts]
        return self._chosen(np.arange(len(self.texts)), index)

    def select(self, questions: npt.ArrayLike) -> Self:
        """Return some of the questions, by their places or by a mask."""
        places = np.arange(len(self.texts))[np.asarray(questions)]
        if not len(places):
            raise InputError("no question is selected")
        return self._chosen(places, [np.arange(len(self.texts[0]))] * len(places))

    def _chosen(self, places: npt.NDArray[np.int64], index: Sequence[npt.NDArray[np.int64]]) -> Self:
        def of(values: TokenValues | None) -> TokenValues | None:
            return (
                None
                if values is None
                else tuple(tuple(values[q][i] for i in one) for q, one in zip(places, index, strict=True))
            )

        return replace(
            self,
            questions=tuple(self.questions[q] for q in places),
            texts=tuple(tuple(self.texts[q][i] for i in one) for q, one in zip(places, index, strict=True)),
            embeddings=None if self.embeddings is None else self.embeddings[places[:, None], np.stack(index)],
            log_probs=of(self.log_probs),
            entropies=of(self.entropies),
        )

    @property
    def empty(self) -> npt.NDArray[np.bool_]:
        """Which samples (questions, n) are empty: refusals look certain, for they are all the same."""
        return np.array([[not text.strip() for text in row] for row in self.texts])

    def needed_embeddings(self, score: str) -> Floats:
        """Return the embeddings (questions, n, d), or refuse for a score that needs them."""
        if self.embeddings is None:
            raise InputError(f"{score} needs embeddings", hint="Samples.of(texts, encode=encoder.encode) makes them")
        return self.embeddings

    def needed_tokens(self, score: str, which: str = "log_probs") -> TokenValues:
        """Return the log-probabilities or entropies of tokens, or refuse for a score that needs them."""
        values: TokenValues | None = getattr(self, which)
        if values is None:
            raise InputError(
                f"{score} needs {which}", hint=f"Samples.of(texts, {which}=...), or sample() which gives them"
            )
        return values


def _check_texts(rows: tuple[tuple[str, ...], ...]) -> None:
    if not rows:
        raise InputError("texts is empty, expected the samples of at least one question")
    for number, row in enumerate(rows):
        if wrong := [one for one in row if not isinstance(one, str)]:
            raise InputError(f"question {number} has a sample {wrong[0]!r}, expected text")
        if len(row) < _FEWEST:
            raise InputError(
                f"question {number} has {len(row)} samples, expected at least {_FEWEST}",
                hint="A spread needs several: draw 10 to 20 at temperature 1",
            )
        if len(row) != len(rows[0]):
            raise InputError(
                f"question {number} has {len(row)} samples and question 0 has {len(rows[0])}",
                hint="Scores of different numbers of samples cannot be compared: draw the same number for each",
            )


def _token_values(
    values: Sequence[Sequence[npt.ArrayLike]] | None, rows: tuple[tuple[str, ...], ...], name: str
) -> TokenValues | None:
    if values is None:
        return None
    if [len(row) for row in values] != [len(row) for row in rows]:
        raise InputError(f"{name} is not of as many questions and samples as texts")
    found = tuple(tuple(np.asarray(one, dtype=np.float64) for one in row) for row in values)
    for number, row in enumerate(found):
        if not all(one.ndim == 1 and len(one) and np.isfinite(one).all() for one in row):
            raise InputError(
                f"{name} of question {number} has a sample without tokens, or a number that is not finite",
                hint="Count the token that ends a text among its tokens: an empty text has that one",
            )
    return found
