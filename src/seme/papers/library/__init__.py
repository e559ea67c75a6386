"""The library: where papers, and what people do with them, are kept."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from seme.papers.library.database import open_engine, snapshot
from seme.papers.library.harvests import Harvest, Harvests
from seme.papers.library.outbox import Delivery, Outbox
from seme.papers.library.papers import Papers, Version
from seme.papers.library.people import People, Person
from seme.papers.library.records import StoredPaper
from seme.papers.library.shelves import Saved, Shelves
from seme.papers.library.storing import Stored
from seme.papers.library.subscriptions import Subscription, Subscriptions
from seme.papers.library.votes import Comment, Comments, Votes

__all__ = [
    "Comment",
    "Delivery",
    "Harvest",
    "Library",
    "Person",
    "Saved",
    "Stored",
    "StoredPaper",
    "Subscription",
    "Version",
]


class Library:
    """A library, opened by its database's address and brought to the current schema.

    Everything in it is reached by what it is about: `library.papers`, `.votes`, `.comments`, `.shelves`, `.people`,
    `.subscriptions`, `.outbox`, `.harvests`. All of them may be used from several threads and processes at once.

    Parameters
    ----------
    url
        An SQLAlchemy address, e.g. `sqlite:///library.sqlite3` or `postgresql+psycopg://user@host/seme`.

    Examples
    --------
    >>> from seme.papers.paper import Paper
    >>> with Library("sqlite://") as library:
    ...     library.papers.store([Paper(id="2509.20784", title="Towards Atoms", source="example")])
    ...     library.papers.get("2509.20784").paper.title
    Stored(added=1, changed=0, unchanged=0)
    'Towards Atoms'
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.papers = Papers(self.engine)
        self.votes = Votes(self.engine)
        self.comments = Comments(self.engine)
        self.shelves = Shelves(self.engine)
        self.people = People(self.engine)
        self.subscriptions = Subscriptions(self.engine)
        self.outbox = Outbox(self.engine)
        self.harvests = Harvests(self.engine)

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a block in which this thread reads the library as it is at one moment, and faster.

        What the thread writes within the block it does not see there.
        """
        return snapshot(self.engine)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
