"""Quality: findings, terms, replay cases, and the translation memory as a view.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Current Korean that people wrote, or that stands in a published edition and so passed a person's eyes.
MEMORY = """
create view translation_memory as
select s.id as segment_id, s.source, s.source_hash, r.id as revision_id, r.text, r.author_kind, r.author, r.created_at,
       r.is_markdown
from segments s
join revisions r on r.segment_id = s.id and r.current
join passages p on p.id = s.passage_id
where s.source <> ''
  and (r.author_kind in ('moderator', 'reader')
       or exists (select 1 from edition_items i
                  join sightings g on g.id = i.sighting_id
                  join editions e on e.id = i.edition_id
                  where (g.id = p.sighting_id or g.paper_id = p.paper_id)
                    and i.dropped_by is null and e.state in ('published', 'revised')))
"""


def upgrade() -> None:
    op.create_table(
        "findings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("revision_id", sa.BigInteger(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("dismissed_by", sa.Text(), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_findings_revision_id_revisions")),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"], name=op.f("fk_findings_segment_id_segments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_revision_id"), "findings", ["revision_id"], unique=False)
    op.create_index("ix_findings_segment_id_fingerprint", "findings", ["segment_id", "fingerprint"], unique=False)
    op.create_table(
        "terms",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        *(
            sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
            for name in ("also", "accepted", "avoid", "wrong", "unless")
        ),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'approved'"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('term', 'name', 'phrase')", name=op.f("ck_terms_kind")),
        sa.CheckConstraint("status in ('approved', 'retired')", name=op.f("ck_terms_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("source", name=op.f("uq_terms_source")),
    )
    op.create_table(
        "replay_cases",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("bad", sa.Text(), nullable=False),
        sa.Column("good", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_cases")),
        sa.UniqueConstraint("source", "bad", name=op.f("uq_replay_cases_source_bad")),
    )
    op.add_column("revisions", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition_items", sa.Column("judge_failure", sa.Text(), nullable=True))
    _author_kinds("'model', 'memory', 'moderator', 'reader'")
    op.create_index(
        "ix_segments_source_words",
        "segments",
        [sa.literal_column("to_tsvector('simple', source)")],
        unique=False,
        postgresql_using="gin",
    )
    op.execute(MEMORY)


def downgrade() -> None:
    op.execute("drop view translation_memory")
    op.drop_index("ix_segments_source_words", table_name="segments")
    # What was taken over from the memory becomes a draft again: the older version knows no other kind for it.
    op.execute("update revisions set author_kind = 'model' where author_kind = 'memory'")
    _author_kinds("'model', 'moderator', 'reader'")
    op.drop_column("edition_items", "judge_failure")
    op.drop_column("revisions", "checked_at")
    op.drop_table("replay_cases")
    op.drop_table("terms")
    op.drop_index("ix_findings_segment_id_fingerprint", table_name="findings")
    op.drop_index(op.f("ix_findings_revision_id"), table_name="findings")
    op.drop_table("findings")


def _author_kinds(kinds: str) -> None:
    op.drop_constraint(op.f("ck_revisions_author_kind"), "revisions", type_="check")
    op.create_check_constraint(op.f("ck_revisions_author_kind"), "revisions", f"author_kind in ({kinds})")
