"""Feedback through an encoder that reads the query and the first hits as one text (Yu et al. 2021, ANCE-PRF)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from seme.errors import InputError
from seme.retrieval.hits import Hits
from seme.retrieval.pipelines import Dense, Results, Step

Vectors = npt.NDArray[np.float32]


def joined(query: str, passages: Sequence[str], *, separator: str = " [SEP] ", words: int | None = None) -> str:
    """Return the query and the passages as one text.

    Parameters
    ----------
    query, passages
        What is joined.
    separator
        Between two of them.
    words
        Most words of the whole: the last passage that does not fit is cut, those after it are left out, and the query
        is never cut. `None` for no limit.
    """
    parts, left = [query], None if words is None else words - len(query.split())
    for passage in passages:
        if left is not None and left <= 0:
            break
        kept = passage.split() if left is None else passage.split()[:left]
        parts.append(passage if left is None else " ".join(kept))
        left = None if left is None else left - len(kept)
    return separator.join(parts)


def first_texts(hits: Hits, texts: Mapping[str, str], k: int) -> list[str]:
    """Return the texts of the k best hits.

    Raises
    ------
    InputError
        If one is missing.
    """
    for one in hits.ids[:k]:
        if one not in texts:
            raise InputError(f"texts has no {one!r}, which was found", hint="Give the texts of all indexed documents")
    return [texts[one] for one in hits.ids[:k]]


class TextFeedback(Step):
    """The query's vector as an encoder of query and passages gives it; the hits stay.

    Parameters
    ----------
    dense
        Whose query gets the vector; its documents stay as they are.
    encode
        From pairs of a query and its passages to vectors, float32 (n, d): a trained one
        (`seme.embeddings.feedback.FeedbackEncoder.encode`), or `dense.encode` over `joined` texts.
    texts
        Of the documents, by their ids.
    k
        Passages; 0 changes nothing. An encoder works for the number that it was trained with.

    Raises
    ------
    InputError
        If `k` is negative.
    """

    def __init__(
        self,
        dense: Dense,
        encode: Callable[[Sequence[tuple[str, Sequence[str]]]], Vectors],
        texts: Mapping[str, str],
        *,
        k: int = 3,
    ) -> None:
        if k < 0:
            raise InputError(f"k is {k}, it must be 0 (no feedback) or more")
        trained = getattr(getattr(encode, "__self__", encode), "passages", None)
        if k and trained is not None and trained != k:
            raise InputError(f"k is {k}, but the encoder was trained for {trained} passages")
        self.dense, self.encode, self.texts, self.k = dense, encode, texts, k

    def apply(self, results: Results) -> Results:
        """Return the same hits, with queries that have other vectors; what found nothing stays as it was."""
        if not self.k:
            return results
        found = [number for number, hits in enumerate(results.hits) if len(hits)]
        pairs = [
            (results.queries[number].text, first_texts(results.hits[number], self.texts, self.k)) for number in found
        ]
        made = dict(zip(found, self.encode(pairs) if pairs else (), strict=True))
        name = self.dense.index.encoder
        return results.with_queries(
            [
                query.with_vector(name, made[number]) if number in made else query
                for number, query in enumerate(results.queries)
            ]
        )
