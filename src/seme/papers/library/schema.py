"""The tables of the library. Every change here needs a migration beside it; a test compares the two."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UTCDateTime(TypeDecorator[dt.datetime]):
    """A moment, always in UTC, also where the database (SQLite) forgets time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Refuse a naive moment: it would be read back as another one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be stored: {value!r}")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Give the moment back with its zone."""
        if value is None:
            return None
        moment: dt.datetime = value
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Integer, nullable=False),
    comment="`content` grows with every change of a paper's text, `activity` with every vote, comment or note",
)

paper = Table(
    "paper",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", String(200), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("title_key", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("author_count", Integer),
    Column("published", String(10), comment="PaperDate in its text form"),
    Column("published_on", Date, comment="the same, where year, month and day are all known"),
    Column("listed_on", Date, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", UTCDateTime),
    Column("categories", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("links", JSON, nullable=False),
    Column("source", String(60), nullable=False),
    Column("source_votes", Integer),
    Column("source_comments", Integer),
    Column("note", Text, nullable=False),
    Column("doi", Text, nullable=False),
    Column("journal", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("method", String(80), nullable=False),
    Column("vote_count", Integer, nullable=False, server_default="0", comment="votes of this service's people"),
    Column("comment_count", Integer, nullable=False, server_default="0"),
    Column("fingerprint", String(64), nullable=False, comment="SHA-256 of the content: tells a change from a repeat"),
    Column("revision", Integer, nullable=False, comment="value of the `content` counter at the last change"),
    Column("added_at", UTCDateTime, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    Column("removed_at", UTCDateTime, comment="deleted at the source; kept for those who saved it"),
    Index(None, "title_key"),
    Index(None, "listed_on", "key"),
    Index(None, "revision"),
    Index(None, "added_at"),
    # All that a filter asks of a paper, so that it is answered from 5 MB instead of 400 at 100,000 papers.
    Index("ix_paper_filters", "listed_on", "removed_at", "source", "source_votes", "vote_count"),
)

paper_alias = Table(
    "paper_alias",
    metadata,
    Column("alias", String(200), primary_key=True),
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), nullable=False, index=True),
)

paper_version = Table(
    "paper_version",
    metadata,
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("updated_at", UTCDateTime),
)

paper_label = Table(
    "paper_label",
    metadata,
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True, comment="tag, category or author"),
    Column("label", String(300), primary_key=True, comment="case-folded"),
    Index(None, "kind", "label", "paper_key"),
)

person = Table(
    "person",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True, comment="random, the only name of a person in links"),
    Column("email", String(320), unique=True, comment="null for the local person; lower-case"),
    Column("created_at", UTCDateTime, nullable=False),
    Column("confirmed_at", UTCDateTime),
)

sign_in = Table(
    "sign_in",
    metadata,
    Column("token_hash", String(64), primary_key=True, comment="the token itself is only in the mail"),
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", UTCDateTime, nullable=False),
)

vote = Table(
    "vote",
    metadata,
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), primary_key=True),
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), primary_key=True, index=True),
    Column("created_at", UTCDateTime, nullable=False, index=True),
)

comment = Table(
    "comment",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
)

saved = Table(
    "saved",
    metadata,
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), primary_key=True),
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), primary_key=True, index=True),
    Column("note", Text, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
)

collection = Table(
    "collection",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), nullable=False),
    Column("slug", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    UniqueConstraint("person_key", "slug"),
)

collection_paper = Table(
    "collection_paper",
    metadata,
    Column("collection_key", ForeignKey("collection.key", ondelete="CASCADE"), primary_key=True),
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), primary_key=True, index=True),
)

subscription = Table(
    "subscription",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True, comment="random; names the subscription in links"),
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(200), nullable=False),
    Column("query", JSON, nullable=False, comment="of a saved search: the fields of `Query`"),
    Column("state", String(10), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("confirmed_at", UTCDateTime),
    Column("stopped_at", UTCDateTime),
    CheckConstraint("kind IN ('daily', 'weekly', 'search')", name="kind"),
    CheckConstraint("state IN ('pending', 'active', 'stopped')", name="state"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("subscription_key", ForeignKey("subscription.key", ondelete="CASCADE"), nullable=False),
    Column("period", String(20), nullable=False, comment="2024-10-23 or 2024-W43: at most one mail for each"),
    Column("state", String(10), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("queued_at", UTCDateTime, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    UniqueConstraint("subscription_key", "period"),
    CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'uncertain')", name="state"),
    Index(None, "state"),
)

delivery_paper = Table(
    "delivery_paper",
    metadata,
    Column("person_key", ForeignKey("person.key", ondelete="CASCADE"), primary_key=True),
    Column("paper_key", ForeignKey("paper.key", ondelete="CASCADE"), primary_key=True, index=True),
    Column("delivery_key", ForeignKey("delivery.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    comment="the primary key is the promise that nobody is sent one paper twice",
)

harvest = Table(
    "harvest",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("source", String(60), nullable=False),
    Column("scope", Text, nullable=False, comment="canonical JSON"),
    Column("state", String(10), nullable=False),
    Column("cursor", JSON),
    Column("seen", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("started_at", UTCDateTime, nullable=False),
    Column("changed_at", UTCDateTime, nullable=False),
    CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
    Index(None, "source", "scope"),
)
