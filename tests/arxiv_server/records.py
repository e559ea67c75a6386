"""The papers that the stand-in knows, every fact of which follows from their number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

LAST_DAY = dt.date(2026, 11, 20)
CATEGORIES = ("cs.CL", "cs.LG", "math.CO", "cond-mat.dis-nn")


@dataclass(frozen=True)
class Record:
    number: int
    last_day: dt.date = LAST_DAY
    extra_versions: int = 0
    stamped: dt.date | None = None
    deleted: bool = False

    @property
    def bare(self) -> str:
        return f"solv-int/97{self.number:05d}" if self.number % 7 == 3 else f"{self.day:%y%m}.{self.number:05d}"

    @property
    def version(self) -> int:
        return 1 + self.number % 3 + self.extra_versions

    @property
    def day(self) -> dt.date:
        """The day it was submitted."""
        return self.last_day - dt.timedelta(days=self.number % 3)

    @property
    def stamp(self) -> dt.date:
        """The day its record was changed, which is all that OAI-PMH knows of time."""
        return self.stamped or self.last_day - dt.timedelta(days=self.number % 2)

    def moment(self, version: int) -> dt.datetime:
        """Return when a version was submitted."""
        day, hour = (self.day, 10) if version == 1 else (self.last_day, 12)
        return dt.datetime.combine(day, dt.time(hour), dt.UTC)

    @property
    def announced(self) -> str:
        if self.version > 1:
            return "replace" if self.number % 2 else "replace-cross"
        return "new" if self.number % 2 else "cross"

    @property
    def categories(self) -> tuple[str, ...]:
        first = CATEGORIES[self.number % 2]
        return (first, CATEGORIES[2 + self.number % 2])

    @property
    def sets(self) -> tuple[str, ...]:
        """`cs:cs:CL` for `cs.CL`, and `physics:cond-mat:dis-nn` for what belongs to physics."""
        named = [category.split(".") for category in self.categories]
        groups = {"cond-mat": "physics", "cs": "cs", "math": "math"}
        return tuple(f"{groups[archive]}:{archive}:{subject}" for archive, subject in named)

    @property
    def authors(self) -> tuple[str, ...]:
        return (f"Ada Nr{self.number}", "Émile Zed")

    @property
    def title(self) -> str:
        return f"Résumé no. {self.number}: on\n  wrapped titles & <angle> brackets"

    @property
    def summary(self) -> str:
        return (
            "This paper has been withdrawn." if self.number % 11 == 5 else f"  We study case {self.number}\n  of many."
        )
