"""Indexes that answer filters alone"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FILTERS = ["listed_on", "removed_at", "source", "source_votes", "vote_count"]


def upgrade() -> None:
    with op.batch_alter_table("paper") as paper:
        paper.create_index("ix_paper_filters", FILTERS, unique=False)
    with op.batch_alter_table("paper_label") as label:
        label.drop_index("ix_paper_label_kind_label")
        label.create_index("ix_paper_label_kind_label_paper_key", ["kind", "label", "paper_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("paper_label") as label:
        label.drop_index("ix_paper_label_kind_label_paper_key")
        label.create_index("ix_paper_label_kind_label", ["kind", "label"], unique=False)
    with op.batch_alter_table("paper") as paper:
        paper.drop_index("ix_paper_filters")
