"""Adopted posts: the form they were found in. What they say counts as approved, whoever its papers are.

Revision: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS = """
select s.id as segment_id, s.source, s.source_hash, r.id as revision_id, r.text, r.author_kind, r.author, r.created_at,
       r.is_markdown
from segments s
join revisions r on r.segment_id = s.id and r.current
join passages p on p.id = s.passage_id
"""
# A daily post shows a paper's summary and nothing else of its texts; a weekly one shows all but that.
_OF_PAPERS = """
exists (select 1 from edition_items i
        join sightings g on g.id = i.sighting_id
        join editions e on e.id = i.edition_id
        where (g.id = p.sighting_id or g.paper_id = p.paper_id and (e.series = 'daily') = (p.kind = 'summary'))
          and i.dropped_by is null and e.state in ('published', 'revised'))
"""
# A paper whose address a post does not tell has no row: its texts belong to the edition.
_OF_EDITION = "exists (select 1 from editions e where e.id = p.edition_id and e.state in ('published', 'revised'))"


def upgrade() -> None:
    op.create_table(
        "layouts",
        sa.Column("edition_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("pieces", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_layouts_edition_id_editions")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_layouts")),
    )
    _memory(f"{_OF_PAPERS} or {_OF_EDITION}")


def downgrade() -> None:
    _memory(_OF_PAPERS)
    op.drop_table("layouts")


def _memory(is_public: str) -> None:
    op.execute(
        f"create or replace view translation_memory as {_COLUMNS}"
        f" where s.source <> '' and (r.author_kind in ('moderator', 'reader') or {is_public})"
    )
