"""Review on the forum: notices, instructions, inbox, merge bases.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "due_runs",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("task", "slot", name=op.f("pk_due_runs")),
    )
    op.create_table(
        "hook_counts",
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event", "outcome", name=op.f("pk_hook_counts")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("content_key", name=op.f("uq_inbox_content_key")),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], unique=False)
    op.create_index(
        "ix_inbox_unprocessed", "inbox", ["id"], unique=False, postgresql_where=sa.text("processed_at is null")
    )
    op.create_table(
        "instructions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("discourse_id", sa.Integer(), nullable=False),
        sa.Column("post_number", sa.Integer(), nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("ranks", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_instructions_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
        sa.UniqueConstraint("discourse_id", "raw_hash", name=op.f("uq_instructions_discourse_id_raw_hash")),
    )
    op.create_index(op.f("ix_instructions_topic_id"), "instructions", ["topic_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("discourse_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_notices_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("discourse_id", name=op.f("uq_notices_discourse_id")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index(op.f("ix_notices_topic_id"), "notices", ["topic_id"], unique=False)
    op.create_table(
        "offers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("forum_text", sa.Text(), nullable=False),
        sa.Column("our_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_offers_notice_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_offers_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("post_id", "forum_text", "our_text", name=op.f("uq_offers_post_id_forum_text_our_text")),
    )
    op.create_table(
        "omissions",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_omissions_edition_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_omissions_segment_id")),
        sa.PrimaryKeyConstraint("edition_id", "segment_id", name=op.f("pk_omissions")),
    )
    op.add_column("edition_items", sa.Column("remark", sa.Text(), nullable=True))
    op.add_column("edition_items", sa.Column("dropped_by", sa.Text(), nullable=True))
    op.add_column("posts", sa.Column("rendered_raw", sa.Text(), nullable=True))
    op.execute("update posts set rendered_raw = base_raw")
    op.alter_column("posts", "rendered_raw", nullable=False)
    op.add_column(
        "posts", sa.Column("blocks", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column(
        "posts",
        sa.Column(
            "shown",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column("revisions", sa.Column("is_markdown", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("topics", sa.Column("title", sa.Text(), nullable=True))
    op.add_column(
        "topics", sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("topics", sa.Column("flow", sa.Text(), server_default=sa.text("'shared_draft'"), nullable=False))
    op.add_column("topics", sa.Column("drafts_category_id", sa.Integer(), nullable=True))
    op.add_column("topics", sa.Column("forum_category_id", sa.Integer(), nullable=True))
    op.add_column("topics", sa.Column("is_listed", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("topics", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("topics", sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("topics", sa.Column("held_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("topics", "held_by")
    op.drop_column("topics", "touched_at")
    op.drop_column("topics", "read_at")
    op.drop_column("topics", "is_listed")
    op.drop_column("topics", "forum_category_id")
    op.drop_column("topics", "drafts_category_id")
    op.drop_column("topics", "flow")
    op.drop_column("topics", "tags")
    op.drop_column("topics", "title")
    op.drop_column("revisions", "is_markdown")
    op.drop_column("posts", "shown")
    op.drop_column("posts", "blocks")
    op.drop_column("posts", "rendered_raw")
    op.drop_column("edition_items", "dropped_by")
    op.drop_column("edition_items", "remark")
    op.drop_table("omissions")
    op.drop_table("offers")
    op.drop_index(op.f("ix_notices_topic_id"), table_name="notices")
    op.drop_table("notices")
    op.drop_index(op.f("ix_instructions_topic_id"), table_name="instructions")
    op.drop_table("instructions")
    op.drop_index("ix_inbox_unprocessed", table_name="inbox", postgresql_where=sa.text("processed_at is null"))
    op.drop_index("ix_inbox_received_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("hook_counts")
    op.drop_table("due_runs")
    op.drop_table("cursors")
