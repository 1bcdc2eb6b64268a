"""Talks: their sections, and what a transcript's passages have besides their text.

Revision: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("video_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("speakers", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("transcript_source", sa.Text(), nullable=False),
        sa.Column("transcript_hash", sa.Text(), nullable=False),
        sa.Column("is_generated", sa.Boolean(), nullable=True),
        sa.Column("repeats", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("unknown_names", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_talks_edition_id_editions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talks")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_talks_edition_id")),
        sa.UniqueConstraint("video_id", name=op.f("uq_talks_video_id")),
    )
    op.create_table(
        "talk_sections",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("talk_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("judge_failure", sa.Text(), nullable=True),
        sa.Column("dropped_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["talk_id"], ["talks.id"], name=op.f("fk_talk_sections_talk_id_talks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk_sections")),
        sa.UniqueConstraint("talk_id", "rank", name=op.f("uq_talk_sections_talk_id_rank")),
    )
    op.add_column("passages", sa.Column("talk_section_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_passages_talk_section_id_talk_sections"), "passages", "talk_sections", ["talk_section_id"], ["id"]
    )
    op.create_unique_constraint(
        op.f("uq_passages_talk_section_id_kind_source_hash"), "passages", ["talk_section_id", "kind", "source_hash"]
    )
    op.drop_constraint(op.f("ck_passages_one_owner"), "passages")
    op.create_check_constraint(
        op.f("ck_passages_one_owner"),
        "passages",
        "num_nonnulls(paper_id, sighting_id, edition_id, talk_section_id) = 1",
    )
    op.create_table(
        "spoken",
        sa.Column("passage_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("turns", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("repairs", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(["passage_id"], ["passages.id"], name=op.f("fk_spoken_passage_id_passages")),
        sa.PrimaryKeyConstraint("passage_id", name=op.f("pk_spoken")),
    )


def downgrade() -> None:
    op.drop_table("spoken")
    op.drop_constraint(op.f("ck_passages_one_owner"), "passages")
    op.execute("delete from passages where talk_section_id is not null")
    op.create_check_constraint(
        op.f("ck_passages_one_owner"), "passages", "num_nonnulls(paper_id, sighting_id, edition_id) = 1"
    )
    op.drop_column("passages", "talk_section_id")
    op.drop_table("talk_sections")
    op.drop_table("talks")
