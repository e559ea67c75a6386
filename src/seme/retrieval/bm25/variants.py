"""The five forms of BM25 that people use (Kamphuis et al. 2020 compare them), in one shape.

Every form is, for a document that has the term, `base + weight · tf / (tf + norm)`: `weight` and `base` depend on the
term alone, `norm` on the document alone. A document without the term gets `base`, which only BM25L and BM25+ have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seme.errors import InputError

VARIANTS = ("robertson", "lucene", "atire", "bm25l", "bm25+")


@dataclass(frozen=True, slots=True)
class Variant:
    """A form of BM25 with its constants.

    Parameters
    ----------
    name
        One of `VARIANTS`.
    k1
        Saturation of the term frequency, >= 0.
    b
        Share of the length normalisation, from 0 to 1.
    delta
        What BM25L and BM25+ add for any occurrence.

    Raises
    ------
    InputError
        If a constant is out of range or the name is unknown.
    """

    name: str = "lucene"
    k1: float = 1.2
    b: float = 0.75
    delta: float = 0.5

    def __post_init__(self) -> None:
        if self.name not in VARIANTS:
            raise InputError(f"variant is {self.name!r}, it must be one of {', '.join(VARIANTS)}")
        if not self.k1 >= 0 or not math.isfinite(self.k1):
            raise InputError(f"k1 is {self.k1}, it must be at least 0")
        if not 0 <= self.b <= 1:
            raise InputError(f"b is {self.b}, it must be from 0 to 1")
        if not self.delta >= 0 or not math.isfinite(self.delta):
            raise InputError(f"delta is {self.delta}, it must be at least 0")

    def idf(self, df: int, n: int) -> float:
        """Return the inverse document frequency of a term in `df` of `n` documents."""
        match self.name:
            case "robertson":
                return math.log(max(1.0, (n - df + 0.5) / (df + 0.5)))
            case "lucene":
                return math.log(1 + (n - df + 0.5) / (df + 0.5))
            case "atire":
                return math.log(n / df)
            case "bm25l":
                return math.log((n + 1) / (df + 0.5))
            case _:
                return math.log((n + 1) / df)

    def weight(self, df: int, n: int) -> float:
        """Return the factor of the saturated term frequency."""
        idf = self.idf(df, n)
        if self.name in ("robertson", "lucene"):
            return idf
        if self.name == "bm25l":
            return idf * (self.k1 + 1) * self.k1 / (self.k1 + self.delta) if self.k1 else 0.0
        return idf * (self.k1 + 1)

    def base(self, df: int, n: int) -> float:
        """Return what every document gets for a term of the query, whether it has it or not."""
        if self.name == "bm25l":
            scale = self.k1 + self.delta
            return self.idf(df, n) * (self.k1 + 1) * self.delta / scale if scale else 0.0
        return self.idf(df, n) * self.delta if self.name == "bm25+" else 0.0

    def norms(self, lengths: npt.NDArray[np.int32], average: float) -> npt.NDArray[np.float32]:
        """Return `norm` of documents by their lengths in terms."""
        relative = 1 - self.b + self.b * (lengths / average)
        scale = self.k1 + self.delta if self.name == "bm25l" else self.k1
        norms: npt.NDArray[np.float32] = (scale * relative).astype(np.float32)
        return norms
