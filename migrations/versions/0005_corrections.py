"""Readers' corrections: comments, corrections, their reporters, ripples and decisions.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _created_at() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.add_column("notices", sa.Column("is_whisper", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index(
        "ix_revisions_words",
        "revisions",
        [sa.literal_column("to_tsvector('simple', text)")],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("current"),
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("discourse_id", sa.Integer(), nullable=False),
        sa.Column("post_number", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_gone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        _created_at(),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_comments_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("discourse_id", name=op.f("uq_comments_discourse_id")),
    )
    op.create_index(op.f("ix_comments_topic_id"), "comments", ["topic_id"], unique=False)
    op.create_index(op.f("ix_comments_author"), "comments", ["author"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("is_markdown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_model_wording", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("base_revision_id", sa.BigInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("revision_id", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        _created_at(),
        sa.ForeignKeyConstraint(["answer_id"], ["notices.id"], name=op.f("fk_corrections_answer_id_notices")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_corrections_topic_id_topics")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_corrections_segment_id_segments")),
        sa.ForeignKeyConstraint(
            ["base_revision_id"], ["revisions.id"], name=op.f("fk_corrections_base_revision_id_revisions")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_corrections_notice_id_notices")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_corrections_revision_id_revisions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_topic_id"), "corrections", ["topic_id"], unique=False)
    op.create_index(op.f("ix_corrections_segment_id"), "corrections", ["segment_id"], unique=False)
    op.create_index("ix_corrections_state", "corrections", ["state"], unique=False)
    op.create_index(
        "uq_corrections_open",
        "corrections",
        ["segment_id", sa.literal_column("md5(text)")],
        unique=True,
        postgresql_where=sa.text("state in ('detected', 'proposed', 'accepted')"),
    )
    op.create_table(
        "correction_reports",
        sa.Column("correction_id", sa.BigInteger(), nullable=False),
        sa.Column("comment_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_correction_reports_correction_id_corrections")
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comments.id"], name=op.f("fk_correction_reports_comment_id_comments")
        ),
        sa.PrimaryKeyConstraint("correction_id", "comment_id", name=op.f("pk_correction_reports")),
    )
    op.create_index(op.f("ix_correction_reports_comment_id"), "correction_reports", ["comment_id"], unique=False)
    op.create_table(
        "ripples",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("correction_id", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("base_revision_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        _created_at(),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_ripples_correction_id_corrections")
        ),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_ripples_segment_id_segments")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_ripples_topic_id_topics")),
        sa.ForeignKeyConstraint(
            ["base_revision_id"], ["revisions.id"], name=op.f("fk_ripples_base_revision_id_revisions")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_ripples_notice_id_notices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ripples")),
        sa.UniqueConstraint("correction_id", "segment_id", name=op.f("uq_ripples_correction_id_segment_id")),
    )
    op.create_index(op.f("ix_ripples_segment_id"), "ripples", ["segment_id"], unique=False)
    op.create_index("ix_ripples_state", "ripples", ["state"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("discourse_id", sa.Integer(), nullable=False),
        sa.Column("raw_hash", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        _created_at(),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_decisions_topic_id_topics")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("discourse_id", "raw_hash", name=op.f("uq_decisions_discourse_id_raw_hash")),
    )
    op.create_index(op.f("ix_decisions_topic_id"), "decisions", ["topic_id"], unique=False)


def downgrade() -> None:
    for table in ("decisions", "ripples", "correction_reports", "corrections", "comments"):
        op.drop_table(table)
    op.drop_index("ix_revisions_words", table_name="revisions")
    op.execute("delete from notices where not is_whisper")
    op.drop_column("notices", "is_whisper")
