"""Series: works known under several addresses, what upstreams said of them, closed hosts, and later versions.

Revision: 0007
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

# A daily post shows a paper's summary and nothing else of its texts; a weekly one shows all but that.
MEMORY = """
create or replace view translation_memory as
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
                  where (g.id = p.sighting_id or g.paper_id = p.paper_id){shown}
                    and i.dropped_by is null and e.state in ('published', 'revised')))
"""


def _names(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)


def upgrade() -> None:
    op.add_column("papers", sa.Column("same_as", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_papers_same_as_papers"), "papers", "papers", ["same_as"], ["id"])
    op.create_index(op.f("ix_papers_same_as"), "papers", ["same_as"], unique=False)
    op.add_column("sightings", _names("authors"))
    op.create_table(
        "lookups",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        _names("authors"),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("arxiv_id", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_lookups_paper_id_papers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookups")),
        sa.UniqueConstraint("paper_id", "origin", name=op.f("uq_lookups_paper_id_origin")),
    )
    op.create_table(
        "closed_hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_closed_hosts")),
    )
    op.create_table(
        "paper_versions",
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_versions_paper_id_papers")),
        sa.PrimaryKeyConstraint("paper_id", "version", name=op.f("pk_paper_versions")),
    )
    op.execute(MEMORY.format(shown="\n                    and (p.kind = 'summary') = (e.series = 'daily')"))


def downgrade() -> None:
    op.execute(MEMORY.format(shown=""))
    op.drop_table("paper_versions")
    op.drop_table("closed_hosts")
    op.drop_table("lookups")
    op.drop_index(op.f("ix_papers_same_as"), table_name="papers")
    op.drop_constraint(op.f("fk_papers_same_as_papers"), "papers", type_="foreignkey")
    op.drop_column("papers", "same_as")
    op.drop_column("sightings", "authors")
