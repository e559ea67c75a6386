"""First schema"""

import secrets

import sqlalchemy as sa
from alembic import op

from seme.papers.library.schema import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
        comment="`content` grows with every change of a paper's text, `activity` with every vote, comment or note",
    )
    op.create_table(
        "harvest",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="canonical JSON"),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_harvest_state")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_harvest")),
    )
    with op.batch_alter_table("harvest", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_harvest_source_scope"), ["source", "scope"], unique=False)

    op.create_table(
        "paper",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("author_count", sa.Integer(), nullable=True),
        sa.Column("published", sa.String(length=10), nullable=True, comment="PaperDate in its text form"),
        sa.Column(
            "published_on", sa.Date(), nullable=True, comment="the same, where year, month and day are all known"
        ),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("source_votes", sa.Integer(), nullable=True),
        sa.Column("source_comments", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("doi", sa.Text(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(length=80), nullable=False),
        sa.Column(
            "vote_count", sa.Integer(), server_default="0", nullable=False, comment="votes of this service's people"
        ),
        sa.Column("comment_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the content: tells a change from a repeat",
        ),
        sa.Column(
            "revision", sa.Integer(), nullable=False, comment="value of the `content` counter at the last change"
        ),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column(
            "removed_at", UTCDateTime(), nullable=True, comment="deleted at the source; kept for those who saved it"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_paper")),
        sa.UniqueConstraint("id", name=op.f("uq_paper_id")),
    )
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_added_at"), ["added_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_listed_on_key"), ["listed_on", "key"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_revision"), ["revision"], unique=False)
        batch_op.create_index(batch_op.f("ix_paper_title_key"), ["title_key"], unique=False)

    op.create_table(
        "person",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False, comment="random, the only name of a person in links"),
        sa.Column("email", sa.String(length=320), nullable=True, comment="null for the local person; lower-case"),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("id", name=op.f("uq_person_id")),
    )
    op.create_table(
        "collection",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_key"], ["person.key"], name=op.f("fk_collection_person_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_collection")),
        sa.UniqueConstraint("person_key", "slug", name=op.f("uq_collection_person_key_slug")),
    )
    op.create_table(
        "comment",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_key"], ["paper.key"], name=op.f("fk_comment_paper_key"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_comment_person_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comment_paper_key"), ["paper_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_comment_person_key"), ["person_key"], unique=False)

    op.create_table(
        "paper_alias",
        sa.Column("alias", sa.String(length=200), nullable=False),
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_key"], ["paper.key"], name=op.f("fk_paper_alias_paper_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_paper_alias")),
    )
    with op.batch_alter_table("paper_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_alias_paper_key"), ["paper_key"], unique=False)

    op.create_table(
        "paper_label",
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="tag, category or author"),
        sa.Column("label", sa.String(length=300), nullable=False, comment="case-folded"),
        sa.ForeignKeyConstraint(
            ["paper_key"], ["paper.key"], name=op.f("fk_paper_label_paper_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_key", "kind", "label", name=op.f("pk_paper_label")),
    )
    with op.batch_alter_table("paper_label", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_label_kind_label"), ["kind", "label"], unique=False)

    op.create_table(
        "paper_version",
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["paper_key"], ["paper.key"], name=op.f("fk_paper_version_paper_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_key", "version", name=op.f("pk_paper_version")),
    )
    op.create_table(
        "saved",
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_key"], ["paper.key"], name=op.f("fk_saved_paper_key"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_saved_person_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_key", "paper_key", name=op.f("pk_saved")),
    )
    with op.batch_alter_table("saved", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_paper_key"), ["paper_key"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(length=64), nullable=False, comment="the token itself is only in the mail"),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_sign_in_person_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_person_key"), ["person_key"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False, comment="random; names the subscription in links"),
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False, comment="of a saved search: the fields of `Query`"),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("stopped_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('daily', 'weekly', 'search')", name=op.f("ck_subscription_kind")),
        sa.CheckConstraint("state IN ('pending', 'active', 'stopped')", name=op.f("ck_subscription_state")),
        sa.ForeignKeyConstraint(
            ["person_key"], ["person.key"], name=op.f("fk_subscription_person_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_subscription")),
        sa.UniqueConstraint("id", name=op.f("uq_subscription_id")),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_person_key"), ["person_key"], unique=False)

    op.create_table(
        "vote",
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["paper_key"], ["paper.key"], name=op.f("fk_vote_paper_key"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_vote_person_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_key", "paper_key", name=op.f("pk_vote")),
    )
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vote_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_vote_paper_key"), ["paper_key"], unique=False)

    op.create_table(
        "collection_paper",
        sa.Column("collection_key", sa.Integer(), nullable=False),
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_key"], ["collection.key"], name=op.f("fk_collection_paper_collection_key"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["paper_key"], ["paper.key"], name=op.f("fk_collection_paper_paper_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("collection_key", "paper_key", name=op.f("pk_collection_paper")),
    )
    with op.batch_alter_table("collection_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collection_paper_paper_key"), ["paper_key"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("subscription_key", sa.Integer(), nullable=False),
        sa.Column(
            "period", sa.String(length=20), nullable=False, comment="2024-10-23 or 2024-W43: at most one mail for each"
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("queued_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'uncertain')", name=op.f("ck_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_key"], ["subscription.key"], name=op.f("fk_delivery_subscription_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_delivery")),
        sa.UniqueConstraint("subscription_key", "period", name=op.f("uq_delivery_subscription_key_period")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_state"), ["state"], unique=False)

    op.create_table(
        "delivery_paper",
        sa.Column("person_key", sa.Integer(), nullable=False),
        sa.Column("paper_key", sa.Integer(), nullable=False),
        sa.Column("delivery_key", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_key"], ["delivery.key"], name=op.f("fk_delivery_paper_delivery_key"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["paper_key"], ["paper.key"], name=op.f("fk_delivery_paper_paper_key"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_key"], ["person.key"], name=op.f("fk_delivery_paper_person_key"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_key", "paper_key", name=op.f("pk_delivery_paper")),
        comment="the primary key is the promise that nobody is sent one paper twice",
    )
    with op.batch_alter_table("delivery_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_paper_delivery_key"), ["delivery_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_paper_paper_key"), ["paper_key"], unique=False)
    op.execute("INSERT INTO counter (name, value) VALUES ('content', 0), ('activity', 0)")
    # tells this library from any other, so that an index never answers for the wrong one
    op.bulk_insert(
        sa.table("counter", sa.column("name"), sa.column("value")),
        [{"name": "identity", "value": secrets.randbits(31)}],
    )


def downgrade() -> None:
    with op.batch_alter_table("delivery_paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_paper_paper_key"))
        batch_op.drop_index(batch_op.f("ix_delivery_paper_delivery_key"))

    op.drop_table("delivery_paper")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_state"))

    op.drop_table("delivery")
    with op.batch_alter_table("collection_paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_collection_paper_paper_key"))

    op.drop_table("collection_paper")
    with op.batch_alter_table("vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vote_paper_key"))
        batch_op.drop_index(batch_op.f("ix_vote_created_at"))

    op.drop_table("vote")
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscription_person_key"))

    op.drop_table("subscription")
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_person_key"))

    op.drop_table("sign_in")
    with op.batch_alter_table("saved", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_paper_key"))

    op.drop_table("saved")
    op.drop_table("paper_version")
    with op.batch_alter_table("paper_label", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_label_kind_label"))

    op.drop_table("paper_label")
    with op.batch_alter_table("paper_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_alias_paper_key"))

    op.drop_table("paper_alias")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_comment_person_key"))
        batch_op.drop_index(batch_op.f("ix_comment_paper_key"))

    op.drop_table("comment")
    op.drop_table("collection")
    op.drop_table("person")
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_title_key"))
        batch_op.drop_index(batch_op.f("ix_paper_revision"))
        batch_op.drop_index(batch_op.f("ix_paper_listed_on_key"))
        batch_op.drop_index(batch_op.f("ix_paper_added_at"))

    op.drop_table("paper")
    with op.batch_alter_table("harvest", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_harvest_source_scope"))

    op.drop_table("harvest")
    op.drop_table("counter")
