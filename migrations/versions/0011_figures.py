"""Figures: how often the forum was called, what the operator was told, and indexes by time for both and for reports.

Revision: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forum_calls",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "outcome", name=op.f("pk_forum_calls")),
    )
    op.create_table(
        "alerts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_unsaid", "alerts", ["created_at"], postgresql_where=sa.text("said_at is null"))
    op.create_index(
        "ix_transitions_published",
        "transitions",
        ["at"],
        postgresql_where=sa.text("subject = 'edition' and to_state = 'published'"),
    )
    op.create_index(
        "ix_revisions_by_people",
        "revisions",
        ["created_at"],
        postgresql_where=sa.text("author_kind in ('moderator', 'reader')"),
    )
    op.create_index("ix_corrections_created_at", "corrections", ["created_at"])
    op.create_index("ix_corrections_applied_at", "corrections", ["applied_at"])
    op.create_index("ix_editions_state", "editions", ["state"])


def downgrade() -> None:
    op.drop_index("ix_editions_state", table_name="editions")
    op.drop_index("ix_corrections_applied_at", table_name="corrections")
    op.drop_index("ix_corrections_created_at", table_name="corrections")
    op.drop_index("ix_revisions_by_people", table_name="revisions")
    op.drop_index("ix_transitions_published", table_name="transitions")
    op.drop_table("alerts")
    op.drop_table("forum_calls")
