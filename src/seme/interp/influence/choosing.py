"""Choosing documents by a score: within each domain, and none that repeats another."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from seme.errors import InputError


def select_within(
    scores: npt.ArrayLike,
    domains: Sequence[Hashable],
    share: float = 0.2,
    *,
    eligible: npt.ArrayLike | None = None,
) -> npt.NDArray[np.int64]:
    """Return the documents with the highest scores of each domain, in their own order (AttentionInfluence, step 4).

    Scores of different domains cannot be compared, for their losses differ.

    Parameters
    ----------
    scores
        (documents,).
    domains
        Of each document.
    share
        Of each domain's documents that is selected, one at least; the paper takes 0.2.
    eligible
        Which documents may be selected, bool (documents,); see `Influence.eligible`.

    Raises
    ------
    InputError
        If scores are not finite, lengths differ, the share is not within 0 and 1, or a domain has fewer eligible
        documents than are to be selected.
    """
    values = np.asarray(scores, dtype=np.float64)
    allowed = np.ones(len(values), dtype=bool) if eligible is None else np.asarray(eligible, dtype=bool)
    if values.ndim != 1 or not len(values) or not len(values) == len(domains) == len(allowed):
        raise InputError(
            f"scores has shape {values.shape}, and there are {len(domains)} domains and {len(allowed)} marks of what "
            "is eligible; one of each is wanted for a document"
        )
    if not np.isfinite(values[allowed]).all():
        raise InputError("scores holds NaN or infinity", hint="Mark such documents as not eligible")
    if not 0 < share <= 1:
        raise InputError(f"share is {share}, expected a number above 0 and up to 1")
    chosen: list[int] = []
    for domain in dict.fromkeys(domains):
        members = np.array([number for number, one in enumerate(domains) if one == domain])
        count, left = max(1, round(share * len(members))), members[allowed[members]]
        if len(left) < count:
            raise InputError(
                f"domain {domain!r} has {len(left)} eligible documents, and {count} are to be selected",
                hint="Lower share, or give longer documents",
            )
        chosen += left[np.argsort(-values[left], kind="stable")[:count]].tolist()
    return np.array(sorted(chosen), dtype=np.int64)


def near_duplicates(texts: Sequence[str], *, near: float = 0.8, words: int = 5) -> npt.NDArray[np.bool_]:
    """Return which texts repeat an earlier one that is kept: their runs of words have a Jaccard similarity of `near`.

    Repeated and templated texts would score high for no good reason: what was copied is known.

    Parameters
    ----------
    texts
        In order; the first of several stays.
    near
        Similarity from which a text is a duplicate.
    words
        Length of a run; a shorter text is one run.

    Raises
    ------
    InputError
        If `near` or `words` cannot be used.
    """
    if not 0 < near <= 1 or words < 1:
        raise InputError(f"near is {near} and words is {words}; near may be above 0 and up to 1, words 1 or more")
    runs: dict[tuple[str, ...], int] = {}
    rows = [sorted({runs.setdefault(run, len(runs)) for run in _runs(text, words)}) for text in texts]
    sizes = np.array([len(row) for row in rows])
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = np.concatenate([np.array(row, dtype=np.int64) for row in rows]) if rows else np.empty(0, dtype=np.int64)
    matrix = csr_array((np.ones(len(columns)), columns, ends), shape=(len(rows), max(1, len(runs))))
    shared = (matrix @ matrix.T).tocsr()
    repeats = np.zeros(len(rows), dtype=bool)
    for number in range(len(rows)):
        row = slice(shared.indptr[number], shared.indptr[number + 1])
        others, both = shared.indices[row], shared.data[row]
        alike = both / (sizes[others] + sizes[number] - both) >= near
        repeats[number] = bool((alike & (others < number) & ~repeats[others]).any())
    return repeats


def _runs(text: str, words: int) -> list[tuple[str, ...]]:
    split = text.casefold().split()
    return [tuple(split[start : start + words]) for start in range(max(1, len(split) - words + 1))]
